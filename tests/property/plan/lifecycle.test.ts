/**
 * Slices, inventories and orders for one device, in any order and any number of times. Red with the
 * guard removed: without `isOvertaken` (apply-orders.ts) the first, without `isMissed`
 * (remove-absent.ts) or when `forget` drops a fence the second, without `compareVersions` in
 * `checkFence` (fence.ts) both.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Absence } from '../../../shared/domain/snapshot/absence.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import { compareVersions } from '../../../shared/domain/revision.ts';
import type { Version } from '../../../shared/domain/revision.ts';
import {
  isOwnerOrder,
  type Order,
  type Steering,
} from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const CLUSTERS = ['east', 'west'] as const;
const ownerOf = (cluster: string): string => `${cluster}/istio-system/istio-ingressgateway`;
const uidOf = (cluster: string): string => `uid-${cluster}`;
const EPOCH = Date.parse('2026-01-01T00:00:00.000Z');

type Event = { readonly slice: Slice } | { readonly absence: Absence } | { readonly order: Order };

const version = (counter: number): Version => ({ epoch: 1, counter, generation: 1 });
const cluster = fc.constantFrom(...CLUSTERS);
const slices = fc
  .record({
    cluster,
    counter: fc.integer({ min: 1, max: 30 }),
    ports: fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
  })
  .map(
    // A version has one content, whoever sends it again.
    ({ cluster: id, counter, ports }): Event => ({
      slice: slice(
        counter,
        (counter % 3 === 0 ? [] : ports.slice(0, 1).concat(counter % 3))
          .filter((p, i, all) => all.indexOf(p) === i)
          .map((port) =>
            exposure({
              port,
              members: [
                { address: `10.${CLUSTERS.indexOf(id)}.0.1`, port: 80, availability: 'ready' },
              ],
            }),
          ),
        { owner: ownerOf(id), clusterUid: uidOf(id) },
      ),
    }),
  );
const absences = fc
  .record({ cluster, counter: fc.integer({ min: 1, max: 30 }) })
  .map(({ cluster: id, counter }): Event => ({
    absence: {
      cluster: id,
      clusterUid: uidOf(id),
      device: 'bigip-1',
      version: version(counter),
      absent: [ownerOf(id)],
    },
  }));
const order = (steering: Record<string, unknown>, at: number): Event => ({
  order: { steering: { device: 'bigip-1', ...steering } as Steering, at: EPOCH + at },
});
const drains = fc
  .record({ cluster, at: fc.nat(50), mode: fc.constantFrom('drain', 'out', 'enable') })
  .map(({ cluster: id, at, mode }) =>
    order(
      mode === 'enable'
        ? { action: 'enable', cluster: id }
        : { action: 'drain', cluster: id, mode, because: `order ${at}` },
      at,
    ),
  );
const forgets = fc
  .record({ cluster, counter: fc.integer({ min: 1, max: 30 }), at: fc.nat(50) })
  .map(({ cluster: id, counter, at }) =>
    order(
      { action: 'forget', cluster: id, upTo: { [ownerOf(id)]: version(counter) }, whole: false },
      at,
    ),
  );
const anything = fc.oneof(slices, absences, drains, forgets);

function play(
  events: readonly Event[],
  check: (before: DeclaredState, after: DeclaredState) => void = () => undefined,
): DeclaredState {
  return events.reduce<DeclaredState>((state, event, i) => {
    const rules = {
      sameFleet: () => true,
      now: EPOCH + i,
      ...('absence' in event ? { absences: [event.absence] } : {}),
      ...('order' in event ? { orders: [event.order] } : {}),
    };
    const { next } = planPartition('k8s', state, 'slice' in event ? [event.slice] : [], rules);
    check(state, next);
    return next;
  }, EMPTY_STATE);
}

describe('the life of clusters', () => {
  test('the newest order about a cluster applies, in any order of arrival and however often repeated', () => {
    const unique = fc.uniqueArray(drains, {
      minLength: 1,
      maxLength: 8,
      selector: (e) => ('order' in e ? e.order.at : 0),
    });
    const scene = fc.tuple(unique, fc.array(slices, { maxLength: 8 })).chain(([orders, others]) =>
      fc.tuple(
        fc.constant(orders),
        fc.shuffledSubarray([...orders, ...orders, ...others], {
          minLength: orders.length * 2 + others.length,
        }),
      ),
    );
    fc.assert(
      fc.property(scene, ([orders, events]) => {
        const state = play(events);
        for (const id of CLUSTERS) {
          const own = orders.flatMap((e) =>
            'order' in e && !isOwnerOrder(e.order.steering) && e.order.steering.cluster === id
              ? [e.order]
              : [],
          );
          const newest = own.toSorted((a, b) => b.at - a.at)[0]?.steering;
          expect(state.drains?.[id]?.mode).toBe(
            newest?.action === 'drain' ? newest.mode : undefined,
          );
        }
      }),
      { numRuns: 400 },
    );
  });

  test('no fence is ever lowered, nothing older comes back, and repeating changes nothing', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 25 }), (events) => {
        const state = play(events, (before, after) => {
          for (const [owner, record] of Object.entries(before.owners))
            expect(
              compareVersions(after.owners[owner]!.version, record.version),
            ).toBeGreaterThanOrEqual(0);
          for (const { contributions } of Object.values(after.exposures))
            for (const { owner } of contributions) expect(after.owners[owner]).toBeDefined();
        });
        const last = events.at(-1);
        if (last) expect(play([...events, last]).exposures).toEqual(state.exposures);
      }),
      { numRuns: 400 },
    );
  });

  test('slices and inventories lead to the same state in any order, once each owner has sent one', () => {
    const heard = CLUSTERS.map((id): Event => ({
      slice: slice(0, [exposure({ port: 9 })], { owner: ownerOf(id), clusterUid: uidOf(id) }),
    }));
    const distinct = fc.uniqueArray(fc.oneof(slices, absences), {
      maxLength: 8,
      selector: (e) =>
        'slice' in e
          ? `${e.slice.owner} ${e.slice.version.counter}`
          : 'absence' in e
            ? `${ownerOf(e.absence.cluster)} ${e.absence.version.counter}`
            : '',
    });
    const scene = distinct.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
    );
    const memberships = (state: DeclaredState): readonly string[] =>
      Object.entries(state.exposures)
        .flatMap(([key, e]) => e.contributions.map((c) => `${parseOwner(c.owner).cluster} ${key}`))
        .sort();
    fc.assert(
      fc.property(scene, ([events, shuffled]) =>
        expect(memberships(play([...heard, ...shuffled]))).toEqual(
          memberships(play([...heard, ...events])),
        ),
      ),
      { numRuns: 400 },
    );
  });
});
