/** A console that listens on loopback over a site of a test. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { create } from '../../../functions/console/main.ts';
import type { ConsoleOptions } from '../../../functions/console/main.ts';
import { answerAsk } from '../../../shared/failures/answer-ask.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { answerReplayAsk } from '../../../shared/operations/replay/answers.ts';
import type { AnswerContext } from '../../../shared/operations/replay/answers.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { startProvider } from '../../fixtures/console/browser.ts';

export interface TestConsole {
  readonly url: string;
  close(): Promise<void>;
}

type Given = Omit<ConsoleOptions, 'call' | 'who' | 'failures'> & { readonly failures: Failures };
type World = () => Omit<AnswerContext, 'asks'>;

/** The time of the site; but who waits for a browser has to wait. */
function waiting(runtime: Runtime): Runtime {
  return { ...runtime, clock: { ...processClock, now: () => runtime.clock.now() } };
}

/** What a check of the setup says. */
const FINDINGS = [
  { id: 'device.bigip-1', what: 'bigip-1', state: 'ok', ok: true, says: 'AS3 3.56.0 answers' },
  {
    id: 'queue.slices',
    what: 'queue slices',
    state: 'warn',
    ok: true,
    says: 'the oldest message waits for 12 minutes',
    remedy: 'see whether apply runs',
  },
  {
    id: 'device.bigip-2',
    what: 'bigip-2',
    state: 'fail',
    ok: false,
    says: 'BIP501: no connection to https://bigip-2.example.com:8443/mgmt/shared/appsvcs/info',
    remedy: 'check url, port and firewall; "sluice doctor" connects from here',
  },
];

/** How the console reaches replay and audit. A fresh look finds nothing. */
function callOf({ runtime: { clock }, failures: { asks } }: Given, world: World) {
  return async (name: 'replay' | 'audit', id: string): Promise<void> => {
    if (name === 'replay') void answerReplayAsk({ ...world(), asks }, id).catch(() => undefined);
    else
      void answerAsk({ asks, clock }, id, async ({ wanted }) => ({
        state: 'done',
        answer: wanted.kind === 'doctor' ? { findings: FINDINGS } : { findings: 0, failed: [] },
      }));
  };
}

/** `world`: of the replays that are asked for. `port` 0: any. */
export async function startConsole(given: Given, world: World, port = 0): Promise<TestConsole> {
  const runtime = waiting(given.runtime);
  return create({ ...given, runtime, who: 'ada', call: callOf(given, world) }).listen(port);
}

const SECRETS: Readonly<Record<string, string>> = {
  'env:CLIENT': 'the-secret-of-the-client',
  'env:KEY': 'a-key-for-sessions-that-nobody-can-guess',
};

/** A console where people log in at a provider, which lets anybody in as operator. */
export async function startConsoleWithLogin(given: Given, world: World): Promise<TestConsole> {
  // Its own URL is in its configuration, so the port comes first.
  const server = createAdaptorServer({ fetch: (request) => answering.fetch(request) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const provider = await startProvider(url, SECRETS['env:CLIENT']!);
  const oidc = {
    issuer: provider.issuer,
    clientId: 'sluice',
    clientSecret: 'env:CLIENT',
    sessionKey: 'env:KEY',
    scope: 'openid',
    nameClaim: 'email',
    rolesClaim: 'groups',
    roles: { viewer: [], operator: ['network'], admin: [] },
  };
  const runtime: Runtime = {
    ...waiting(given.runtime),
    config: { ...given.runtime.config, console: { url, tokens: [], oidc } },
    secrets: { resolve: async (name) => SECRETS[name] ?? Promise.reject(new Error(name)) },
  };
  const answering = create({ ...given, runtime, who: 'root', call: callOf(given, world) });
  return {
    url,
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await provider.close();
    },
  };
}
