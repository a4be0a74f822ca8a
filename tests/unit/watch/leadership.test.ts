/** Who speaks for a cluster, on a Lease in memory whose every write can be lost, refused or held up. */
import { describe, expect, test } from '@jest/globals';
import { leasePlace } from '../../../functions/watch/leader/lease.ts';
import { Leadership } from '../../../functions/watch/leader/leadership.ts';
import {
  KubernetesError,
  type KubernetesClient,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createManualClock, type ManualClock } from '../../contract/queue/manual-clock.ts';

const T0 = Date.UTC(2026, 10, 22);
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => log,
};

interface Api {
  lease: RawObject | undefined;
  /** What becomes of each call from now on: done, not done, done without an answer, or away. */
  mood: 'well' | 'away' | 'answers are lost';
  readonly calls: string[];
  readonly client: KubernetesClient;
}

/** One Lease with optimistic locking, as the API server has it. */
function api(): Api {
  let version = 0;
  const fault = (status: number): KubernetesError =>
    new KubernetesError({ status, reason: String(status), message: `answer ${status}` });
  const write = (object: RawObject): Promise<RawObject> => {
    if (at.mood === 'away') return Promise.reject(fault(0));
    at.lease = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String((version += 1)) },
    };
    return at.mood === 'well' ? Promise.resolve(at.lease) : Promise.reject(fault(0));
  };
  const call = async (
    name: string,
    work: () => Promise<RawObject | undefined>,
  ): Promise<RawObject | undefined> => {
    at.calls.push(name);
    return work();
  };
  const client = {
    /** The Date of its answers: none, so epochs go by the replicas' clocks. */
    time: () => undefined,
    get: () =>
      call('get', () =>
        at.mood === 'away' ? Promise.reject(fault(0)) : Promise.resolve(at.lease),
      ),
    create: (_resource: unknown, object: RawObject) =>
      call('create', () => (at.lease === undefined ? write(object) : Promise.reject(fault(409)))),
    replace: (_resource: unknown, object: RawObject) =>
      call('replace', () => {
        if (at.lease === undefined) return Promise.reject(fault(404));
        return object.metadata.resourceVersion === at.lease.metadata.resourceVersion
          ? write(object)
          : Promise.reject(fault(409));
      }),
  };
  const at: Api = {
    lease: undefined,
    mood: 'well',
    calls: [],
    client: client as unknown as KubernetesClient,
  };
  return at;
}

interface Replica {
  readonly leadership: Leadership;
  /** `won 5`, `lost` */
  readonly told: string[];
  /** Whether it may write at this moment. */
  mayWrite(): Promise<boolean>;
}

function replica(on: Api, clock: ManualClock, holder: string): Replica {
  const told: string[] = [];
  const leadership = new Leadership({
    client: on.client,
    place: leasePlace('default', 'east', holder),
    clock,
    random: () => 0.5,
    log,
    won: (epoch) => void told.push(`won ${epoch - T0}`),
    lost: () => void told.push('lost'),
  });
  return {
    leadership,
    told,
    mayWrite: () =>
      leadership.assure().then(
        () => true,
        () => false,
      ),
  };
}

const started = async (one: Replica, clock: ManualClock): Promise<Replica> => {
  const first = one.leadership.start();
  await clock.pass(1);
  await first;
  return one;
};

