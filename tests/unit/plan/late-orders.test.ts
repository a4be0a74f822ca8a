/**
 * Orders that arrive twice, late, or after a newer one, and orders about owners that no longer
 * exist.
 */
import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { OwnerRecord } from '../../../shared/domain/declared/owner-record.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import type { ClusterOrder, Steering } from '../../../shared/domain/steering/steering.ts';
import { orderSubject } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const SECOND = 'east/istio-system/second';
const NOW = Date.parse('2026-03-01T00:00:00.000Z');
const iso = (ms: number): string => new Date(ms).toISOString();
const record = (more: Partial<OwnerRecord> = {}): OwnerRecord => ({
  version: { epoch: 1, counter: 1, generation: 1 },
  clusterUid: 'uid-east',
  ...more,
});
const order = (steering: Omit<ClusterOrder, 'device' | 'cluster'> & object): Steering =>
  ({ device: 'bigip-1', cluster: 'east', ...steering }) as Steering;

function after(
  before: DeclaredState,
  orders: readonly (readonly [Steering, at: number])[],
  { slices = [], ...rules }: Partial<PlanRules> & { readonly slices?: readonly Slice[] } = {},
): DeclaredState {
  return planPartition('k8s', before, slices, {
    sameFleet: () => false,
    now: NOW,
    orders: orders.map(([steering, at]) => ({ steering, at })),
    ...rules,
  }).next;
}

describe('a drain', () => {
  const drain = (mode: 'drain' | 'out', more: object = {}): Steering =>
    order({ action: 'drain', mode, because: 'maintenance', ...more } as never);

  test.each([
    ['up to five minutes ahead of our clock keeps its time', 5 * 60_000, NOW + 5 * 60_000],
    ['further ahead counts from now', 5 * 60_000 + 1, NOW],
  ])('sent %s', (_, ahead, since) => {
    const { drains, steered } = after(EMPTY_STATE, [[drain('drain'), NOW + ahead]]);
    expect([drains?.['east']?.since, steered?.['east']]).toEqual([iso(since), iso(since)]);
  });

  test('that is repeated keeps the time of the first; one in another mode has its own', () => {
    const first = after(EMPTY_STATE, [[drain('drain'), NOW - 9_000]]);
    expect(after(first, [[drain('drain'), NOW]]).drains?.['east']?.since).toBe(iso(NOW - 9_000));
    expect(after(first, [[drain('out'), NOW]]).drains?.['east']?.since).toBe(iso(NOW));
  });

  describe('because of silence', () => {
    const silent = { silent: { seen: iso(NOW - 60_000), speaking: ['west'] } };
    const declared = (owners: DeclaredState['owners'], more: Partial<DeclaredState> = {}) =>
      declaredState(owners, [], more);
    const east = (before: DeclaredState, mode: 'drain' | 'out' = 'drain') =>
      after(before, [[drain(mode, silent), NOW]]).drains?.['east'];

    test('applies if no owner of the cluster sent anything since', () => {
      const quiet = record({ seen: iso(NOW - 60_000) });
      expect(east(declared({ [EAST]: quiet, [SECOND]: record() }))).toMatchObject({ silent: true });
    });

    test('is void if one of several owners sent something since', () => {
      const owners = {
        [EAST]: record({ seen: iso(NOW - 60_000) }),
        [SECOND]: record({ seen: iso(NOW - 59_999) }),
      };
      expect(east(declared(owners))).toBeUndefined();
    });

    test('replaces one of its kind, and none that a person ordered', () => {
      const drained = (by: object) => ({
        drains: { east: { mode: 'drain' as const, since: iso(0), because: 'x', ...by } },
      });
      expect(east(declared({}, drained({ silent: true })), 'out')).toMatchObject({ mode: 'out' });
      expect(east(declared({}, drained({})), 'out')).toMatchObject({ mode: 'drain' });
    });
  });
});

