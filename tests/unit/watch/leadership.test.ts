/** Which replica leads, on a Lease in memory whose writes can be lost, refused or delayed. */
import { describe, expect, test } from '@jest/globals';
import { createManualClock } from '../../contract/queue/manual-clock.ts';
import { processIdentity } from '../../../functions/watch/leader/identity.ts';
import { readLease } from '../../../shared/kubernetes/lease.ts';
import { VERSION } from '../../../shared/runtime/version.ts';
import { api, replica, started, T0 } from './lease-replicas.ts';

describe('a replica', () => {
  test('leads at once without another leader, in an epoch from its clock', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    expect([one.told, one.leadership.epoch, await one.mayWrite()]).toEqual([['won 0'], T0, true]);
  });

  test('says on its Lease of which release it is, and renewals and its end keep that', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    const said = (): string | undefined => on.lease && readLease(on.lease, 0).version;
    expect(said()).toBe(VERSION);
    await clock.pass(60_000);
    await one.leadership.stop();
    expect(said()).toBe(VERSION);
  });

  test('leads in an epoch above the one before, however wrong its clock is', async () => {
    const [on, ahead] = [api(), createManualClock(T0 + 3_600_000)];
    await (await started(replica(on, ahead, 'a'), ahead)).leadership.stop();
    const behind = createManualClock(T0);
    const next = await started(replica(on, behind, 'b'), behind);
    expect(next.told).toEqual(['won 3600001']);
  });

  test('takes the Lease at once from a dead process of this host, and waits for a live one', async () => {
    const alive = processIdentity({}, 'a') ?? '';
    const [host, boot, namespace, , started_, queue] = alive.split('/');
    const dead = [host, boot, namespace, '99999999', started_, queue].join('/');
    for (const [holder, epochs] of [
      [dead, ['won 1']],
      [alive, []],
    ] as const) {
      const [on, clock] = [api(), createManualClock(T0)];
      await started(replica(on, clock, holder), clock);
      expect((await started(replica(on, clock, 'next'), clock)).told).toEqual(epochs);
    }
  });

  test('is a standby while another one renews, and leads as soon as that one releases the Lease', async () => {
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
    // The clock of the silent replica stands still, as in a suspended process.
    const stopped = createManualClock(T0);
    await started(replica(on, stopped, 'a'), stopped);
    const second = await started(replica(on, clock, 'b'), clock);
    await clock.pass(14_900);
    expect(second.told).toEqual([]);
    await clock.pass(600);
    expect(second.told).toHaveLength(1);
  });

  test('writes nothing once its term is unproven, and becomes a standby when another one leads', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const asleep = createManualClock(T0);
    const first = await started(replica(on, asleep, 'a'), asleep);
    const second = await started(replica(on, clock, 'b'), clock);
    await clock.pass(16_000);
    expect(second.told).toHaveLength(1);
    // The process resumes: its own clock has advanced, and it tries to write first.
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

  test('reads the Lease before it writes when its renewal is late, and only then', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    const asked = on.calls.length;
    expect([await one.mayWrite(), on.calls.length]).toEqual([true, asked]);
    on.mood = 'away';
    // Exactly as long as a renewal proves: the clock is at 1 ms already.
    await clock.pass(9_999);
    expect(await one.mayWrite()).toBe(false);
    on.mood = 'well';
    expect([await one.mayWrite(), one.told]).toEqual([true, ['won 0']]);
  });

  test('writes nothing while the request for a new Lease is unanswered, and rejects with that reason', async () => {
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

  test('renews about every two seconds, and reads the Lease of another replica more often', async () => {
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

  test('keeps its term if the Lease is labelled or deleted', async () => {
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

/** Red when the own name in the Lease alone counts as the own term. */
describe('a process that comes back under its own name', () => {
  test('takes over at once', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const stopped = createManualClock(T0);
    await started(replica(on, stopped, 'a'), stopped);
    expect((await started(replica(on, clock, 'a'), clock)).told).toHaveLength(1);
  });

  test('takes over as soon as the API server lets it, although its first claim failed', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const stopped = createManualClock(T0);
    await started(replica(on, stopped, 'a'), stopped);
    on.mood = 'writes are refused';
    const next = replica(on, clock, 'a');
    const first = next.leadership.start();
    await clock.pass(1);
    on.mood = 'well';
    await clock.pass(2_000);
    await first;
    expect([next.told.length, await next.mayWrite()]).toEqual([1, true]);
  });

  test('is not displaced by its predecessor if that still runs: they do not alternate', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const before = await started(replica(on, clock, 'a'), clock);
    const after = await started(replica(on, clock, 'a'), clock);
    await clock.pass(120_000);
    expect([before.told, after.told.length]).toEqual([['won 0', 'lost'], 1]);
    expect([await before.mayWrite(), await after.mayWrite()]).toEqual([false, true]);
  });

  test('whose claim was written although the response was lost, holds the Lease at once', async () => {
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

  test('is only moved by the leader', async () => {
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

  test('of a standby replica ends silently', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    await started(replica(on, clock, 'a'), clock);
    const second = await started(replica(on, clock, 'b'), clock);
    const before = on.lease;
    await second.leadership.stop();
    expect(on.lease).toBe(before);
    expect(second.said.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});
