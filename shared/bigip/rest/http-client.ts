/** The HTTP client of one device. Imported with the first request, because it is large. */
import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { PinMismatch, type TransportOptions } from './transport-options.ts';

/** A pool of at most four connections to the device; checks its certificate as the options say. */
export function openHttpClient(options: TransportOptions): Agent {
  // Between two chunks; the whole exchange has its own limit.
  return new Agent({
    connections: 4,
    headersTimeout: 0,
    bodyTimeout: options.timeoutMs,
    connect: connector(options),
  });
}

/** Milliseconds; a unit that is off must not delay the unit that took over. */
const CONNECT_MS = 5_000;

/** A pinned certificate is trusted by its pin, so chain and host name are not checked. */
function connector({ ca, fingerprint, timeoutMs }: TransportOptions): buildConnector.connector {
  const connectTimeout = Math.min(timeoutMs, CONNECT_MS);
  if (fingerprint === undefined)
    return buildConnector({
      allowH2: false,
      timeout: connectTimeout,
      ...(ca === undefined ? {} : { ca }),
    });
  const pin = fingerprint.replaceAll(':', '').toLowerCase();
  // A resumed TLS session has no certificate, so every connection makes a full handshake.
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
