/** One connection pool to one device, and what its failures mean. The only place that speaks HTTP to BIG-IP. */
import { describeErrorCode } from '../telemetry/errors.ts';
import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector, request } from 'undici';
import { readAll, startMeter, TooLarge, TooSlow } from '../runtime/meter.ts';
import { limitsOf } from './calls.ts';
import type { CallKind, CallSettings } from './calls.ts';
import { DeviceError } from './errors.ts';

export interface TransportOptions extends CallSettings {
  readonly name: string;
  readonly url: string;
  /** PEM bundle of a private CA. */
  readonly ca?: string | undefined;
  /** SHA-256 of the device's certificate, hex, colons allowed; replaces the check against a CA. */
  readonly fingerprint?: string | undefined;
}

export interface DeviceRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Decides how long it may take and how much may come; default `read` for GET, else `write`. */
  readonly kind?: CallKind;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

export interface DeviceResponse {
  readonly status: number;
  /** Parsed JSON, or undefined when the body was none. */
  readonly json: unknown;
  readonly text: string;
  /** Milliseconds, from Retry-After. */
  readonly retryAfter?: number | undefined;
  /** The device's own clock, from the header Date; milliseconds since 1970, to the second. */
  readonly date?: number | undefined;
}

export interface Transport {
  /** Rejects with a {@link DeviceError} when there was no answer; any HTTP status is an answer. */
  send(request: DeviceRequest): Promise<DeviceResponse>;
  close(): Promise<void>;
}

export function createTransport(options: TransportOptions): Transport {
  // Between two pieces; the whole exchange has a meter of its own.
  const agent = new Agent({
    connections: 4,
    headersTimeout: 0,
    bodyTimeout: options.timeout,
    connect: connector(options),
  });
  return {
    send: async (wanted) => {
      try {
        return await exchange(agent, options, wanted);
      } catch (error) {
        throw explain(error, options, wanted);
      }
    },
    // What is still under way when a process ends belongs to a device that does not answer.
    close: () => agent.destroy(),
  };
}

async function exchange(
  dispatcher: Agent,
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
    const answer = await request(new URL(path, options.url), {
      dispatcher,
      method,
      headers: {
        accept: 'application/json',
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
      signal: signal === undefined ? meter.signal : AbortSignal.any([meter.signal, signal]),
    });
    const came = (await readAll(answer.body, answer.headers['content-encoding'], meter)).toString(
      'utf8',
    );
    return {
      status: answer.statusCode,
      text: came,
      json: parse(came),
      retryAfter: retryAfter(answer.headers['retry-after']),
      date: dateOf(answer.headers['date']),
    };
  } finally {
    meter.end();
  }
}

/** Milliseconds: a unit that is off must not hold up the one that took over. */
const CONNECT = 5_000;

class PinMismatch extends Error {}

/** With a pinned certificate the pin is the trust: chain and host name would add nothing, so they are not asked. */
function connector({ ca, fingerprint, timeout }: TransportOptions): buildConnector.connector {
  const connectTimeout = Math.min(timeout, CONNECT);
  if (fingerprint === undefined)
    return buildConnector({
      allowH2: false,
      timeout: connectTimeout,
      ...(ca === undefined ? {} : { ca }),
    });
  const pin = fingerprint.replaceAll(':', '').toLowerCase();
  // A resumed TLS session shows no certificate, so each connection makes the whole handshake.
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeout,
    rejectUnauthorized: false,
    maxCachedSessions: 0,
  });
  return (target, done) =>
    connect(target, (...result) => {
      const [error, socket] = result;
      if (error) return done(error, null);
      const seen = (socket as TLSSocket)
        .getPeerCertificate?.()
        .fingerprint256?.replaceAll(':', '')
        .toLowerCase();
      if (seen === pin) return done(null, socket);
      socket.destroy();
      return done(
        new PinMismatch(`certificate has SHA-256 ${seen ?? 'none'}, but ${pin} is configured`),
        null,
      );
    });
}

const CERTIFICATE_ERRORS =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Nothing was done when the connection failed or nothing was to be written; else it may have been. */
function explain(
  error: unknown,
  { name, url, timeout }: TransportOptions,
  { method, path }: DeviceRequest,
): DeviceError {
  const {
    code = '',
    name: kind = '',
    message,
  } = error as { code?: string; name?: string; message: string };
  if (error instanceof PinMismatch || CERTIFICATE_ERRORS.test(code)) {
    return new DeviceError(
      'BIP402',
      'device',
      `${name} at ${url}: certificate not trusted (${describeErrorCode(code) || message}); set devices[].tls.ca or devices[].tls.fingerprint`,
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
      `${name}: no answer to ${what} within ${timeout / 1000} s`,
      { cause: error },
    );
  return new DeviceError(
    'BIP501',
    fault,
    `${name} at ${url} cannot be reached (${describeErrorCode(code) || message}); check the address, the routing, and whether the device is up`,
    { cause: error },
  );
}

function sizeOf(error: unknown, code: string): string | undefined {
  if (error instanceof TooLarge) return `is larger than ${error.limit} bytes`;
  return code === 'UND_ERR_HEADERS_OVERFLOW' ? 'has an endless header' : undefined;
}

function slowness({ milliseconds, received }: TooSlow, what: string): string {
  const seconds = Math.round(milliseconds / 100) / 10;
  return received === 0
    ? `no answer to ${what} within ${seconds} s`
    : `the answer to ${what} is incomplete after ${seconds} s (${received} bytes received)`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function dateOf(header: string | string[] | undefined): number | undefined {
  const date = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}
