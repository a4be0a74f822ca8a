/**
 * What other replicas, people and a faulty API server can do to a Lease between two checks of it.
 */
import { describe, expect, test } from '@jest/globals';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';
import { api, replica, started, T0, type Api } from './lease-replicas.ts';

/** As another client would with kubectl. */
function rewrite(on: Api, spec: object, annotations: Record<string, string> = {}): void {
  const { metadata } = on.lease!;
  on.lease = {
    ...on.lease!,
    metadata: {
      ...metadata,
      resourceVersion: `${metadata.resourceVersion}.theirs`,
      annotations: { ...metadata.annotations, ...annotations },
    },
    spec: { ...(on.lease as RawObject & { spec: object }).spec, ...spec },
  };
}

describe('of two replicas', () => {
  test('that find no leader at the same moment, one leads', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const both = [replica(on, clock, 'a'), replica(on, clock, 'b')];
    const starts = both.map((one) => one.leadership.start());
    await clock.pass(1);
    await Promise.all(starts);
    expect(both.map(({ told }) => told)).toEqual([['won 0'], []]);
    expect([await both[0]!.mayWrite(), await both[1]!.mayWrite()]).toEqual([true, false]);
  });

  test('the standby takes over exactly when the Lease expires, and logs the holder once', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const leader = await started(replica(on, clock, 'a'), clock);
    const waiting = replica(on, clock, 'b', { lookMs: 500 });
    await started(waiting, clock);
    await clock.pass(60_000);
    const waits = (): number => waiting.said.filter(({ fields }) => 'leader' in fields).length;
    expect(waits()).toBe(1);
    await leader.leadership.stop();
    await clock.pass(1_000);
    expect([waiting.told.length, waits()]).toEqual([1, 1]);
  });

  test('the one that waits does so for 15 s to the millisecond', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const stopped = createManualClock(T0);
    await started(replica(on, stopped, 'a'), stopped);
    const waiting = replica(on, clock, 'b', { lookMs: 500 });
    await started(waiting, clock);
    await clock.pass(14_998);
    expect(waiting.told).toEqual([]);
    await clock.pass(1);
    expect(waiting.told).toHaveLength(1);
  });

  test('the standby waits again for a third replica that wrote the same renewal time', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const stopped = createManualClock(T0);
    await started(replica(on, stopped, 'a'), stopped);
    const waiting = await started(replica(on, clock, 'b'), clock);
    await clock.pass(14_000);
    rewrite(on, { holderIdentity: 'c' }, { 'sluice.io/epoch': String(T0 + 7) });
    await clock.pass(14_000);
    expect(waiting.told).toEqual([]);
    await clock.pass(2_000);
    expect(waiting.told).toEqual([expect.stringMatching(/^won /)]);
  });
});

describe('a leader', () => {
  test('no longer leads once its Lease has another holder, even with its own epoch', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    rewrite(on, { holderIdentity: 'another' });
    await clock.pass(3_000);
    expect([one.told, await one.mayWrite()]).toEqual([['won 0', 'lost'], false]);
  });

  test('keeps its term while the API server forbids the writing, and renews soon after it may', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    on.mood = 'writes are refused';
    await clock.pass(240_000);
    expect([one.told, await one.mayWrite()]).toEqual([['won 0'], false]);
    expect(one.said.at(-1)).toMatchObject({ level: 'warn', fields: { leading: true } });
    on.mood = 'well';
    const before = on.lease;
    // After any number of failed renewals, a leader tries again after its usual pause.
    await clock.pass(2_001);
    expect(on.lease).not.toBe(before);
    expect(one.told).toEqual(['won 0']);
  });

  test('that is stopped while a renewal hangs writes nothing and does not wait for it to be refused', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    const one = await started(replica(on, clock, 'a'), clock);
    on.mood = 'writes hang';
    await clock.pass(20_000);
    const stopped = one.leadership.stop();
    expect(await one.mayWrite()).toBe(false);
    on.mood = 'well';
    await stopped;
  });
});

describe('a replica', () => {
  test('on standby polls an unreachable API at growing intervals', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    await started(replica(on, clock, 'a'), clock);
    const waiting = await started(replica(on, createManualClock(T0), 'b'), clock);
    expect(waiting.told).toEqual([]);
    const alone = createManualClock(T0);
    const lost = await started(replica(on, alone, 'c'), alone);
    on.mood = 'away';
    await alone.pass(120_000);
    const before = on.calls.length;
    await alone.pass(60_000);
    expect(on.calls.length - before).toBeLessThanOrEqual(5);
    expect(lost.said.at(-1)).toMatchObject({ level: 'warn', fields: { leading: false } });
  });

  test('that is stopped before it ever saw the Lease has started all the same', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    on.mood = 'away';
    const one = replica(on, clock, 'a');
    const start = one.leadership.start();
    await clock.pass(1_000);
    await one.leadership.stop();
    await start;
    expect(one.told).toEqual([]);
  });

  test('that is stopped while it claims the Lease does not begin a term', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    on.mood = 'writes hang';
    const one = replica(on, clock, 'a');
    const start = one.leadership.start();
    await clock.pass(1);
    const stopped = one.leadership.stop();
    on.mood = 'well';
    await Promise.all([start, stopped]);
    expect([one.told, one.leadership.epoch]).toEqual([[], undefined]);
  });

  test('whose claim of a released Lease was written without an answer holds it at the next look', async () => {
    const [on, clock] = [api(), createManualClock(T0)];
    await (await started(replica(on, clock, 'a'), clock)).leadership.stop();
    on.mood = 'answers are lost';
    const next = replica(on, clock, 'b');
    const start = next.leadership.start();
    await clock.pass(1);
    on.mood = 'well';
    await clock.pass(3_000);
    await start;
    expect(next.told).toHaveLength(1);
  });
});

describe('the term of a replica whose clock is an hour ahead', () => {
  const AHEAD = T0 + 3_600_000;

  test("follows the API server's time, which comes with the answer to its claim", async () => {
    const [on, clock] = [api(), createManualClock(AHEAD)];
    on.wrote = () => void (on.time = T0);
    const one = await started(replica(on, clock, 'a'), clock);
    expect([one.told, one.leadership.epoch]).toEqual([['won 0'], T0]);
  });

  test("is written once if the API server's time was known before", async () => {
    const [on, clock] = [api(), createManualClock(AHEAD)];
    on.time = T0;
    on.wrote = () => void (on.time = T0 + 5);
    const one = await started(replica(on, clock, 'a'), clock);
    expect([one.told, on.calls]).toEqual([['won 0'], ['get', 'create']]);
  });

  test('does not begin if another one takes the Lease before the epoch is known', async () => {
    const [on, clock] = [api(), createManualClock(AHEAD)];
    on.wrote = () => {
      on.time = T0;
      rewrite(on, { holderIdentity: 'another' });
    };
    const one = await started(replica(on, clock, 'a'), clock);
    expect([one.told, one.leadership.epoch]).toEqual([['lost'], undefined]);
    const warnings = one.said.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the Lease is lost/),
    ]);
  });
});

test('a replica that may not lead leaves the Lease alone until it may', async () => {
  const [on, clock] = [api(), createManualClock(T0)];
  let mayLead = false;
  const one = await started(
    replica(on, clock, 'a', undefined, () => mayLead),
    clock,
  );
  await clock.pass(60_000);
  expect([one.told, on.lease]).toEqual([[], undefined]);
  mayLead = true;
  await clock.pass(1_000);
  expect(one.told).toHaveLength(1);
});