describe('an order to forget', () => {
  const forget = (whole: boolean): Steering =>
    order({
      action: 'forget',
      upTo: { [EAST]: { epoch: 1, counter: 1, generation: 1 } },
      whole,
    } as never);
  const drained = { drains: { east: { mode: 'out' as const, since: iso(0), because: 'x' } } };

  test('again keeps the time at which the owner went', () => {
    const gone = declaredState({ [EAST]: record({ gone: iso(NOW - 60_000) }) }, []);
    expect(after(gone, [[forget(true), NOW]]).owners[EAST]?.gone).toBe(iso(NOW - 60_000));
  });

  test('ends what the owner waits for, so that it gets nothing later', () => {
    const west = slice(1, [exposure()], { owner: 'west/a/b', clusterUid: 'uid-west' });
    const both = planPartition('k8s', EMPTY_STATE, [west], { sameFleet: () => false, now: NOW });
    const waits = planPartition('k8s', both.next, [slice(1, [exposure()])], {
      sameFleet: () => false,
      now: NOW,
    }).next;
    expect(waits.owners[EAST]).toHaveProperty('claims');
    const forgotten = after(waits, [[forget(true), NOW]]);
    expect(forgotten.owners[EAST]).not.toHaveProperty('claims');
    const free = slice(2, [], { owner: 'west/a/b', clusterUid: 'uid-west' });
    expect(after(forgotten, [], { slices: [free] }).exposures).toEqual({});
  });

  test('ends the drain of a cluster only if all of it is forgotten', () => {
    const declared = declaredState({ [EAST]: record() }, [], drained);
    expect(after(declared, [[forget(true), NOW]]).drains).toBeUndefined();
    expect(after(declared, [[forget(false), NOW]]).drains).toEqual(drained.drains);
  });

  test('is not stopped by a newer event of another ingress of the cluster', () => {
    const declared = planPartition(
      'k8s',
      EMPTY_STATE,
      [slice(1, [exposure()]), slice(1, [exposure({ port: 2 })], { owner: SECOND })],
      { sameFleet: () => false, now: NOW },
    ).next;
    const newer = slice(9, [exposure({ port: 2 })], { owner: SECOND });
    const { exposures } = after(declared, [[forget(false), NOW]], { slices: [newer] });
    expect(Object.keys(exposures)).toEqual(['172.16.100.195:2/tcp']);
  });
});

describe('an adoption', () => {
  const adopt = (clusterUid: string): Steering => order({ action: 'adopt', clusterUid } as never);

  test('lists the clusters that it replaces in order, and none if it replaces none', () => {
    const owners = {
      [EAST]: record({ clusterUid: 'uid-b' }),
      [SECOND]: record({ clusterUid: 'uid-a' }),
    };
    expect(after(declaredState(owners, []), [[adopt('uid-new'), NOW]]).replaced).toEqual({
      east: ['uid-a', 'uid-b'],
    });
    const same = after(declaredState({ [EAST]: record() }, []), [[adopt('uid-east'), NOW]]);
    expect(same).not.toHaveProperty('replaced');
  });

  test('back ends the replacement', () => {
    const replaced = declaredState({ [EAST]: record() }, [], { replaced: { east: ['uid-east'] } });
    expect(after(replaced, [[adopt('uid-east'), NOW]])).not.toHaveProperty('replaced');
  });

  test('forgets the rival of what it adopts, and of nothing else', () => {
    const rival = { clusterUid: 'uid-new', since: iso(NOW) };
    const owners = {
      [EAST]: record({ clusterUid: 'uid-old', rival }),
      [SECOND]: record({ clusterUid: 'uid-new', rival: { ...rival, clusterUid: 'uid-third' } }),
    };
    const next = after(declaredState(owners, []), [[adopt('uid-new'), NOW]]).owners;
    expect(next[EAST]).toEqual(record({ clusterUid: 'uid-new' }));
    expect(next[SECOND]?.rival?.clusterUid).toBe('uid-third');
  });

  test('is not undone by an older one that arrives later', () => {
    const declared = declaredState({ [EAST]: record() }, []);
    const newer = after(declared, [[adopt('uid-new'), NOW]]);
    expect(after(newer, [[adopt('uid-older'), NOW - 1]])).toEqual(newer);
  });
});

test('an order to try again about an unknown owner changes nothing, and is about that owner', () => {
  const retry: Steering = { action: 'retry', device: 'bigip-1', owner: EAST };
  expect(after(EMPTY_STATE, [[retry, NOW]])).toEqual(EMPTY_STATE);
  expect(orderSubject(retry)).toBe(EAST);
});
