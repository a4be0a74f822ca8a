/**
 * An outage at night: 500 failures of 6 kinds in 4 clusters, with the device over HTTPS, the
 * failure store over S3's protocol, and the real functions.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create as createApply } from '../../../functions/apply/handler.ts';
import { create as createMap } from '../../../functions/map/handler.ts';
import { parkInto } from '../../../functions/park/handler.ts';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { compareVersions, type Version } from '../../../shared/domain/revision.ts';
import { groupFailures, matchesFilter, parseFilter } from '../../../shared/failures/filter.ts';
import { failuresOver, type Failures } from '../../../shared/failures/open.ts';
import { controlJob } from '../../../shared/failures/replay/control.ts';
import { runJob } from '../../../shared/failures/replay/driver.ts';
import type { ReplayContext } from '../../../shared/failures/replay/context.ts';
import { countResults, type ReplayItem } from '../../../shared/failures/replay/job.ts';
import { createPreviewer, type MapEvent } from '../../../shared/failures/replay/preview.ts';
import { createJob, previewItems, selectItems } from '../../../shared/failures/replay/select.ts';
import { createS3Blobs } from '../../../shared/failures/s3/blobs.ts';
import { DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, INGRESS_OBSERVED, SLICE_EVENTS } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { Queues, WorkQueueName } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { ingressOf } from '../../bench/world.ts';
import { exposure, slice, SETTINGS } from '../../fixtures/exposures.ts';
import { pump } from '../../fixtures/failures/pump.ts';
import { CLUSTERS } from '../../fixtures/failures/runtime.ts';
import { startLocalS3, type LocalS3 } from '../../fixtures/s3.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

const EPOCH = Date.UTC(2026, 10, 23, 2);
/** Of each cluster; 125 together. */
const COUNT = {
  missingRule: 10,
  notConfigured: 15,
  neverRan: 25,
  otherPartition: 25,
  newerType: 25,
  notJson: 25,
};

let now = Date.UTC(2026, 10, 23, 3);
let bigip: LabBigip;
/** For files that apply and map write besides the store. */
let dir: string;
let s3: LocalS3;
let failures: Failures;
let queues: Queues;
let device: Device;
/** Declared versions by owner; a decrease is a rollback. */
const declared = new Map<string, Version>();
const falls: string[] = [];

function configOf(known: boolean): SluiceConfig {
  const teams = CLUSTERS.flatMap((cluster, c) =>
    Array.from({ length: COUNT.notConfigured }, (_, n) => ({
      cluster,
      service: `late-${n}/istio-ingressgateway`,
      devices: ['bigip-1'],
      virtualAddress: `10.${c}.1.${n + 1}`,
    })),
  );
  return SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'bigip-1',
        url: bigip.url,
        username: bigip.username,
        password: 'env:P',
        partitions: ['k8s'],
      },
    ],
    failures: { kind: 'fs', path: join(dir, 'failures') },
    clusters: CLUSTERS.map((id) => ({ id })),
    ingresses: [
      ...CLUSTERS.map((cluster, c) => ({
        cluster,
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip-1'],
        virtualAddress: `10.${c}.0.1`,
      })),
      ...(known ? teams : []),
    ],
  });
}

function runtimeOf(config: SluiceConfig): Runtime {
  return runtimeWith({
    config,
    secrets: { resolve: async () => bigip.password },
    queues,
    clock: { ...processClock, now: () => now },
  });
}

/** Checks every declare that is sent to the device. */
function monitored(real: Device): Device {
  return {
    ...real,
    declare: (partition, next, lockKey) => {
      for (const [owner, { version }] of Object.entries(next.owners)) {
        const before = declared.get(owner);
        if (before && compareVersions(version, before) < 0)
          falls.push(`${owner}: ${before.counter} to ${version.counter}`);
        declared.set(owner, version);
      }
      return real.declare(partition, next, lockKey);
    },
  };
}

async function send(
  queue: WorkQueueName | `${WorkQueueName}-dead`,
  group: string,
  body: string,
): Promise<void> {
  await queues.queue(queue).send({ group, deduplicationId: randomUUID(), body });
}

function sliceBody(owner: string, counter: number, exposures: readonly Exposure[]): string {
  const cluster = owner.split('/')[0]!;
  const data = slice(counter, exposures, {
    owner,
    clusterUid: `uid-${cluster}`,
    version: { epoch: EPOCH, counter, generation: 1 },
  });
  return serialiseEvent(INGRESS_DESIRED, data, {
    id: randomUUID(),
    cluster,
    subject: owner,
    time: new Date(now).toISOString(),
  });
}

