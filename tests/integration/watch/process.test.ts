import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED, SNAPSHOT_EVENTS } from '../../../shared/queue/events.ts';
import { openQueues } from '../../../shared/queue/open.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { gateway, gatewayPod, ingressService, SERVICE } from './support.ts';

const MAIN = resolve(import.meta.dirname, '../../../functions/watch/main.ts');

let lab: LabKubernetes;
let folder: string;
let queues: Queues;
const children: ChildProcess[] = [];

beforeEach(async () => {
  lab = await startKubernetes();
  folder = mkdtempSync(join(tmpdir(), 'sluice-process-'));
  const queue = { kind: 'sqlite' as const, path: join(folder, 'queue.sqlite') };
  writeFileSync(join(folder, 'kubeconfig'), lab.kubeconfig());
  writeFileSync(
    join(folder, 'sluice.yaml'),
    JSON.stringify({
      devices: [
        {
          name: 'bigip-1',
          url: 'https://127.0.0.1:1',
          username: 'admin',
          password: 'env:NONE',
          partitions: ['k8s'],
        },
      ],
      clusters: [{ id: 'east' }],
      ingresses: [
        {
          cluster: 'east',
          service: SERVICE,
          devices: ['bigip-1'],
          virtualAddress: '172.16.100.195',
        },
      ],
      queue,
    }),
  );
  const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  queues = openQueues(queue, {
    clock: { now: () => Date.now(), monotonic: () => Date.now(), sleep },
    id: randomUUID,
    secrets: createSecrets({ env: {} }),
  });
  lab.store.apply(ingressService());
  lab.store.apply(gatewayPod());
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await queues.close();
  await lab.close();
  rmSync(folder, { recursive: true });
});

function run(more: Record<string, string> = {}): ChildProcess {
  const env = {
    PATH: process.env['PATH'],
    SLUICE_CONFIG: join(folder, 'sluice.yaml'),
    SLUICE_CLUSTER: 'east',
    KUBECONFIG: join(folder, 'kubeconfig'),
    ...more,
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  return child;
}

/** The next snapshot; inventories are skipped. */
async function next(): Promise<Snapshot> {
  const queue = queues.queue('snapshots');
  for (;;) {
    const [message] = await queue.receive({ max: 1, waitMs: 1_000, visibilityMs: 30_000 });
    if (message === undefined) continue;
    await queue.delete(message.receipt);
    const event = parseEvent(message.body, SNAPSHOT_EVENTS);
    if ('ok' in event && event.ok.type === INGRESS_OBSERVED) return event.ok.data;
  }
}

test('after a kill during a snapshot, the next process uses a higher epoch and misses no change', async () => {
  const first = run();
  const before = await next();
  first.kill('SIGKILL');
  await once(first, 'exit');
  lab.store.apply(gateway('meanwhile', 32400));
  run();
  const after = await next();
  expect(after.revision.epoch).toBeGreaterThan(before.revision.epoch);
  expect(after.objects.gateways.map((one) => one.meta.name)).toEqual(['meanwhile']);
  expect(after.clusterUid).toBe(before.clusterUid);
});

test('SIGTERM ends it cleanly', async () => {
  const child = run();
  await next();
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});

test('an invalid environment ends it at once, with one sentence that names the correction', async () => {
  const child = run({ SLUICE_CLUSTER: 'west' });
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => (said += piece.toString()));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(said).toBe(
    'sluice watch: the configuration has no cluster "west", only east; add it to ' +
      'clusters, or correct the cluster id of this watcher\n',
  );
});
