/**
 * Promise 8: dry run is inert. Every command and every handler is found in its folder; a new one
 * fails here until the tables say how to run it. Red without the guards: each case that writes is
 * also run without the dry run, and must then be seen writing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from '../../../infra/build/bundle.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import { sendDeadLetter } from '../../../shared/queue/dead-letter.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, INGRESS_OBSERVED, MEMBER_EXPRESS } from '../../../shared/queue/events.ts';
import type { FunctionContext, Handler } from '../../../shared/queue/handler.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { QueueName } from '../../../shared/queue/port.ts';
import { openDatabase } from '../../../shared/queue/sqlite/database.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import {
  objects,
  gatewayPod,
  gateway,
  ingressService,
  server,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { CLUSTER, CLUSTER_UID, OWNER, startSite, type Site } from './site.ts';

const root = resolve(import.meta.dirname, '../../..');
const MAIN = join(root, 'dist', 'cli', 'sluice.mjs');
const LIMIT = 60_000;

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await site.close();
});

const context: FunctionContext = {
  awsRequestId: 'r',
  functionName: 'f',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 60_000,
};
const inert = (): void =>
  expect({ device: site.device.writes(), cluster: site.cluster.writes() }).toEqual({
    device: [],
    cluster: [],
  });

interface Running {
  text(): string;
  readonly ended: Promise<number>;
  terminate(): void;
}

function sluice(args: readonly string[]): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    cwd: site.dir,
    env: { PATH: process.env['PATH'], HOME: site.dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(child, 'close').then(([code]) => code as number);
  return { text: () => text, ended, terminate: () => void child.kill('SIGTERM') };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((done) => setTimeout(done, 20));
}

describe('every command', () => {
  beforeAll(() => build({ root, out: join(root, 'dist'), say: () => undefined }), 120_000);

  /** Arguments, and the expected exit code. */
  type Call = readonly [code: number, ...args: readonly string[]];
  const config = (): readonly string[] => ['--config', site.config];
  const files = (): readonly string[] => ['--file', site.manifest];
  const COMMANDS: Readonly<Record<string, (() => readonly Call[]) | 'below'>> = {
    approve: () => {
      // No command creates the queue, and without it approve is refused.
      openDatabase(join(site.dir, 'queue.sqlite')).close();
      return [[0, 'approve', OWNER, '--keys', '172.16.100.195:32400/tcp', ...config()]];
    },
    cluster: () => [
      [0, 'cluster', 'list', ...config()],
      ...['drain', 'out', 'enable', 'forget'].map((verb): Call => [
        0,
        'cluster',
        verb,
        CLUSTER,
        '--dry-run',
        ...config(),
      ]),
      [0, 'cluster', 'adopt', CLUSTER, '--uid', 'another', '--dry-run', ...config()],
    ],
    completion: () => [[0, 'completion', 'bash']],
    doctor: () => [[0, 'doctor', ...config(), '--kubeconfig', site.kubeconfig]],
    drift: () => [[0, 'drift', ...config()]],
    failures: () => [
      [0, 'failures', 'list', ...config()],
      [0, 'failures', 'groups', ...config()],
    ],
    'import-cis': () => [[0, 'import', 'cis', ...files()]],
    keys: () => [[0, 'keys', 'new', CLUSTER, '--dir', site.dir]],
    // Refused, because no cluster here has paths configured.
    network: () => [[1, 'network', 'setup', '--device', 'bigip', ...config()]],
    'network-adopt': () => [[1, 'network', 'adopt', '--device', 'bigip', '--dry-run', ...config()]],
    // No CIS is in this cluster, so nothing can be moved.
    migrate: () => {
      const place = [...config(), '--kubeconfig', site.kubeconfig];
      return [
        [0, 'migrate', 'cis', 'plan', ...place],
        [1, 'migrate', 'cis', 'take', '172.16.100.195', '--dry-run', ...place],
        [1, 'migrate', 'cis', 'undo', '172.16.100.195', '--dry-run', ...place],
      ];
    },
    map: () => [[0, 'map', ...files(), ...config()]],
    plan: () => [[2, 'plan', ...files(), ...config(), '--device']],
    ports: () => [[0, 'ports', ...config()]],
    // Refused, because the queue here is a file.
    queue: () => [[1, 'queue', 'grant', '--cluster', CLUSTER, ...config()]],
    addresses: () => [[0, 'addresses', ...config()]],
    replay: () => [
      [0, 'replay', 'status', ...config()],
      [1, 'replay', 'plan', ...config()],
    ],
    status: () => [[0, 'status', ...config()]],
    // Refused, because the new place is no database.
    store: () => [[1, 'store', 'move', '--from', site.config, '--to', site.config, '--dry-run']],
    sync: () => [[0, 'sync', 'default/there', '--dry-run', ...config()]],
    trace: () => [[2, 'trace', `${CLUSTER}/default/there`, ...config()]],
    uninstall: () => [[0, 'uninstall', '--all', ...config()]],
    version: () => [[0, 'version']],
    waiting: () => [[0, 'waiting', 'list', ...config()]],
    why: () => [[2, 'why', 'default/there', ...config(), '--kubeconfig', site.kubeconfig]],
    up: 'below',
  };
  const found = readdirSync(join(root, 'functions', 'cli', 'commands')).map((name) =>
    name.replace(/\.ts$/, ''),
  );

  test('has a row in this test', () => {
    expect(found.filter((name) => COMMANDS[name] === undefined)).toEqual([]);
  });

  test.each(found.filter((name) => typeof COMMANDS[name] === 'function'))(
    '%s writes neither to the device nor to the cluster',
    async (name) => {
      const row = COMMANDS[name];
      for (const [code, ...args] of typeof row === 'function' ? row() : []) {
        const run = sluice(args);
        expect({ args, code: await run.ended, text: run.text() }).toEqual({
          args,
          code,
          text: expect.anything(),
        });
      }
      inert();
    },
    LIMIT,
  );

  describe('up', () => {
    const start = (...more: readonly string[]): Running =>
      sluice([
        'up',
        '--config',
        site.config,
        '--kubeconfig',
        site.kubeconfig,
        '--audit-every',
        '0.01',
        ...more,
      ]);

    test(
      '--dry-run shows what would be declared and written, and does neither',
      async () => {
        const run = start('--dry-run');
        const lines = (): readonly string[] => run.text().split('\n');
        const plan = (): string | undefined =>
          lines().find(
            (line) =>
              line.includes('dry run: would declare') && line.includes('172.16.100.195:31400/tcp'),
          );
        const service = (): string | undefined =>
          lines().find(
            (line) =>
              line.includes('dry run: not written') &&
              line.includes('32500') &&
              line.includes('"kind":"Service"'),
          );
        await until(
          () => plan() !== undefined && service() !== undefined && run.text().includes('audited'),
        );
        run.terminate();
        expect(await run.ended).toBe(0);
        expect(JSON.parse(plan() ?? '{}')).toMatchObject({
          device: 'bigip-1',
          partition: 'k8s',
          create: ['172.16.100.195:31400/tcp', '172.16.100.195:32500/tcp'],
          delete: ['172.16.100.195:32400/tcp'],
        });
        expect([site.device.reads() > 0, site.cluster.reads() > 0]).toEqual([true, true]);
        inert();
        // It also takes nothing from a Sluice that runs here, and leaves nothing behind.
        expect([
          existsSync(join(site.dir, 'queue.sqlite')),
          existsSync(join(site.dir, 'failures')),
        ]).toEqual([false, false]);
      },
      LIMIT,
    );

    test(
      'without it the same does write to both',
      async () => {
        const run = start();
        await until(
          () =>
            site.device.writes().some(({ path }) => path.includes('/declare/k8s')) &&
            site.cluster.writes().some(({ path }) => path.includes('/services/')),
        );
        run.terminate();
        expect(await run.ended).toBe(0);
      },
      LIMIT,
    );
  });
});