const at = (c: number, group: number, n: number, over: Partial<Exposure> = {}): Exposure =>
  exposure({
    address: `10.${c}.${group}.${n + 1}`,
    port: 8_000,
    gateways: [`team-${n}/gw`],
    members: [{ address: `10.244.${c}.${n + 1}`, port: 8_000, availability: 'ready' }],
    ...over,
  });
const each = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function goWrong(): Promise<void> {
  for (const [c, cluster] of CLUSTERS.entries()) {
    const owner = (name: string): string => `${cluster}/${name}/gw`;
    const rule = { settings: { ...SETTINGS, iRules: ['/Common/geo'] } };
    await send(
      'slices',
      'bigip-1',
      sliceBody(owner('rules'), 1, [
        at(c, 2, 200),
        ...each(COUNT.missingRule).map((n) => at(c, 2, n, rule)),
      ]),
    );
    for (const n of each(COUNT.notConfigured))
      await send('snapshots', `${cluster}/late-${n}`, snapshotBody(cluster, n));
    for (const n of each(COUNT.neverRan))
      await send('slices-dead', 'bigip-1', sliceBody(owner(`lost-${n}`), 1, [at(c, 3, n)]));
    for (const n of each(COUNT.otherPartition))
      await send(
        'slices',
        'bigip-1',
        sliceBody(owner(`other-${n}`), 1, [at(c, 4, n, { partition: 'other' })]),
      );
    for (const n of each(COUNT.newerType))
      await send(
        'snapshots',
        `${cluster}/new-${n}`,
        serialiseEvent(
          'sluice.ingress.observed.v9',
          {},
          {
            id: randomUUID(),
            cluster,
            subject: owner(`new-${n}`),
            time: new Date(now).toISOString(),
          },
        ),
      );
    for (const n of each(COUNT.notJson))
      await send('snapshots', `${cluster}/odd-${n}`, `not json ${cluster} ${n}`);
  }
}

function snapshotBody(cluster: string, n: number): string {
  const { objects } = JSON.parse(
    JSON.stringify(ingressOf(1)).replaceAll('istio-system', `late-${n}`),
  ) as ReturnType<typeof ingressOf>;
  const data = {
    cluster,
    clusterUid: `uid-${cluster}`,
    ingress: { namespace: `late-${n}`, service: 'istio-ingressgateway' },
    revision: { epoch: EPOCH, counter: 1 },
    changes: [],
    removed: false,
    objects,
  };
  return serialiseEvent(INGRESS_OBSERVED, data, {
    id: randomUUID(),
    cluster,
    subject: `${cluster}/late-${n}/istio-ingressgateway`,
    time: new Date(now).toISOString(),
  });
}

/** Runs all functions until nothing is left to do. */
async function work(config: SluiceConfig): Promise<void> {
  const runtime = runtimeOf(config);
  const apply = createApply(runtime, { get: async () => device, close: async () => undefined });
  const map = createMap(runtime);
  const park = parkInto(runtime, failures);
  for (let moved = 1; moved > 0;) {
    moved = (await pump(queues, 'snapshots', map)) + (await pump(queues, 'slices', apply));
    moved +=
      (await pump(queues, 'snapshots-dead', park)) + (await pump(queues, 'slices-dead', park));
  }
}

/** The real map, with queues that only record messages. */
function mapping(config: SluiceConfig): MapEvent {
  return async ({ id, group, body, sentAt, receiveCount }) => {
    const notes = createSqliteQueues({ path: ':memory:', clock: processClock, id: randomUUID });
    const record = toRecord(
      { id, receipt: id, group, deduplicationId: id, body, sentAt, receiveCount },
      'arn:aws:sqs:x:0:snapshots.fifo',
    );
    await createMap({ ...runtimeOf(config), queues: notes })(
      { Records: [record] },
      {
        awsRequestId: 'r',
        functionName: 'map',
        functionVersion: '1',
        getRemainingTimeInMillis: () => 30_000,
      },
    );
    const [slices, letters] = await Promise.all(
      (['slices', 'snapshots-dead'] as const).map((name) =>
        notes.queue(name).receive({ max: 10, waitMs: 0, visibilityMs: 1_000 }),
      ),
    );
    await notes.close();
    for (const letter of letters ?? []) {
      const opened = parseEvent(letter.body, DEAD_LETTER_EVENTS);
      if ('ok' in opened) return { refused: opened.ok.data };
    }
    const opened = (slices ?? []).map(({ body: text }) => parseEvent(text, SLICE_EVENTS));
    return { slices: opened.flatMap((one) => ('ok' in one ? [one.ok.data] : [])) };
  };
}