describe('a replica', () => {
  test('leads at once where nobody does, in an epoch by its clock', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    expect([one.told, one.leadership.epoch, await one.mayWrite()]).toEqual([['won 0'], T0, true]);
  });

  test('leads in an epoch above the one before, however wrong its clock is', async () => {
    const [on, ahead] = [api(), createManualClock(T0 + 3_600_000)];
    await (await started(replica(on, ahead, 'a'), ahead)).leadership.stop();
    const behind = createManualClock(T0);
    const next = await started(replica(on, behind, 'b'), behind);
    expect(next.told).toEqual(['won 3600001']);
  });

  test('stands by while another one renews, and leads as soon as that one hands over', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const first = await started(replica(on, clock, 'a'), clock);
    const second = await started(replica(on, clock, 'b'), clock);
    await clock.pass(120_000);
    expect([second.told, await second.mayWrite(), first.told]).toEqual([[], false, ['won 0']]);
    await first.leadership.stop();
    await clock.pass(1_000);
    expect([second.told.length, await second.mayWrite(), await first.mayWrite()]).toEqual([
      1,
      true,
      false,
    ]);
  });

  test('that waits takes over 15 s after the last renewal that it saw, not sooner', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    // The clock of the one that fell silent stands still, as in a process that was stopped.
    const stopped = createManualClock(T0);
    await started(replica(on, stopped, 'a'), stopped);
    const second = await started(replica(on, clock, 'b'), clock);
    await clock.pass(14_900);
    expect(second.told).toEqual([]);
    await clock.pass(600);
    expect(second.told).toHaveLength(1);
  });

  test('writes nothing as soon as its term is not proven any more, and stands by once another one leads', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const asleep = createManualClock(T0);
    const first = await started(replica(on, asleep, 'a'), asleep);
    const second = await started(replica(on, clock, 'b'), clock);
    await clock.pass(16_000);
    expect(second.told).toHaveLength(1);
    // It wakes up: its own clock has moved, and the first thing it wants is to write.
    on.mood = 'away';
    await asleep.pass(16_000);
    expect(await first.mayWrite()).toBe(false);
    on.mood = 'well';
    await asleep.pass(3_000);
    expect([first.told, await first.mayWrite(), first.leadership.epoch]).toEqual([
      ['won 0', 'lost'],
      false,
      undefined,
    ]);
  });

  test('keeps its term where only the API was away', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    on.mood = 'away';
    await clock.pass(60_000);
    expect(await one.mayWrite()).toBe(false);
    on.mood = 'well';
    await clock.pass(3_000);
    expect([one.told, await one.mayWrite(), one.leadership.epoch]).toEqual([['won 0'], true, T0]);
  });

  test('asks the Lease before it writes when its own renewal is late, and nobody as long as it is proven', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    const asked = on.calls.length;
    expect([await one.mayWrite(), on.calls.length]).toEqual([true, asked]);
    on.mood = 'away';
    await clock.pass(10_001);
    expect(await one.mayWrite()).toBe(false);
    on.mood = 'well';
    expect([await one.mayWrite(), one.told]).toEqual([true, ['won 0']]);
  });

  test('writes nothing while a new Lease is not answered for, and says so by what it rejects with', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = replica(on, clock, 'a');
    await expect(one.leadership.assure()).rejects.toMatchObject({
      name: 'Fenced',
      message: expect.stringContaining('another replica leads'),
    });
    await started(one, clock);
    on.mood = 'away';
    await clock.pass(10_001);
    await expect(one.leadership.assure()).rejects.toMatchObject({
      name: 'Fenced',
      message: expect.stringContaining('cannot be renewed'),
    });
  });

  test('renews no Lease and takes none once it was stopped', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    await one.leadership.stop();
    const asked = on.calls.length;
    await clock.pass(60_000);
    expect([await one.mayWrite(), on.calls.length, one.told]).toEqual([false, asked, ['won 0']]);
  });

  test('starts also while the API is away, and leads when it is back', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    on.mood = 'away';
    const one = replica(on, clock, 'a');
    let looked = false;
    const first = one.leadership.start().then(() => void (looked = true));
    await clock.pass(120_000);
    expect([looked, one.told]).toEqual([false, []]);
    on.mood = 'well';
    await clock.pass(30_000);
    await first;
    expect([looked, one.told.length]).toEqual([true, 1]);
  });

  test('renews every two seconds or so, and looks at the Lease of another one more often', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    await started(replica(on, clock, 'a'), clock);
    const before = on.calls.length;
    await clock.pass(20_000);
    expect(on.calls.slice(before)).toEqual(Array(10).fill('replace'));
    const watching = on.calls.length;
    await started(replica(on, clock, 'b'), clock);
    await clock.pass(4_000);
    expect(on.calls.slice(watching).filter((call) => call === 'get').length).toBeGreaterThanOrEqual(
      10,
    );
  });

  test('keeps its term where somebody labelled or deleted the Lease', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    on.lease = {
      ...on.lease!,
      metadata: { ...on.lease!.metadata, labels: { team: 'x' }, resourceVersion: 'theirs' },
    };
    await clock.pass(5_000);
    expect(on.lease?.metadata.labels).toEqual({ team: 'x' });
    on.lease = undefined;
    await clock.pass(5_000);
    expect([one.told, await one.mayWrite(), on.lease === undefined]).toEqual([
      ['won 0'],
      true,
      false,
    ]);
  });
});

