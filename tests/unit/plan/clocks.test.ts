/**
 * Times that a wrong clock left in the declaration or in an order delay nothing for longer than the
 * clock was wrong.
 */
import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { isRetryDue, nextQuarantine } from '../../../shared/domain/plan/quarantine.ts';
import { overtakenAbsences } from '../../../shared/domain/plan/remove-absent.ts';
import { LATEST_EPOCH, ObservedRevision } from '../../../shared/domain/revision.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const T = Date.parse('2026-01-01T00:00:00.000Z');
const YEAR = 365 * 86_400_000;
const HOUR = 3_600_000;
const iso = (time: number): string => new Date(time).toISOString();
const drain: Steering = {
  action: 'drain',
  device: 'bigip-1',
  cluster: 'east',
  mode: 'drain',
  because: 'maintenance',
};
const enable: Steering = { action: 'enable', device: 'bigip-1', cluster: 'east' };
const declared = planPartition('k8s', EMPTY_STATE, [slice(1, [exposure()])], {
  sameFleet: () => true,
  now: T,
}).next;

function give(state: DeclaredState, steering: Steering, at: number, now = at): DeclaredState {
  const rules: PlanRules = { sameFleet: () => true, now, orders: [{ steering, at }] };
  return planPartition('k8s', state, [], rules).next;
}

/** Red without `isAhead` (apply-orders.ts). */
describe('an order from a machine whose clock is a year ahead', () => {
  test('counts as given when it is carried out, so a later one lifts it', () => {
    const drained = give(declared, drain, T + YEAR, T);
    expect(drained.drains?.['east']?.since).toBe(iso(T));
    expect(give(drained, enable, T + 60_000).drains).toBeUndefined();
  });

  test('that was noted while apply was wrong as well is lifted once the clocks are right', () => {
    const drained = give(declared, drain, T + YEAR);
    expect(drained.steered?.['east']).toBe(iso(T + YEAR));
    const enabled = give(drained, enable, T + 60_000);
    expect([enabled.drains, enabled.steered?.['east']]).toEqual([undefined, iso(T + 60_000)]);
    // From here on, a late order changes nothing again.
    expect(give(enabled, drain, T + 30_000, T + 90_000)).toBe(enabled);
  });
});

test('clocks that differ by seconds keep orders in the order in which they were sent', () => {
  const drained = give(declared, drain, T + 100_000, T);
  const enabled = give(drained, enable, T + 101_000, T + 2_000);
  expect(enabled.drains).toBeUndefined();
  expect(give(enabled, drain, T + 100_000, T + 3_000)).toBe(enabled);
});

/** Red without the second half of `isRetryDue` (quarantine.ts). */
test('quarantine lasts an hour at most, even if its next try lies a year ahead', () => {
  const refused = { code: 'BIP420', reason: 'refused' };
  const ahead = nextQuarantine({}, refused, { before: undefined, now: T + YEAR });
  expect(isRetryDue(ahead, T)).toBe(true);
  const right = nextQuarantine({}, refused, { before: undefined, now: T });
  expect([isRetryDue(right, T + 59_000), isRetryDue(right, T + 60_000)]).toEqual([false, true]);
});

describe('an epoch that lies ahead', () => {
  const version = (
    epoch: number,
    counter = 1,
  ): { epoch: number; counter: number; generation: number } => ({ epoch, counter, generation: 1 });
  const say = (state: DeclaredState, epoch: number, port: number): DeclaredState =>
    planPartition(
      'k8s',
      state,
      [
        {
          ...slice(1, [exposure({ port })]),
          version: version(epoch),
          changes: [
            {
              what: 'updated',
              kind: 'Gateway',
              namespace: 'default',
              name: 'echo',
              resourceVersion: '1',
            },
          ],
        },
      ],
      { sameFleet: () => true, now: T },
    ).next;

  test('fences like any other, and is continued directly above', () => {
    const ahead = say(EMPTY_STATE, T + YEAR, 1_001);
    const behind = say(ahead, T, 1_002);
    expect(behind).toBe(ahead);
    expect(Object.keys(say(ahead, T + YEAR + 1, 1_003).exposures)).toEqual([
      '172.16.100.195:1003/tcp',
    ]);
  });

  test('leaves room above it for any clock, and is refused if no clock can have made it', () => {
    const latest = 2 ** 63 / 1e6;
    expect(ObservedRevision.safeParse({ epoch: Math.ceil(latest), counter: 1 }).success).toBe(true);
    expect(LATEST_EPOCH - latest).toBeGreaterThan(30 * YEAR);
    expect(ObservedRevision.safeParse({ epoch: LATEST_EPOCH + 1, counter: 1 }).success).toBe(false);
  });

  test('of a record makes an inventory of an earlier term answered with it, so that its watcher moves above', () => {
    const ahead = say(EMPTY_STATE, T + YEAR, 1_001);
    const { owner } = slice(1, []);
    const absence = {
      cluster: 'east',
      clusterUid: 'uid-east',
      device: 'bigip-1',
      version: version(T),
      absent: [owner],
    };
    expect(overtakenAbsences(absence, [ahead])).toMatchObject([
      { owner, version: version(T), exposures: [] },
    ]);
    expect(overtakenAbsences({ ...absence, version: version(T + YEAR, 0) }, [ahead])).toEqual([]);
    expect(overtakenAbsences({ ...absence, clusterUid: 'another' }, [ahead])).toEqual([]);
  });
});

test('the longest quarantine lasts an hour', () => {
  const refused = { code: 'BIP420', reason: 'refused' };
  const worn = nextQuarantine({ structure: 'x' }, refused, {
    before: { hash: 'x', ...refused, next: iso(T), tries: 20, members: 'follow' },
    now: T,
  });
  expect(worn.next).toBe(iso(T + HOUR));
  expect(isRetryDue(worn, T)).toBe(false);
});
