import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE, isSameContent } from '../../../shared/domain/declared/declared.ts';
import type { Fleet } from '../../../shared/domain/plan/fleet.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { settings } from '../../fixtures/arbitraries.ts';
import { CLUSTERS, fleet, offer, ownerOf, under } from '../../fixtures/fleets.ts';
import { slice } from '../../fixtures/exposures.ts';

/**
 * Promise 2 for shared exposures: they converge, in whatever order events arrive. The first three
 * are red without `settleSharedExposures` (plan.ts).
 */
const wishes = fc.uniqueArray(
  fc.record({
    cluster: fc.constantFrom(...CLUSTERS),
    pods: fc.integer({ min: 0, max: 3 }),
    since: fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'),
    settings: settings.map((all) => ({ ...all, mode: 'tcp' as const })),
  }),
  { minLength: 2, maxLength: 3, selector: ({ cluster }) => cluster },
);

const fleets: fc.Arbitrary<Fleet> = fc
  .tuple(
    fc.constantFrom('active-active' as const, 'ratio' as const, 'active-standby' as const),
    fc.integer({ min: 1, max: 5 }),
    fc.shuffledSubarray([...CLUSTERS], { minLength: 4 }),
    fc.boolean(),
    settings,
  )
  .map(([mode, some, clusters, says, all]) =>
    fleet({
      mode,
      clusters,
      ratio: { east: some },
      minimumActive: some,
      settings: says ? { balance: all.balance, iRules: all.iRules, vlans: all.vlans } : {},
    }),
  );

function orders<T>(list: readonly T[]): readonly (readonly T[])[] {
  if (list.length < 2) return [list];
  return list.flatMap((first, i) => orders(list.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

const after = (
  slices: readonly Slice[],
  rules: PlanRules,
  from: DeclaredState = EMPTY_STATE,
): DeclaredState =>
  slices.reduce((state, one) => planPartition('k8s', state, [one], rules).next, from);

describe('what several clusters share', () => {
  test('is the same after every order of arrival, and after all at once', () => {
    fc.assert(
      fc.property(wishes, fleets, fc.boolean(), (asked, one, shareNodes) => {
        const rules = { ...under(one), shareNodes };
        const slices = asked.map(({ cluster, ...rest }) => offer(cluster, rest));
        const [first, ...others] = [
          ...orders(slices).map((order) => after(order, rules)),
          planPartition('k8s', EMPTY_STATE, slices, rules).next,
        ];
        for (const other of others) expect(isSameContent(other, first)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('does not depend on former owners: after an owner leaves, the result is as if it had never been there', () => {
    fc.assert(
      fc.property(wishes, fleets, fc.nat(), (asked, one, pick) => {
        const rules = under(one);
        const slices = asked.map(({ cluster, ...rest }) => offer(cluster, rest));
        const { cluster } = asked[pick % asked.length]!;
        const left = after(
          [slice(2, [], { owner: ownerOf(cluster), clusterUid: `uid-${cluster}`, removed: true })],
          rules,
          after(slices, rules),
        );
        const without = after(
          slices.filter(({ owner }) => owner !== ownerOf(cluster)),
          rules,
        );
        expect(left.exposures).toEqual(without.exposures);
      }),
      { numRuns: 150 },
    );
  });

  test('follows another fleet at once, whichever cluster sends first, and then nothing is left to do', () => {
    fc.assert(
      fc.property(wishes, fleets, fleets, fc.nat(), (asked, before, now, pick) => {
        const slices = asked.map(({ cluster, ...rest }) => offer(cluster, rest));
        const state = after(slices, under(before));
        const changed = after([slices[pick % slices.length]!], under(now), state);
        expect(changed.exposures).toEqual(after(slices, under(now)).exposures);
        for (const one of slices)
          expect(planPartition('k8s', changed, [one], under(now)).changed).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test('is split in the same way, whichever cluster sends first, when the fleets no longer join them', () => {
    fc.assert(
      fc.property(wishes, fleets, fc.subarray([...CLUSTERS]), (asked, before, together) => {
        const slices = asked.map(({ cluster, ...rest }) => offer(cluster, rest));
        const state = after(slices, under(before));
        const rules = under(fleet({ clusters: together }));
        const [first, ...others] = orders(slices).map((order) => after(order, rules, state));
        for (const other of others) expect(other.exposures).toEqual(first!.exposures);
        // No owner is lost: one without a part has a claim.
        for (const { owner } of slices) {
          const has = Object.values(first!.exposures).some((e) =>
            e.contributions.some((c) => c.owner === owner),
          );
          expect(has || first!.owners[owner]?.claims !== undefined).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