/** Red when one's own name alone counts as one's own term. */
describe('a process that comes back under its own name', () => {
  test('takes over at once', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const stopped = createManualClock(T0);
    await started(replica(on, stopped, 'a'), stopped);
    expect((await started(replica(on, clock, 'a'), clock)).told).toHaveLength(1);
  });

  test('is not put out again by the one before it, if that still lives: they do not take turns', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const before = await started(replica(on, clock, 'a'), clock);
    const after = await started(replica(on, clock, 'a'), clock);
    await clock.pass(120_000);
    expect([before.told, after.told.length]).toEqual([['won 0', 'lost'], 1]);
    expect([await before.mayWrite(), await after.mayWrite()]).toEqual([false, true]);
  });

  test('and whose claim was written although the answer was lost, holds it, and does not wait for it to expire', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    on.mood = 'answers are lost';
    const one = replica(on, clock, 'a');
    const first = one.leadership.start();
    await clock.pass(1);
    expect(one.told).toEqual([]);
    on.mood = 'well';
    await clock.pass(2_000);
    await first;
    expect([one.told.length, await one.mayWrite()]).toEqual([1, true]);
  });
});

describe('a term', () => {
  test('moves above an epoch that a device knows, and no further than it has to', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    const before = on.lease;
    expect(await one.leadership.raise(T0 - 1)).toBe(T0);
    expect(on.lease).toBe(before);
    expect(await one.leadership.raise(T0)).toBe(T0 + 1);
    expect(await one.leadership.raise(T0 + 3_600_000)).toBe(T0 + 3_600_001);
    await clock.pass(5_000);
    expect([one.leadership.epoch, one.told]).toEqual([T0 + 3_600_001, ['won 0']]);
  });

  test('is moved by nobody who does not lead', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    await started(replica(on, clock, 'a'), clock);
    const second = await started(replica(on, clock, 'b'), clock);
    const before = on.lease;
    expect(await second.leadership.raise(T0 + 5)).toBeUndefined();
    expect(on.lease).toBe(before);
  });

  test('is over where another one holds the Lease when it is to be moved', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const asleep = createManualClock(T0);
    const first = await started(replica(on, asleep, 'a'), asleep);
    await started(replica(on, clock, 'b'), clock);
    await clock.pass(16_000);
    expect(await first.leadership.raise(T0 + 5)).toBeUndefined();
    expect(first.told).toEqual(['won 0', 'lost']);
  });

  test('ends with the Lease handed over, its epoch kept', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    await one.leadership.stop();
    expect(on.lease).toMatchObject({
      metadata: { annotations: { 'sluice.io/epoch': String(T0) } },
      spec: { holderIdentity: '' },
    });
    expect(await one.mayWrite()).toBe(false);
  });

  test('of a replica that stood by ends without a word', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    await started(replica(on, clock, 'a'), clock);
    const second = await started(replica(on, clock, 'b'), clock);
    const before = on.lease;
    await second.leadership.stop();
    expect(on.lease).toBe(before);
  });
});
