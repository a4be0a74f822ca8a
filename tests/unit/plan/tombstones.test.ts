import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const DAY = 24 * 60 * 60_000;
const { owner } = slice(1, []);
const other = { owner: 'east/apps/other-gateway' };
const plan = (
  declared: DeclaredState,
  slices: readonly Slice[],
  now: number,
): ReturnType<typeof planPartition> =>
  planPartition('k8s', declared, slices, { sameFleet: () => false, now });

const removed = plan(
  plan(EMPTY_STATE, [slice(1, [exposure()])], 0).next,
  [slice(2, [], { removed: true })],
  DAY,
).next;

describe('an owner that was removed', () => {
  test('is remembered with its time, so that an old event brings nothing back', () => {
    expect(removed.owners[owner]).toMatchObject({
      gone: '1970-01-02T00:00:00.000Z',
      version: { counter: 2 },
    });
    expect(plan(removed, [slice(1, [exposure()])], 2 * DAY).next).toBe(removed);
  });

  test('keeps its first time when its end is reported again', () => {
    expect(plan(removed, [slice(3, [], { removed: true })], 9 * DAY).next.owners[owner]?.gone).toBe(
      '1970-01-02T00:00:00.000Z',
    );
  });

  test('is back as soon as it requests an exposure', () => {
    expect(plan(removed, [slice(3, [exposure()])], 9 * DAY).next.owners[owner]).not.toHaveProperty(
      'gone',
    );
  });

  test('folds into the floor of its cluster after 30 days, with the next post that is made anyway', () => {
    expect(plan(removed, [slice(1, [exposure()])], 40 * DAY).changed).toBe(false);
    const early = plan(removed, [slice(3, [exposure()], other)], 30 * DAY).next;
    expect(early).not.toHaveProperty('floors');
    const late = plan(removed, [slice(3, [exposure()], other)], 31 * DAY).next;
    expect(Object.keys(late.owners)).toEqual([other.owner]);
    expect(late.floors).toEqual({ east: { epoch: 1, counter: 2, generation: 1 } });
  });
});

/**
 * Red without the check of the declared exposures: a later event of this owner, or of an unknown
 * one, would then find a floor and no record.
 */
test('an owner with a declared exposure is not folded, however long ago it was removed', () => {
  // The device refuses to remove it.
  const record = { ...removed.owners[owner]!, gone: '1970-01-01T00:00:00.000Z' };
  const { exposures } = plan(EMPTY_STATE, [slice(1, [exposure()])], 0).next;
  const later = plan(
    { ...removed, owners: { [owner]: record }, exposures },
    [slice(3, [exposure({ port: 9 })], other)],
    90 * DAY,
  ).next;
  expect(Object.keys(later.owners).sort()).toEqual([other.owner, owner].sort());
  expect(later).not.toHaveProperty('floors');
});

describe('the floor of a cluster', () => {
  const folded = plan(removed, [slice(3, [exposure({ port: 9 })], other)], 31 * DAY).next;

  test('still supersedes every old event of the owners it replaces', () => {
    for (const counter of [1, 2])
      expect(plan(folded, [slice(counter, [exposure()])], 50 * DAY)).toMatchObject({
        changed: false,
        entries: [{ kind: 'superseded' }],
      });
    expect(plan(folded, [slice(4, [exposure()])], 50 * DAY).next.exposures).toHaveProperty([
      '172.16.100.195:32400/tcp',
    ]);
  });

  test('does not affect owners with a record, nor other clusters', () => {
    expect(plan(folded, [slice(3, [], other)], 50 * DAY).next.exposures).toEqual({});
    expect(
      plan(
        folded,
        [slice(1, [exposure()], { owner: 'west/istio-system/gateway', clusterUid: 'uid-west' })],
        50 * DAY,
      ).entries,
    ).toMatchObject([{ kind: 'create' }]);
  });

  test('is only ever raised', () => {
    const again = plan(folded, [slice(9, [], { ...other, removed: true })], 50 * DAY).next;
    const higher = plan(again, [slice(10, [exposure()])], 90 * DAY).next;
    expect(higher.floors).toEqual({ east: { epoch: 1, counter: 9, generation: 1 } });
  });

  /** Red when a floor is set instead of raised. */
  test('is not lowered when an owner folds that ended at a lower version, in any order', () => {
    const gone = (name: string, counter: number) => ({
      [`east/apps/${name}`]: {
        version: { epoch: 1, counter, generation: 1 },
        clusterUid: 'uid-east',
        gone: '1970-01-01T00:00:00.000Z',
      },
    });
    for (const owners of [
      { ...gone('a', 9), ...gone('b', 4) },
      { ...gone('a', 4), ...gone('b', 9) },
    ]) {
      const next = plan({ owners, exposures: {} }, [slice(10, [exposure()], other)], 90 * DAY).next;
      expect(next.floors).toEqual({ east: { epoch: 1, counter: 9, generation: 1 } });
      expect(
        plan(next, [slice(7, [exposure({ port: 9 })], { owner: 'east/apps/b' })], 90 * DAY),
      ).toMatchObject({ changed: false, entries: [{ kind: 'superseded' }] });
    }
    const before = {
      ...EMPTY_STATE,
      floors: { east: { epoch: 1, counter: 9, generation: 1 } },
      owners: gone('b', 4),
    };
    expect(plan(before, [slice(10, [exposure()], other)], 90 * DAY).next.floors).toEqual(
      before.floors,
    );
  });

  test('keeps drains and the way of sharing nodes as they are', () => {
    const drains = {
      east: { mode: 'drain' as const, since: '2026-01-01T00:00:00.000Z', because: 'a test' },
    };
    expect(
      plan({ ...removed, drains, shareNodes: true }, [slice(3, [exposure()], other)], 31 * DAY)
        .next,
    ).toMatchObject({ drains, shareNodes: true });
  });
});
