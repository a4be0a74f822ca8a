/**
 * Everything small, in every order: nothing here is random.
 *
 * Red with the guard removed: without the comparison of versions in `checkFence` (fence.ts) a newer
 * version is rolled back; without `lostClaim` (upsert-exposure.ts) an address changes hands; when
 * every plan counts as changed (plan.ts) a repetition changes something.
 */
import { describe, expect, test } from '@jest/globals';
import { applyPartition } from '../../functions/apply/loop/run.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../shared/domain/declared/declared.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../shared/domain/exposure/exposure.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import { memoryDevice } from '../fixtures/device.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import type { Space } from './support/explore.ts';
import { everyChoice, explore } from './support/explore.ts';
import { tally } from './support/tally.ts';

const rules = { sameFleet: () => false };
const owners = ['a', 'b'].map((c) => `${c}/istio-system/gateway`);

function eventOf(owner: number, counter: number, ports: readonly number[]): Slice {
  return slice(
    counter,
    ports.map((port) =>
      exposure({ port, gateways: [`ns/gw-${port}`], since: `2026-01-0${owner + 1}T00:00:00Z` }),
    ),
    { owner: owners[owner]!, clusterUid: `uid-${owner}` },
  );
}

const eventsOf = (owner: number, wants: readonly (readonly number[])[]): readonly Slice[] =>
  wants.map((ports, i) => eventOf(owner, i + 1, ports));

function newest(events: readonly Slice[]): Slice[] {
  return [...Map.groupBy(events, (s) => s.owner).values()].map((list) =>
    list.reduce((a, b) => (compareVersions(a.version, b.version) > 0 ? a : b)),
  );
}

const planned = (
  state: DeclaredState,
  batch: readonly Slice[],
): { readonly next: DeclaredState; readonly changed: boolean } =>
  planPartition('k8s', state, newest(batch), rules);

/** Promises 3, 4 and 7 at every step. */
function checkStep(before: DeclaredState, batch: readonly Slice[], after: DeclaredState): void {
  for (const [owner, { version }] of Object.entries(before.owners))
    expect(compareVersions(after.owners[owner]!.version, version)).toBeGreaterThanOrEqual(0);
  for (const [key, { contributions }] of Object.entries(before.exposures)) {
    const { owner } = contributions[0]!;
    const known = before.owners[owner]!.version;
    const fresh = newest(batch).find(
      (s) => s.owner === owner && compareVersions(s.version, known) > 0,
    );
    if (fresh === undefined || fresh.exposures.some((e) => exposureKey(e) === key))
      expect(after.exposures[key]?.contributions.map((c) => c.owner)).toEqual([owner]);
  }
  expect(planned(after, batch).changed).toBe(false);
}

type Orders = Space<DeclaredState, Slice>;
const space = (
  events: readonly Slice[],
  more: Pick<Orders, 'copies' | 'together' | 'onEnd'>,
): Orders => ({
  start: EMPTY_STATE,
  events,
  step: (state, batch) => planned(state, batch).next,
  onStep: checkStep,
  ...more,
});

