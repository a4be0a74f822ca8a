/**
 * console: the HTTP interface for people. It holds no credentials of devices and clusters: it reads
 * the failure store, sends orders, and asks replay and audit for what needs credentials.
 */
import type { ServerType } from '@hono/node-server';
import manifest from '../../package.json' with { type: 'json' };
import type { Failures } from '../../shared/failures/open.ts';
import { openFailures } from '../../shared/failures/open.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { partitionsFromViews } from '../../shared/operations/devices/seen-partitions.ts';
import { createAsking } from './asking.ts';
import type { Call } from './asking.ts';
import { createApp } from './http/app.ts';
import { localAdmission, loginAdmission } from './login/admission.ts';
import type { Role } from './http/rights.ts';
import { PAGE_FILES } from './page/files.ts';
import type { PageFile } from './page/files.ts';
import { createLive } from './live.ts';

/** What a host gives to the console. */
export interface ConsoleOptions {
  readonly runtime: Runtime;
  /** How replay and audit are reached. */
  readonly call: Call;
  /** Without `console` in sluice.yaml: the user of the system, and what that one may do. */
  readonly who: string;
  readonly role: Role;
  /** How pages learn of changes; default: by events, for which this process must stay. */
  readonly live?: 'events' | 'polling';
  /** For tests; default: the failure store of the configuration. */
  readonly failures?: Failures;
  /** For tests; default: what was built. */
  readonly page?: readonly PageFile[];
}

/** A console that listens. */
export interface HostedConsole {
  readonly url: string;
  close(): Promise<void>;
}

/** A console without a server. */
export interface Console {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** On loopback only, unless people log in. `port` 0: any. */
  listen(port: number): Promise<HostedConsole>;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** Only with a login. */
const EVERYWHERE = '0.0.0.0';

/** Wires the function. Its secrets are refused, so that no route can use credentials by mistake. */
export function create({
  runtime: given,
  call,
  who,
  role,
  live: how = 'events',
  failures: own,
  page = PAGE_FILES,
}: ConsoleOptions): Console {
  const runtime: Runtime = { ...given, secrets: { resolve: refuseSecret } };
  const failures = own ?? openFailures(given.config.failures, given);
  const readPartitions = partitionsFromViews(failures.views);
  const live = how === 'events' ? createLive(runtime, failures.signs) : undefined;
  const desk = {
    context: { ...failures, runtime, readPartitions },
    asking: createAsking(runtime, failures.asks, call),
    version: manifest.version,
    ...(live && { live }),
  };
  const { console: login } = runtime.config;
  const admission =
    login === undefined
      ? localAdmission({ who, role })
      : loginAdmission(login, runtime, { secrets: given.secrets, audit: failures.audit });
  const app = createApp(desk, admission, page);
  const host = login === undefined ? LOOPBACK : EVERYWHERE;
  const fetch = (request: Request): Response | Promise<Response> => app.fetch(request);
  const close = (): Promise<void> => (own === undefined ? failures.close() : Promise.resolve());
  const hosted = { fetch, close, stop: () => live?.stop() };
  return {
    fetch,
    close,
    listen: async (port) => {
      const [server] = await Promise.all([listen(hosted, { port, host }), admission.check()]);
      return server;
    },
  };
}

function refuseSecret(): Promise<never> {
  return Promise.reject(new Error('The console has no credentials; ask replay or audit'));
}

/** Milliseconds for answers that are under way. */
const GRACE_MS = 1_000;
const LOOK_MS = 20;

/** Streams that end now, and answers that are under way, are sent to their end. */
async function closeServer(server: ServerType): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if (!('closeIdleConnections' in server)) return closed;
  const looks = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const end = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearInterval(looks);
  clearTimeout(end);
}

/**
 * Listens on a host. Rejects if the port is taken. `close` ends event streams before it waits for
 * requests, which would otherwise last ten minutes.
 */
async function listen(
  { fetch, close, stop }: Pick<Console, 'fetch' | 'close'> & { readonly stop: () => void },
  { port, host }: { readonly port: number; readonly host: string },
): Promise<HostedConsole> {
  // Lambda has no use for it.
  const { createAdaptorServer } = await import('@hono/node-server');
  const server = createAdaptorServer({ fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host}:${bound}`,
    close: async () => {
      const ended = closeServer(server);
      stop();
      await ended;
      await close();
    },
  };
}
