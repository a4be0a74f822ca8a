/**
 * The built function as a host runs it: replay next to map, a BIG-IP over HTTPS, the queue and the
 * failure store in files.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { create as createApply } from '../../../functions/apply/handler.ts';
import { create as createMap } from '../../../functions/map/handler.ts';
import { parkInto } from '../../../functions/park/handler.ts';
import { create } from '../../../functions/replay/handler.ts';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { openFailures, type Failures } from '../../../shared/failures/open.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { snapshotOf } from '../../bench/world.ts';
import { pump } from '../../fixtures/failures/pump.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

let dir: string;
let bigip: LabBigip;
let queues: Queues;
let failures: Failures;
let runtime: Runtime;
let now: number;
let work: () => Promise<void>;

beforeEach(async () => {
  [dir, bigip, now] = [
    mkdtempSync(join(tmpdir(), 'sluice-policy-')),
    await startBigip(),
    Date.UTC(2026, 10, 23, 3),
  ];
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      // The host does not limit the time here.
      if (signal !== undefined && ms > 100_000)
        return new Promise<void>((end) => signal.addEventListener('abort', () => end()));
      now += Math.ceil(ms);
      await work();
    },
  };
  const config = SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'bigip-1',
        url: bigip.url,
        username: bigip.username,
        password: 'env:P',
        tls: { ca: 'env:CA' },
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east' }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip-1'],
        virtualAddress: '10.0.0.1',
      },
    ],
    queue: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
    failures: {
      kind: 'fs',
      path: join(dir, 'failures'),
      replay: [{ name: 'never-ran', classes: ['never-ran'], everyMinutes: 5, olderThanMinutes: 2 }],
    },
  });
  queues = createSqliteQueues({ path: join(dir, 'queue.sqlite'), clock, id: randomUUID });
  runtime = runtimeWith({
    config,
    secrets: { resolve: async (name) => (name === 'env:CA' ? bigip.ca : bigip.password) },
    queues,
    clock,
  });
  failures = openFailures(config.failures, runtime);
  // While apply waits for the device, the device needs real time: simulated time alone would exceed
  // the visibility of the messages in flight.
  const patient = {
    ...runtime,
    clock: { now: () => now, monotonic: () => now, sleep: () => processClock.sleep(5) },
  };
  const [map, apply, park] = [
    createMap(runtime),
    createApply(patient),
    parkInto(runtime, failures),
  ];
  work = async () => {
    await pump(queues, 'snapshots', map);
    await pump(queues, 'slices', apply);
    await pump(queues, 'snapshots-dead', park);
  };
  const time = new Date(now).toISOString();
  const body = serialiseEvent(INGRESS_OBSERVED, snapshotOf(1, 1), {
    id: randomUUID(),
    cluster: 'east',
    subject: 'east/istio-system/istio-ingressgateway',
    time,
  });
  // As the queue itself moves a message that crashed its function: unchanged.
  await queues
    .queue('snapshots-dead')
    .send({ group: 'east/istio-system', deduplicationId: randomUUID(), body });
  await work();
  now += 180_000;
});

afterEach(async () => {
  await failures.close();
  await queues.close();
  await bigip.close();
  rmSync(dir, { recursive: true, force: true });
});

const context = {
  awsRequestId: 'r',
  functionName: 'replay',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 240_000,
};
const builtMap = (): Promise<{ create: typeof createMap }> =>
  import(resolve(import.meta.dirname, '../../../dist/map/handler.mjs')) as Promise<{
    create: typeof createMap;
  }>;

describe('the function replay', () => {
  test('brings a snapshot that never ran through map and apply, as a job of its policy', async () => {
    expect(await failures.store.list()).toMatchObject([
      { code: 'RPL701', class: 'never-ran', state: 'open' },
    ]);
    // The built function finds the built map next to itself.
    const built = (await import(
      resolve(import.meta.dirname, '../../../dist/replay/handler.mjs')
    )) as { create: typeof create };
    const replay = built.create(runtime);
    await replay({ Records: [] }, context);
    await replay.close();
    expect(await failures.store.list()).toMatchObject([
      { state: expect.stringMatching(/replayed|healed/) },
    ]);
    expect(await failures.jobs.list()).toMatchObject([
      { by: 'policy never-ran', state: 'done', items: 1 },
    ]);
    expect(bigip.view().partitions.flatMap((p) => p.virtualServers.map((v) => v.address))).toEqual([
      '10.0.0.1',
    ]);
  });

  test('does nothing in a dry run, and nothing without a policy', async () => {
    const policies = runtime.config.failures;
    for (const quiet of [
      { ...runtime, dryRun: true },
      { ...runtime, config: { ...runtime.config, failures: { ...policies, replay: [] } } },
    ]) {
      const replay = create(quiet, { map: builtMap });
      expect(await replay.turns()).toEqual([]);
      await replay.close();
    }
    expect(await failures.jobs.list()).toEqual([]);
  });

  test('a failing policy is reported, and does not prevent others', async () => {
    const [first] = runtime.config.failures.replay;
    const twice = {
      ...runtime,
      config: {
        ...runtime.config,
        failures: { ...runtime.config.failures, replay: [{ ...first!, name: 'broken' }, first!] },
      },
    };
    const turns = {
      ...failures.turns,
      get: (name: string) =>
        name === 'broken'
          ? Promise.reject(new Error('the store is odd'))
          : failures.turns.get(name),
    };
    const replay = create(twice, { failures: { ...failures, turns }, map: builtMap });
    await expect(replay({ Records: [] }, context)).rejects.toThrow('broken: the store is odd');
    expect(await failures.jobs.list()).toMatchObject([{ by: 'policy never-ran', state: 'done' }]);
  });
});
