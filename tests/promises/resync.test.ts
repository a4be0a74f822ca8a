/**
 * A hundred clusters without changes: what their resyncs cost the device, and that none of them
 * counts as silent.
 */
import { describe, expect, test } from '@jest/globals';
import { create as createApply } from '../../functions/apply/handler.ts';
import { createResultRecorder } from '../../functions/apply/record-results.ts';
import { create as createAudit } from '../../functions/audit/handler.ts';
import type { AuditFinding } from '../../shared/device/finding.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { failuresOver, type Failures } from '../../shared/failures/open.ts';
import { serialiseEvent } from '../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, STEERING } from '../../shared/queue/events.ts';
import { toRecord } from '../../shared/queue/handler.ts';
import type { OutgoingMessage, Queues } from '../../shared/queue/port.ts';
import { createSuspects } from '../../shared/queue/suspects.ts';
import { memoryDevice } from '../fixtures/device.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { memoryBlobs } from '../fixtures/failures/blobs.ts';
import { memoryMarks } from '../fixtures/marks.ts';
import { runtimeWith } from '../fixtures/runtime.ts';
import { virtualClock } from './support/clock.ts';
import { NO_VIEWS } from '../fixtures/views.ts';

const SERVICE = 'istio-system/istio-ingressgateway';
const MINUTE_MS = 60_000;
const RESYNC_MS = 5 * MINUTE_MS;
/** Interval of the batches of a resync; events of one interval arrive together. */
const BATCHES = 10;

/** Apply and audit on one device in memory, and a number of clusters. */
function site(count: number) {
  const all = Array.from({ length: count }, (_, n) => `c${n}`);
  const clock = virtualClock();
  const device = memoryDevice();
  const sent: (OutgoingMessage & { readonly queue: string })[] = [];
  const refuse = (): Promise<never> => Promise.reject(new Error('nothing is received here'));
  const queues: Queues = {
    queue: (name) => ({
      name,
      send: (message) => Promise.resolve(void sent.push({ ...message, queue: name })),
      receive: refuse,
      delete: refuse,
      changeVisibility: refuse,
      depth: refuse,
    }),
    close: () => Promise.resolve(),
  };
  const config = parseConfig(
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
      clusters: all.map((id) => ({ id, silentAfter: 360, whenSilent: 'drain' })),
      fleets: [{ name: 'all', clusters: all }],
      ingresses: all.map((cluster) => ({
        cluster,
        service: SERVICE,
        devices: ['bigip-1'],
        virtualAddress: '172.16.100.195',
      })),
    }),
    'test',
    1,
  );
  let ids = 0;
  const id = (): string => `id-${(ids += 1)}`;
  const runtime = runtimeWith({ config, queues, clock, id });
  const store = { isAway: false };
  const failures = failuresOver(memoryBlobs(), { clock, id });
  const open = (): Promise<Failures> =>
    store.isAway ? Promise.reject(new Error('the store is away')) : Promise.resolve(failures);
  const devices = { get: () => Promise.resolve(device), close: () => Promise.resolve() };
  const starts = (): ReturnType<typeof createApply> =>
    createApply(runtime, devices, createResultRecorder(runtime, open), {
      place: async () => (await open()).waiting,
      views: NO_VIEWS,
      schedules: open,
      suspects: createSuspects(memoryMarks(), runtime),
      heard: open,
    });
  let apply = starts();
  const audit = createAudit(runtime, devices, { open, close: () => Promise.resolve() });

  const counters = new Map<string, number>();
  /** As a watcher sends it whose snapshots were all settled. */
  const resync = (cluster: string): Slice => {
    const counter = (counters.get(cluster) ?? 0) + 1;
    counters.set(cluster, counter);
    const n = all.indexOf(cluster);
    // Two clusters share each exposure, so that one may be drained.
    const port = 1 + Math.floor(n / 2);
    const members = [{ address: `10.${n}.0.1`, port, availability: 'ready' as const }];
    return slice(counter, [exposure({ port, members })], {
      owner: `${cluster}/${SERVICE}`,
      clusterUid: `uid-${cluster}`,
      settledSince: { epoch: 1, counter: 0 },
    });
  };
  const deliver = async (slices: readonly Slice[]): Promise<void> => {
    const records = slices.map((data) => {
      const about = { cluster: data.owner.split('/')[0] ?? '', subject: data.owner };
      const time = new Date(clock.now()).toISOString();
      const body = serialiseEvent(INGRESS_DESIRED, data, { id: id(), time, ...about });
      const message = { id: id(), receipt: id(), group: 'bigip-1', deduplicationId: id(), body };
      return toRecord(
        { ...message, receiveCount: 1, sentAt: clock.now() },
        'arn:aws:sqs:local:0:slices.fifo',
      );
    });
    const answer = await apply(
      { Records: records },
      {
        awsRequestId: id(),
        functionName: 'apply',
        functionVersion: '7',
        getRemainingTimeInMillis: () => 120_000,
      },
    );
    expect(answer?.batchItemFailures ?? []).toEqual([]);
  };
  return {
    device,
    store,
    clock,
    declares: () => device.declares.length,
    restart: () => {
      apply = starts();
    },
    /**
     * One resync of every cluster except these, spread over five minutes, with an audit every
     * minute.
     */
    resyncAll: async (silent: readonly string[] = []): Promise<readonly AuditFinding[]> => {
      const findings: AuditFinding[] = [];
      for (let batch = 0; batch < BATCHES; batch += 1) {
        const due = all.filter((one, n) => n % BATCHES === batch && !silent.includes(one));
        await deliver(due.map(resync));
        clock.advance(RESYNC_MS / BATCHES);
        if (batch % 2 === 1) findings.push(...(await audit.audit()).findings);
      }
      return findings.filter(({ kind }) => kind === 'silent');
    },
    orders: () => sent.filter(({ body }) => body.includes(STEERING)),
    outcomes: () => {
      const settled = sent.splice(0).filter(({ queue }) => queue.startsWith('settled-'));
      return [...new Set(settled.flatMap(({ body }) => /"outcome":"(\w+)"/.exec(body)?.[1] ?? []))];
    },
  };
}