describe('every handler', () => {
  interface Row {
    /** Queue and body of the message that it receives; undefined if it runs on a schedule. */
    readonly message?: (
      runtime: Runtime,
    ) => Promise<readonly [queue: QueueName, group: string, body: string]>;
    readonly writesOtherwise: boolean;
  }
  const meta = (): {
    readonly id: string;
    readonly cluster: string;
    readonly subject: string;
    readonly time: string;
  } => ({ id: 'e1', cluster: CLUSTER, subject: OWNER, time: new Date().toISOString() });
  const version = { epoch: 2, counter: 1, generation: 1 };
  const snapshot = {
    cluster: CLUSTER,
    clusterUid: CLUSTER_UID,
    ingress: { namespace: 'istio-system', service: 'istio-ingressgateway' },
    revision: { epoch: 2, counter: 1 },
    changes: [],
    removed: false,
    objects: objects({
      services: [ingressService([servicePort(31_400)])],
      pods: [gatewayPod()],
      gateways: [gateway('there', [server(31_400)])],
      virtualServices: [tcpRoute('there', ['there'], 31_400)],
    }),
  };
  const desired = slice(1, [exposure({ port: 31_400 })], { version, clusterUid: CLUSTER_UID });
  const wish: Express = {
    owner: OWNER,
    clusterUid: CLUSTER_UID,
    device: 'bigip-1',
    partition: 'k8s',
    version,
    wishes: [
      { address: '10.244.1.5', availability: 'draining', because: 'terminating', wholeNode: false },
    ],
  };

  const HANDLERS: Readonly<Record<string, Row | 'by the commands' | 'by up' | 'opens nothing'>> = {
    map: {
      message: () =>
        Promise.resolve(['snapshots', OWNER, serialiseEvent(INGRESS_OBSERVED, snapshot, meta())]),
      writesOtherwise: false,
    },
    apply: {
      message: () =>
        Promise.resolve(['slices', 'bigip-1', serialiseEvent(INGRESS_DESIRED, desired, meta())]),
      writesOtherwise: true,
    },
    express: {
      message: () =>
        Promise.resolve(['express', 'bigip-1', serialiseEvent(MEMBER_EXPRESS, wish, meta())]),
      writesOtherwise: true,
    },
    audit: { writesOtherwise: false },
    replay: { writesOtherwise: false },
    park: { message: deadSlice, writesOtherwise: false },
    watch: 'by up',
    cli: 'by the commands',
    console: 'opens nothing',
  };
  const found = readdirSync(join(root, 'functions')).filter((name) =>
    ['handler.ts', 'main.ts'].some((file) => existsSync(join(root, 'functions', name, file))),
  );

  async function deadSlice(runtime: Runtime): Promise<readonly [QueueName, string, string]> {
    const queue = runtime.queues.queue('slices');
    await queue.send({
      group: 'bigip-1',
      deduplicationId: 'd1',
      body: serialiseEvent(INGRESS_DESIRED, desired, meta()),
    });
    const [message] = await queue.receive({ max: 1, waitMs: 0, visibilityMs: 1_000 });
    if (message === undefined) throw new Error('the slice did not arrive');
    await sendDeadLetter(runtime.queues, {
      code: 'BIP421',
      reason: 'refused',
      queue: 'slices',
      message,
      functionVersion: '1',
      now: runtime.clock.now(),
      owner: OWNER,
      device: 'bigip-1',
    });
    const [dead] = await runtime.queues
      .queue('slices-dead')
      .receive({ max: 1, waitMs: 0, visibilityMs: 1_000 });
    return ['slices-dead', dead?.group ?? '', dead?.body ?? ''];
  }

  async function run(name: string, { message }: Row, dryRun: boolean): Promise<void> {
    const runtime = await site.runtime(dryRun);
    const { create } = (await import(join(root, 'functions', name, 'handler.ts'))) as {
      create: (runtime: Runtime) => Handler & { close?(): Promise<void> };
    };
    const handler = create(runtime);
    const records = message === undefined ? [] : [await record(runtime, await message(runtime))];
    try {
      expect((await handler({ Records: records }, context))?.batchItemFailures ?? []).toEqual([]);
    } finally {
      await handler.close?.();
    }
  }

  async function record(
    runtime: Runtime,
    [name, group, body]: readonly [QueueName, string, string],
  ): Promise<ReturnType<typeof toRecord>> {
    const queue = runtime.queues.queue(name);
    await queue.send({ group: `${group}-again`, deduplicationId: 'again', body });
    const [message] = await queue.receive({ max: 1, waitMs: 0, visibilityMs: 60_000 });
    if (message === undefined) throw new Error(`nothing arrived on ${name}`);
    return toRecord({ ...message, group }, `arn:aws:sqs:local:000000000000:${name}.fifo`);
  }

  test('has a row in this test', () => {
    expect(found.filter((name) => HANDLERS[name] === undefined)).toEqual([]);
  });

  const rows = found.flatMap((name) => {
    const row = HANDLERS[name];
    return typeof row === 'object' ? [[name, row] as const] : [];
  });

  test.each(rows)(
    '%s writes neither to the device nor to the cluster',
    async (name, row) => {
      await run(name, row, true);
      inert();
      if (row.writesOtherwise)
        expect(site.lines.filter(({ message }) => message.startsWith('dry run: '))).not.toEqual([]);
    },
    LIMIT,
  );

  test.each(rows.filter(([, { writesOtherwise }]) => writesOtherwise))(
    '%s does write without the dry run',
    async (name, row) => {
      await run(name, row, false);
      expect(site.device.writes()).not.toEqual([]);
    },
    LIMIT,
  );
});