describe('all orders', () => {
  const seven = eventsOf(0, [[1], [1, 2], [], [2, 3], [1, 3], [3], [2]]);
  const straight = planned(EMPTY_STATE, seven).next;
  const orders = tally('orders of seven events, each of them twice');
  const parts = tally('orders of seven events in batches of any size');

  test('2 it converges: seven events of one ingress, each delivered twice', () => {
    const onEnd = (state: DeclaredState): void => expect(state).toEqual(straight);
    const { ways } = explore(space(seven, { copies: 2, onEnd }));
    orders(ways);
    expect(ways).toBe(681_080_400);
  });

  test('2 it converges: seven events of one ingress, in batches of any size', () => {
    const onEnd = (state: DeclaredState): void => expect(state).toEqual(straight);
    const { ways } = explore(space(seven, { copies: 1, together: 7, onEnd }));
    parts(ways);
    expect(ways).toBe(47_293);
  });

  // They want the same addresses in turns.
  const eight = [
    ...eventsOf(0, [[1], [1, 2], [], [2, 3]]),
    ...eventsOf(1, [[2], [1, 3], [3], [1, 2]]),
  ];
  const both = tally('orders of four events each of two owners, each of them twice');
  const mixed = tally('orders of four events each of two owners, in batches of any size');

  /** Who lost an address gets it with the next resync; what nobody wants is gone. */
  const settles = (state: DeclaredState): void => {
    const last = newest(eight);
    const again = last.map((one) => ({ ...one, version: { ...one.version, counter: 9 } }));
    const end = planned(planned(state, again).next, []).next;
    const wanted = new Set(last.flatMap((s) => s.exposures.map(exposureKey)));
    expect(new Set(Object.keys(end.exposures))).toEqual(wanted);
    for (const [key, { contributions }] of Object.entries(end.exposures)) {
      const holders = contributions.map(({ owner }) => owner);
      expect(holders).toHaveLength(1);
      expect(
        last.some((s) => s.owner === holders[0] && s.exposures.some((e) => exposureKey(e) === key)),
      ).toBe(true);
    }
  };

  test('7 only one owner: four events each of two owners, each delivered twice', () => {
    const { ways } = explore(space(eight, { copies: 2, onEnd: settles }));
    both(ways);
    expect(ways).toBe(81_729_648_000);
  });

  test('7 only one owner: four events each of two owners, in batches of any size', () => {
    const { ways } = explore(space(eight, { copies: 1, together: 8, onEnd: settles }));
    mixed(ways);
    expect(ways).toBe(545_835);
  });
});

describe('all interleavings of two processes at one device', () => {
  const tried = tally('interleavings of two processes, which are all');

  /** Lets one call of all that wait happen at a time, as chosen. */
  function turns(choose: (n: number) => number, processes: number): Turns {
    const waiting: (() => void)[] = [];
    let living = processes;
    const go = (): void => {
      if (living === 0 || waiting.length < living) return;
      const [next] = waiting.splice(choose(waiting.length), 1);
      next!();
    };
    return {
      before: async (work) => {
        const turn = Promise.withResolvers<void>();
        waiting.push(turn.resolve);
        go();
        await turn.promise;
        return work();
      },
      ended: () => {
        living -= 1;
        go();
      },
    };
  }

  test.each([
    ['two versions of one owner', [eventOf(0, 1, [1, 2]), eventOf(0, 2, [2, 3])]],
    ['two owners of one address', [eventOf(0, 1, [1, 2]), eventOf(1, 1, [2, 3])]],
  ])('3 newer is never rolled back: %s', async (_name, events) => {
    const runs = await everyChoice(async (choose) => {
      const device = memoryDevice();
      device.after = (before, next) => {
        for (const [owner, { version }] of Object.entries(before.owners))
          expect(compareVersions(next.owners[owner]!.version, version)).toBeGreaterThanOrEqual(0);
      };
      const { before, ended } = turns(choose, events.length);
      const apply = (event: Slice, through = device): Promise<unknown> =>
        applyPartition({
          device: through,
          partition: 'k8s',
          slices: [event],
          sameFleet: () => false,
          clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
          hasTime: () => true,
        });
      const slow = {
        ...device,
        read: (partition: string) => before(() => device.read(partition)),
        declare: (...args: Parameters<typeof device.declare>) =>
          before(() => device.declare(...args)),
        foreign: () => before(() => device.foreign()),
        verify: (...args: Parameters<typeof device.verify>) => before(() => device.verify(...args)),
      };
      const lost = new Set(events);
      await Promise.all(
        events.map((event) =>
          apply(event, slow)
            .then(
              () => lost.delete(event),
              () => undefined,
            )
            .finally(ended),
        ),
      );
      // The queue redelivers what lost too many races.
      for (const event of lost) await apply(event);
      const end = device.state();
      for (const event of newest(events))
        expect(end.owners[event.owner]!.version).toEqual(event.version);
      for (const key of newest(events).flatMap((s) => s.exposures.map(exposureKey)))
        expect(end.exposures[key]?.contributions).toHaveLength(1);
      expect(Object.keys(end.exposures)).toHaveLength(
        new Set(newest(events).flatMap((s) => s.exposures.map(exposureKey))).size,
      );
    });
    tried(runs);
    expect(runs).toBeGreaterThan(100);
  });
});

interface Turns {
  readonly before: <T>(work: () => Promise<T>) => Promise<T>;
  readonly ended: () => void;
}