describe('clusters that only resync', () => {
  test('for three hours cost at most one declare an hour, are all answered, and none is silent', async () => {
    const at = site(100);
    await at.resyncAll();
    const before = at.declares();
    at.outcomes();
    for (let n = 0; n < 36; n += 1) expect(await at.resyncAll()).toEqual([]);
    expect(at.declares() - before).toBeLessThanOrEqual(3);
    expect(at.outcomes()).toEqual(['unchanged']);
    expect(at.orders()).toEqual([]);
    expect(at.device.state().drains).toBeUndefined();
  });

  test('are found silent if they stop, and only those', async () => {
    const at = site(20);
    for (let n = 0; n < 4; n += 1) await at.resyncAll();
    const findings = [...(await at.resyncAll(['c7'])), ...(await at.resyncAll(['c7']))];
    expect(new Set(findings.map(({ code, object }) => `${code} ${object}`))).toEqual(
      new Set(['OWN331 cluster c7']),
    );
    expect(at.orders().every(({ body }) => body.includes('"cluster":"c7"'))).toBe(true);
    expect(at.orders()).not.toEqual([]);
  });

  test('are unknown, and never drained, while the failure store does not answer', async () => {
    const at = site(20);
    for (let n = 0; n < 4; n += 1) await at.resyncAll();
    const before = at.declares();
    at.store.isAway = true;
    const [first] = await at.resyncAll();
    expect(first).toMatchObject({ kind: 'silent', code: 'RPL700' });
    expect(first?.message).toMatch(/unknown/);
    // Their fences are declared again, so that the declaration says when they were heard.
    expect(at.declares() - before).toBe(BATCHES);
    expect(await at.resyncAll()).toEqual([]);
    expect(at.orders()).toEqual([]);
  });

  test('cost no more after a restart of apply than a declare for each batch, once', async () => {
    const at = site(20);
    for (let n = 0; n < 11; n += 1) await at.resyncAll();
    at.restart();
    const before = at.declares();
    for (let n = 0; n < 12; n += 1) await at.resyncAll();
    expect(at.declares() - before).toBeLessThanOrEqual(BATCHES + 1);
  });
});