function worldOf(config: SluiceConfig): ReplayContext {
  let worked = now;
  const clock = {
    now: () => now,
    monotonic: () => now,
    // The functions run twice a second, so that events gather as they do in a batch window.
    sleep: async (ms: number) => {
      now += ms;
      if (now - worked < 500) return;
      worked = now;
      await work(config);
    },
  };
  return {
    ...failures,
    queues,
    previewer: createPreviewer({
      runtime: runtimeOf(config),
      map: mapping(config),
      connect: async () => device,
    }),
    clock,
    id: randomUUID,
  };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-story-'));
  [bigip, s3] = await Promise.all([startBigip(), startLocalS3()]);
  const config = configOf(false).devices[0]!;
  device = monitored(
    createDevice(config, { ca: bigip.ca, password: async () => bigip.password }, processClock),
  );
  queues = createSqliteQueues({
    path: ':memory:',
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    id: randomUUID,
  });
  failures = failuresOver(createS3Blobs({ ...s3.options, prefix: 'story' }), {
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    id: randomUUID,
  });
});
afterAll(async () => {
  await device.close();
  await Promise.all([bigip.close(), queues.close(), failures.close()]);
  await s3.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('a night with 500 failures', () => {
  const verdicts = (items: readonly ReplayItem[]): Record<string, number> =>
    Object.fromEntries(
      [...Map.groupBy(items, (i) => i.preview!.verdict)].map(([v, list]) => [v, list.length]),
    );

  test('are found, grouped, previewed and replayed with a canary; counts are exact, no rollback', async () => {
    await goWrong();
    await work(configOf(false));

    // Found and grouped without reading a single event.
    const found = await failures.store.list();
    expect(found).toHaveLength(500);
    const byCode = Object.fromEntries(
      groupFailures(found, ['code']).map((g) => [g.values[0], g.failures]),
    );
    expect(byCode).toEqual({
      BIP424: 40,
      GW104: 60,
      RPL701: 100,
      OWN303: 100,
      Q612: 100,
      Q610: 100,
    });
    // A message that is not JSON has no cluster.
    const byCluster = groupFailures(
      found.filter((h) => h.code !== 'Q610'),
      ['cluster'],
    ).map((g) => [g.values[0], g.failures] as const);
    expect(new Map(byCluster)).toEqual(new Map(CLUSTERS.map((id) => [id, 100])));
    const east = parseFilter(['cluster:east code:BIP424'], now);
    expect(found.filter((h) => matchesFilter(east, h))).toHaveLength(10);
    const one = await failures.store.get(found.find((h) => h.code === 'BIP424')!.id);
    expect(one?.details.response).toContain('/Common/geo');

    // The causes are corrected; in the meantime newer revisions superseded 20 of the events that
    // never ran.
    bigip.common.iRules.add('/Common/geo');
    const mended = configOf(true);
    for (const [c, cluster] of CLUSTERS.entries())
      for (const n of each(5))
        await send('slices', 'bigip-1', sliceBody(`${cluster}/lost-${n}/gw`, 2, [at(c, 3, n)]));
    await work(mended);

    // Previews the replay.
    const world = worldOf(mended);
    now += 1_000;
    const filter = parseFilter(['state:open'], now);
    const items = await previewItems(
      world,
      await selectItems(world.store, filter, now),
      () => undefined,
    );
    expect(verdicts(items)).toEqual({ 'would-apply': 40 + 60 + 80, superseded: 20, invalid: 300 });

    // One as a canary, then the rest.
    const job = createJob(
      { id: 'night', filter, by: 'ada', why: 'mended', canary: 1, rate: 100, now },
      items,
    );
    await world.jobs.create(job, items);
    await controlJob(world, 'start', { id: job.id, who: 'ada', why: 'mended' });
    const passed: boolean[] = [];
    expect(
      await runJob(world, job.id, { onProgress: (current) => passed.push(current.canaryPassed) }),
    ).toMatchObject({ state: 'done' });
    expect([passed[0], passed.at(-1)]).toEqual([false, true]);

    expect(countResults(await world.jobs.items(job.id))).toEqual({
      applied: 180,
      superseded: 20,
      invalid: 300,
    });
    const states = Object.fromEntries(
      groupFailures(await failures.store.list(), ['state']).map((g) => [g.values[0], g.failures]),
    );
    expect(states).toEqual({ replayed: 180, healed: 20, open: 300 });
    expect((await failures.audit.list()).map((e) => e.action)).toEqual([
      'replay start',
      'replay done',
    ]);

    // The device confirms it.
    const reading = await device.read('k8s');
    if (reading.kind !== 'ours') throw new Error(reading.reason);
    expect(Object.keys(reading.declared.state.exposures)).toHaveLength(4 + 40 + 60 + 100);
    expect(falls).toEqual([]);
  }, 120_000);
});
