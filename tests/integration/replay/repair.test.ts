/**
 * The repair that the documentation describes: create the missing object on BIG-IP, check the plan,
 * replay. Between failure and replay the owner sent newer events.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { create as createApply, type Apply } from '../../../functions/apply/handler.ts';
import { createResultRecorder } from '../../../functions/apply/record-results.ts';
import { parkInto } from '../../../functions/park/handler.ts';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { openDevices } from '../../../shared/host/devices.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import {
  planReplay,
  runReplay,
  withReplay,
  type JobItems,
} from '../../../shared/operations/replay/replay.ts';
import { giveSync, planSync } from '../../../shared/operations/sync/sync.ts';
import {
  isServerReached,
  withPresent,
  type WhyAnswer,
} from '../../../shared/operations/why/why.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { partitionsFromDevices } from '../../../shared/operations/devices/declared-partitions.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, RESYNC_EVENTS, SETTLED_EVENTS } from '../../../shared/queue/events.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { exposure, slice, SETTINGS } from '../../fixtures/exposures.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { pump } from '../../fixtures/failures/pump.ts';
import { memoryMarks } from '../../fixtures/marks.ts';
import { NO_VIEWS } from '../../fixtures/views.ts';

const RULE = '/Common/geo';
const author = { who: 'ada', why: 'the iRule is there now' };
const ask = { words: ['code:BIP424'], canary: 0, rate: 10, keep: true, ...author };

interface Site {
  readonly bigip: LabBigip;
  readonly context: OperationContext;
  readonly apply: Apply;
  /** The next event of the owner; each has its own revision, like those of a watcher. */
  say(ports: readonly number[]): Promise<void>;
  /** Runs the functions, and the watcher if a resync was requested. */
  work(): Promise<void>;
  /** Stops the watcher. */
  deaf: boolean;
}

let site: Site;
beforeEach(async () => {
  site = await startSite();
  await site.say([1]);
  await site.work();
  // Every added Service port creates its own revision.
  await site.say([1, 2]);
  await site.work();
});
afterEach(async () => {
  await site.apply.close();
  await site.bigip.close();
});

async function startSite(): Promise<Site> {
  const bigip = await startBigip({ dataPath: false, timings: { declare: 1, memberWrite: 1 } });
  let now = Date.UTC(2026, 10, 23, 3);
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms: number): Promise<void> => {
      // Nothing happens while the watcher is stopped, so time may pass in longer steps.
      now += made.deaf ? Math.max(ms, 60_000) : ms;
      await pause(1);
      await made.work();
    },
  };
  const runtime: Runtime = {
    config: SluiceConfig.parse({
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
          virtualAddress: '172.16.100.195',
        },
      ],
    }),
    secrets: {
      resolve: (name) => Promise.resolve(name === 'env:CA' ? bigip.ca : bigip.password),
    },
    queues: createSqliteQueues({ path: ':memory:', clock, id: randomUUID }),
    clock,
    id: randomUUID,
    random: () => 0.5,
    log: createLogger('silent'),
  };
  const failures = failuresOver(memoryBlobs(), runtime);
  // One clock that only moves forward, because the device runs in real time.
  const devices = openDevices(
    { ...runtime, clock: { ...clock, sleep: async (ms) => pause(ms) } },
    () => Promise.resolve(),
  );
  const apply = createApply(
    runtime,
    devices,
    createResultRecorder(runtime, async () => failures),
    {
      place: async () => failures.waiting,
      views: NO_VIEWS,
      schedules: async () => failures,
      suspects: createSuspects(memoryMarks(), runtime),
    },
  );
  const park = parkInto(runtime, failures);
  let counter = 0;
  let ports: readonly number[] = [];
  const rule = { ...SETTINGS, iRules: [RULE] };
  const made: Site = {
    bigip,
    context: { ...failures, runtime, readPartitions: partitionsFromDevices(runtime) },
    apply,
    deaf: false,
    say: async (wanted) => {
      ports = wanted;
      counter += 1;
      const exposures = ports.map((port) =>
        exposure({ port, ...(port === 1 ? { settings: rule } : {}) }),
      );
      const said = slice(counter, exposures, { device: 'bigip-1', devices: ['bigip-1'] });
      const body = serialiseEvent(INGRESS_DESIRED, said, {
        id: `r${counter}`,
        cluster: 'east',
        subject: said.owner,
        time: new Date(now).toISOString(),
      });
      const message = { group: 'bigip-1', deduplicationId: `r${counter}`, body };
      await runtime.queues.queue('slices').send(message);
    },
    work: async () => {
      await pump(runtime.queues, 'slices', apply);
      await pump(runtime.queues, 'slices-dead', park);
      if (made.deaf || !(await isAsked(runtime))) return;
      await made.say(ports);
      await pump(runtime.queues, 'slices', apply);
      await pump(runtime.queues, 'slices-dead', park);
    },
  };
  return made;
}

/** Subjects of the resyncs that were requested from the watcher. */
let subjects: string[] = [];

/** Empties the queue of the cluster; resolves with whether it contained a resync request. */
async function isAsked({ queues }: Runtime): Promise<boolean> {
  const queue = queues.queue('settled-east');
  let asked = false;
  for (;;) {
    const batch = await queue.receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
    if (batch.length === 0) return asked;
    for (const { body, receipt } of batch) {
      const event = parseEvent(body, { ...SETTLED_EVENTS, ...RESYNC_EVENTS });
      if ('ok' in event && event.ok.type in RESYNC_EVENTS) {
        asked = true;
        subjects.push(event.ok.subject);
      }
      await queue.delete(receipt);
    }
  }
}

