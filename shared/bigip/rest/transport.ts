/**
 * The HTTP connection pool of one device, and the interpretation of its failures. The only code
 * that sends HTTP to BIG-IP.
 */
import type { Agent } from 'undici';
import { describeErrorCode, isCertificateError } from '../../telemetry/errors.ts';
import { lazily } from '../../runtime/lazy.ts';
import { readBody, startMeter, TooLarge, TooSlow } from '../../runtime/meter.ts';
import { limitsOf } from './calls.ts';
import type { CallKind } from './calls.ts';
import { withoutCredentials } from './hidden.ts';
import { DeviceError } from '../../device/errors.ts';
import { PinMismatch, type TransportOptions } from './transport-options.ts';

export type { TransportOptions } from './transport-options.ts';

/** A request to iControl REST or AS3. `body` is sent as JSON. */
export interface DeviceRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the management URL, with its query, already encoded. */
  readonly path: string;
  /** Besides `accept` and `content-type`, such as the token. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Selects time and size limits; default: `read` for GET, else `write`. */
  readonly kind?: CallKind;
  /** Aborts the request. */
  readonly signal?: AbortSignal;
}

/** An answer that was received completely, whatever its status. */
export interface DeviceResponse {
  readonly status: number;
  /** Parsed JSON; undefined if the body is not JSON. */
  readonly json: unknown;
  readonly text: string;
  /** Milliseconds, from Retry-After. */
  readonly retryAfter?: number | undefined;
  /**
   * The device's clock, from the Date header; milliseconds since 1970, with a resolution of one
   * second.
   */
  readonly date?: number | undefined;
}

/** Sends HTTP requests within limits. */
export interface Transport {
  /** Rejects with a {@link DeviceError} if there was no answer; any HTTP status is an answer. */
  send(request: DeviceRequest): Promise<DeviceResponse>;
  close(): Promise<void>;
}

/** Connections are kept alive and closed with `close`. */
export function createTransport(options: TransportOptions): Transport {
  const client = lazily(async () => (await import('./http-client.ts')).openHttpClient(options));
  return {
    send: async (wanted) => {
      try {
        return await exchange(await client.get(), options, wanted);
      } catch (error) {
        throw explain(error, options, wanted);
      }
    },
    // A request still running at process end belongs to an unresponsive device.
    close: () => client.close((agent) => agent.destroy()),
  };
}

/** One request with its time and size limits; its errors are interpreted by the caller. */
async function exchange(
  agent: Agent,
  options: TransportOptions,
  wanted: DeviceRequest,
): Promise<DeviceResponse> {
  const {
    method,
    path,
    headers,
    body,
    kind = method === 'GET' ? 'read' : 'write',
    signal,
  } = wanted;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const meter = startMeter(limitsOf(kind, options));
  try {
    meter.sent(text?.length ?? 0);
    const { origin, pathname, search } = new URL(path, options.url);
    const answer = await agent.request({
      origin,
      path: `${pathname}${search}`,
      method,
      headers: {
        accept: 'application/json',
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
      signal: signal === undefined ? meter.signal : AbortSignal.any([meter.signal, signal]),
    });
    const came = (await readBody(answer.body, answer.headers['content-encoding'], meter)).toString(
      'utf8',
    );
    const shown = withoutCredentials(came, wanted);
    return {
      status: answer.statusCode,
      text: shown,
      // The answer to a login may have the token in it, and one without a fault is not quoted.
      json: parse(answer.statusCode < 400 ? came : shown),
      retryAfter: retryAfter(answer.headers['retry-after']),
      date: dateOf(answer.headers['date']),
    };
  } finally {
    meter.end();
  }
}

/** Errors before the request left: it certainly had no effect, so a write may be repeated. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Nothing was changed if the connection failed or the request was a read; otherwise the outcome is
 * unknown.
 */
function explain(
  error: unknown,
  { name, url, timeoutMs }: TransportOptions,
  { method, path }: DeviceRequest,
): DeviceError {
  const {
    code = '',
    name: kind = '',
    message,
  } = error as { code?: string; name?: string; message: string };
  if (error instanceof PinMismatch || isCertificateError(code)) {
    return new DeviceError(
      'BIP402',
      'device',
      `${name} at ${url}: certificate not trusted (${describeErrorCode(code) || message}); ` +
        'set devices[].tls.ca or devices[].tls.fingerprint',
      { cause: error },
    );
  }
  const fault = BEFORE_SENDING.has(code) || method === 'GET' ? 'transient' : 'ambiguous';
  const what = `${method} ${path.split('?')[0]}`;
  const size = sizeOf(error, code);
  if (size !== undefined)
    return new DeviceError(
      'BIP512',
      fault,
      `${name} at ${url}: the answer to ${what} ${size}, so reading stopped; check what listens there`,
      { cause: error },
    );
  if (error instanceof TooSlow)
    return new DeviceError(
      'BIP502',
      fault,
      `${name}: ${slowness(error, what)}; check its load, or raise devices[].requestTimeout`,
      { cause: error },
    );
  if (/TIMEOUT/i.test(`${code} ${kind}`))
    return new DeviceError(
      'BIP502',
      fault,
      `${name}: no answer to ${what} within ${timeoutMs / 1000} s`,
      { cause: error },
    );
  return new DeviceError(
    'BIP501',
    fault,
    `${name} at ${url} cannot be reached (${describeErrorCode(code) || message}); ` +
      'check the address, the routing, and whether the device is up',
    { cause: error },
  );
}

/** How an answer exceeded a limit of size; undefined if it did not. */
function sizeOf(error: unknown, code: string): string | undefined {
  if (error instanceof TooLarge) return `is larger than ${error.limit} bytes`;
  return code === 'UND_ERR_HEADERS_OVERFLOW' ? 'has an endless header' : undefined;
}

/** The sentence about an answer that took too long, which tells silence from a slow transfer. */
function slowness({ milliseconds, received }: TooSlow, what: string): string {
  const seconds = Math.round(milliseconds / 100) / 10;
  return received === 0
    ? `no answer to ${what} within ${seconds} s`
    : `the answer to ${what} is incomplete after ${seconds} s (${received} bytes received)`;
}

/** The parsed text; undefined if it is not JSON, such as the HTML page of a proxy. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds since 1970; undefined without a valid date. */
function dateOf(header: string | string[] | undefined): number | undefined {
  const date = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/**
 * Milliseconds; undefined for dates, which iControl REST does not send, and for numbers that make
 * no sense.
 */
function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}
