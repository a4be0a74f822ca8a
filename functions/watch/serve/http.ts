/** Serves probes and Prometheus. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeErrorCode, errorCode, errorMessage } from '../../../shared/telemetry/errors.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { Readiness } from './readiness.ts';

/** Where the watcher serves HTTP. */
export interface HttpAddress {
  /** Default: all addresses of this host. */
  readonly host?: string | undefined;
  /** 0 binds a free port, which the running server then shows. */
  readonly port: number;
  /** Nobody asked for it, so a port that is in use is no error: nothing is served. */
  readonly optional?: true;
}

/** The content of `/readyz` and `/metrics`. */
export interface HttpEndpoints {
  /** Evaluated for each request. */
  ready(): Readiness;
  /** `type` is the content type of the text. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
}

/** A running server; `address` has the port that was bound. */
export interface HttpServer {
  readonly address: HttpAddress;
  /** Also cuts connections that are kept alive. */
  close(): Promise<void>;
}

/** The port of the shipped manifests. */
const DEFAULT_PORT = 8080;
/** Of `sluice up` on a host, where 8080 often belongs to somebody else. */
const HOST_PORT = 9464;

/** `SLUICE_HTTP_PORT`: a port, `host:port`, or `off`. Default: 8080 in a cluster, otherwise off. */
export function httpAddress(
  env: Readonly<Record<string, string | undefined>>,
): HttpAddress | undefined {
  const asked = env['SLUICE_HTTP_PORT'] ?? '';
  if (asked === 'off') return undefined;
  if (asked === '') return env['KUBERNETES_SERVICE_HOST'] ? { port: DEFAULT_PORT } : undefined;
  const [, host, text] = /^(?:(.+):)?(\d{1,5})$/.exec(asked) ?? [];
  const port = Number(text);
  if (text === undefined || port > 65_535)
    throw new Error(
      `environment variable SLUICE_HTTP_PORT is ${JSON.stringify(asked)}; ` +
        'set it to a port such as 8080, to host:port, or to off',
    );
  return { host: host?.replace(/^\[|\]$/g, ''), port };
}

/** The same for `sluice up`. Default: as above in a cluster, otherwise port 9464 of 127.0.0.1. */
export function hostedHttpAddress(
  env: Readonly<Record<string, string | undefined>>,
): HttpAddress | undefined {
  const isAsked = (env['SLUICE_HTTP_PORT'] ?? '') !== '';
  const inCluster = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  if (isAsked || inCluster) return httpAddress(env);
  return { host: '127.0.0.1', port: HOST_PORT, optional: true };
}

/** As {@link serveHttp}; undefined if the port is in use and nobody asked for it. */
export async function serveAsAsked(
  http: HttpAddress,
  answers: HttpEndpoints,
  log: Logger,
): Promise<HttpServer | undefined> {
  const served = await serveHttp(http, answers).catch((error: unknown) => {
    if (http.optional !== true) throw error;
    log.warn({ error: errorMessage(error) }, 'no metrics are served');
    return undefined;
  });
  if (served !== undefined)
    log.info({ ...served.address }, 'serving /healthz, /readyz and /metrics');
  return served;
}

/** Rejects if the port cannot be opened, with the variable to change. */
export async function serveHttp(
  { host, port }: HttpAddress,
  answers: HttpEndpoints,
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(answers, request, response).catch((error: unknown) =>
      send(response, 500, `${errorMessage(error)}\n`),
    );
  });
  // Longer than the scrape interval, so that no scrape uses a connection that is being closed.
  server.keepAliveTimeout = 120_000;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error) =>
    reject(
      new Error(
        `port ${port} cannot be opened for /healthz, /readyz and /metrics ` +
          `(${describeErrorCode(errorCode(error) ?? errorMessage(error))}); ` +
          'set SLUICE_HTTP_PORT to a free port, or to off',
      ),
    ),
  );
  server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  await promise;
  return {
    address: { host, port: (server.address() as AddressInfo).port },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Answers one request. Readiness depends on the streams, liveness on nothing. */
async function answer(
  answers: HttpEndpoints,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (url ?? '/').split('?')[0];
  if (path !== '/healthz' && path !== '/readyz' && path !== '/metrics')
    return send(response, 404, 'available paths: /healthz, /readyz and /metrics\n');
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'only GET\n');
  // Any answer proves that the process is alive.
  if (path === '/healthz') return send(response, 200, 'alive\n');
  if (path === '/metrics') {
    const { text, type } = await answers.metrics();
    return send(response, 200, text, type);
  }
  const { ready, lines } = answers.ready();
  return send(
    response,
    ready ? 200 : 503,
    `${ready ? 'ready' : 'not ready'}: ${lines.join('; ')}\n`,
  );
}

/** If the answer has begun already, the connection is cut, so that it does not look complete. */
function send(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}