const noMap = (): Promise<never> => Promise.reject(new Error('no snapshot here'));
const plan = (): Promise<JobItems> =>
  withReplay(site.context, noMap, (replay) => planReplay(replay, ask, () => undefined));
const start = (id: string): Promise<JobItems> =>
  withReplay(site.context, noMap, (replay) => runReplay(replay, 'start', { id, ...author }));
const served = (): readonly string[] =>
  site.bigip
    .view()
    .partitions.flatMap((partition) =>
      partition.virtualServers.map(({ destination }) => destination),
    );

describe('replay after the repair', () => {
  test('previews that a quarantined exposure of a newer revision would be retried, and retries it', async () => {
    expect(served()).toEqual(['172.16.100.195:2']);
    site.bigip.common.iRules.add(RULE);
    const { job, items } = await plan();
    expect(items).toMatchObject([
      {
        exposure: '172.16.100.195:1/tcp',
        preview: {
          verdict: 'would-apply',
          by: '1.2',
          reason: expect.stringContaining('would be tried again'),
        },
      },
    ]);
    const ended = await start(job.id);
    expect(ended).toMatchObject({
      job: { state: 'done' },
      items: [{ result: { kind: 'applied' } }],
    });
    expect([...served()].sort()).toEqual(['172.16.100.195:1', '172.16.100.195:2']);
    expect((await site.context.store.list()).map(({ state }) => state)).toEqual(['healed']);
  });

  test('without a repair it fails again, with BIG-IP’s message', async () => {
    const { job } = await plan();
    const ended = await start(job.id);
    expect(ended.items).toMatchObject([
      { result: { kind: 'quarantined', reason: expect.stringContaining(RULE) } },
    ]);
    expect(served()).toEqual(['172.16.100.195:2']);
  });

  test('ends only after a newer revision was tried, even if the watcher is stopped', async () => {
    site.deaf = true;
    site.bigip.common.iRules.add(RULE);
    const { job } = await plan();
    expect((await start(job.id)).items).toMatchObject([{ result: { kind: 'no-result' } }]);
    expect((await site.context.store.list()).map(({ state }) => state)).toEqual(['open']);
  });

  test('with force, even an event that cannot be sent again is retried', async () => {
    const [head] = await site.context.store.list();
    await site.context.store.change([head!.id], () => ({ code: 'GW105' }) as object);
    const force = { ...ask, words: ['state:open'], force: true };
    site.bigip.common.iRules.add(RULE);
    const { job, items } = await withReplay(site.context, noMap, (replay) =>
      planReplay(replay, force, () => undefined),
    );
    expect(items).toMatchObject([{ preview: { verdict: 'invalid', code: 'RPL706' } }]);
    expect((await start(job.id)).items).toMatchObject([{ result: { kind: 'applied' } }]);
    expect([...served()].sort()).toEqual(['172.16.100.195:1', '172.16.100.195:2']);
  });

  test('without a replay, sync does the same for the ingresses behind a Gateway', async () => {
    site.bigip.common.iRules.add(RULE);
    const wanted = { cluster: 'east', gateway: 'default/tcp-echo-gateway' };
    const { orders, isKnown } = await planSync(site.context, wanted);
    expect(isKnown).toBe(true);
    expect(await planSync(site.context, { ...wanted, gateway: 'team/gx' })).toEqual({
      orders,
      isKnown: false,
    });
    expect(orders).toEqual([
      {
        action: 'retry',
        device: 'bigip-1',
        owner: 'east/istio-system/istio-ingressgateway',
      },
    ]);
    subjects = [];
    await giveSync(site.context, orders, { ...wanted, ...author });
    await site.work();
    expect(subjects).toEqual(['east/istio-system/istio-ingressgateway']);
    expect([...served()].sort()).toEqual(['172.16.100.195:1', '172.16.100.195:2']);
    expect((await site.context.store.list()).map(({ state }) => state)).toEqual(['healed']);
    expect(await site.context.audit.list()).toMatchObject([{ who: 'ada', action: 'sync' }]);
  });
});

describe('sluice why for a live cluster', () => {
  const answer = (port: number): WhyAnswer => ({
    server: { verdict: 'listening' } as WhyAnswer['server'],
    exposures: [`172.16.100.195:${port}/tcp`],
    remedy: 'Nothing.',
  });
  const gateway = 'default/tcp-echo-gateway';
  const now = async (...ports: readonly number[]): Promise<readonly WhyAnswer[]> =>
    withPresent(site.context, { gateway, cluster: 'east' }, ports.map(answer));

  test('reports a declared exposure without failures as reached, else what is missing and why', async () => {
    const [refused, declared, later] = await now(1, 2, 3);
    expect(declared?.now).toEqual({
      state: 'reached',
      missing: [],
      held: [],
      failures: [],
      network: [],
    });
    expect(refused?.now).toMatchObject({
      state: 'wanted',
      missing: ['172.16.100.195:1/tcp on bigip-1'],
      failures: [{ code: 'BIP424', device: 'bigip-1' }],
    });
    expect(later?.now).toMatchObject({ state: 'wanted', failures: [] });
    expect([refused!, declared!, later!].map(isServerReached)).toEqual([false, true, false]);
  });

  test('reports an unknown state if no device answers', async () => {
    await site.bigip.close();
    expect((await now(2))[0]?.now).toMatchObject({ state: 'unknown' });
  });
});
