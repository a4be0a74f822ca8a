/** One connection pool to one device, and what its failures mean. The only place that speaks HTTP to BIG-IP. */
import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector, request } from 'undici';
import { DeviceError } from './errors.ts';

export interface TransportOptions {
  readonly name: string;
  readonly url: string;
  /** PEM bundle of a private CA. */
  readonly ca?: string | undefined;
  /** SHA-256 of the device's certificate, hex, colons allowed; replaces the check against a CA. */
  readonly fingerprint?: string | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface DeviceRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Milliseconds for the whole request, where it may take less than the device's own limit. */
  readonly timeout?: number;
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
  const agent = new Agent({ connections: 4, headersTimeout: options.timeout, bodyTimeout: options.timeout, connect: connector(options) });
  return {
    send: async (wanted) => {
      try {
        const answer = await request(new URL(wanted.path, options.url), {
          dispatcher: agent,
          method: wanted.method,
          headers: { accept: 'application/json', ...(wanted.body === undefined ? {} : { 'content-type': 'application/json' }), ...wanted.headers },
          ...(wanted.body === undefined ? {} : { body: JSON.stringify(wanted.body) }),
          ...(wanted.timeout === undefined ? {} : { signal: AbortSignal.timeout(wanted.timeout) }),
        });
        const text = await answer.body.text();
        return { status: answer.statusCode, text, json: parse(text), retryAfter: retryAfter(answer.headers['retry-after']), date: dateOf(answer.headers['date']) };
      } catch (error) {
        throw explain(error, options, wanted);
      }
    },
    // What is still under way when a process ends belongs to a device that does not answer.
    close: () => agent.destroy(),
  };
}

/** Milliseconds: a unit that is off must not hold up the one that took over. */
const CONNECT = 5_000;

class PinMismatch extends Error {}

/** With a pinned certificate the pin is the trust: chain and host name would add nothing, so they are not asked. */
function connector({ ca, fingerprint, timeout }: TransportOptions): buildConnector.connector {
  const connectTimeout = Math.min(timeout, CONNECT);
  if (fingerprint === undefined) return buildConnector({ allowH2: false, timeout: connectTimeout, ...(ca === undefined ? {} : { ca }) });
  const pin = fingerprint.replaceAll(':', '').toLowerCase();
  // A resumed TLS session shows no certificate, so each connection makes the whole handshake.
  const connect = buildConnector({ allowH2: false, timeout: connectTimeout, rejectUnauthorized: false, maxCachedSessions: 0 });
  return (target, done) =>
    connect(target, (...result) => {
      const [error, socket] = result;
      if (error) return done(error, null);
      const seen = (socket as TLSSocket).getPeerCertificate?.().fingerprint256?.replaceAll(':', '').toLowerCase();
      if (seen === pin) return done(null, socket);
      socket.destroy();
      return done(new PinMismatch(`certificate has SHA-256 ${seen ?? 'none'}, configured is ${pin}`), null);
    });
}

const CERTIFICATE_ERRORS = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;
const BEFORE_SENDING = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** Nothing was done when the connection failed or nothing was to be written; else it may have been. */
function explain(error: unknown, { name, url, timeout }: TransportOptions, { method, path }: DeviceRequest): DeviceError {
  const { code = '', name: kind = '', message } = error as { code?: string; name?: string; message: string };
  if (error instanceof PinMismatch || CERTIFICATE_ERRORS.test(code)) {
    return new DeviceError('BIP402', 'device', `${name} at ${url}: certificate not trusted (${code || message}); set devices[].tls.ca or devices[].tls.fingerprint`, { cause: error });
  }
  const fault = BEFORE_SENDING.has(code) || method === 'GET' ? 'transient' : 'ambiguous';
  if (/TIMEOUT/i.test(`${code} ${kind}`)) return new DeviceError('BIP502', fault, `${name}: no answer to ${method} ${path.split('?')[0]} within ${timeout / 1000} s`, { cause: error });
  return new DeviceError('BIP501', fault, `${name} at ${url} cannot be reached (${code || message}); check the address, routing and that the device is up`, { cause: error });
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
