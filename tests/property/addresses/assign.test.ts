/**
 * What users can rely on with automatic addresses, in whatever order events arrive. Red with the
 * guard removed: without `keptAddress` in `chooseAll` (assign.ts) addresses change; without
 * `claimedAddress` (choose.ts) a wiped device assigns others; without `allocate`
 * (allocation-table.ts) two exposures of one batch get the same; without `foreign` in
 * `isAddressFree` (allocation-table.ts) a foreign one is assigned; without `isOpen` in `askersOf`
 * (assign.ts) a late event takes an address away from its owner.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { containsAddress, readAddressPool } from '../../../shared/domain/address-pools/pool.ts';
import { addressAt } from '../../../shared/domain/address-pools/range.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { asking, type MiniDevice, miniDevice, wish } from '../../fixtures/addresses.ts';
import { slice } from '../../fixtures/exposures.ts';

const POOL = { ranges: ['10.1.0.0/28', '10.1.9.3-10.1.9.5'], reserved: ['10.1.0.4-10.1.0.6'] };
const { free } = readAddressPool('web', POOL);
const OWNERS = ['east/a/gw', 'east/b/gw', 'west/a/gw', 'west/c/gw', 'north/a/gw', 'south/d/gw'];
/** east and west are a fleet. */
const sameFleet = (a: string, b: string): boolean =>
  new Set([a, b].map((owner) => owner.split('/')[0])).size === 2 &&
  [a, b].every((owner) => /^(east|west)\//.test(owner));
const fellows = (a: string, b: string): boolean =>
  a === b || (sameFleet(a, b) && a.split('/')[1] === b.split('/')[1]);

interface Step {
  readonly batch: readonly {
    readonly owner: string;
    readonly late: number;
    readonly ports: readonly number[];
    readonly age: number;
  }[];
}

const event = fc.record({
  owner: fc.constantFrom(...OWNERS),
  late: fc.constantFrom(0, 0, 0, 0, 1, 3),
  ports: fc.uniqueArray(fc.constantFrom(80, 443, 8443), { maxLength: 3 }),
  age: fc.nat(9),
});
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    batch: fc.uniqueArray(event, { minLength: 1, maxLength: 4, selector: ({ owner }) => owner }),
  }),
  { minLength: 1, maxLength: 25 },
);
/** Foreign addresses of the pool, few enough to leave one for each owner. */
const foreign = fc
  .subarray(
    Array.from({ length: 14 }, (_, i) => addressAt(free, BigInt(i)) ?? ''),
    { maxLength: 8 },
  )
  .map((list) =>
    list.map((address) => ({ path: `/Common/${address}`, partition: 'Common', address })),
  );

const sliceOf = (
  owner: string,
  counter: number,
  ports: readonly number[],
  more: { readonly age?: number; readonly claims?: readonly string[] } = {},
): Slice => {
  const { age = 0, claims = [] } = more;
  const gateways = [`${owner.split('/')[1]}/gw`];
  return asking(owner, counter, {
    pool: POOL,
    claims,
    removed: ports.length === 0,
    exposures: ports.map((port) => wish({ port, gateways, since: `2026-01-0${age}T00:00:00Z` })),
  });
};

/** Plays the steps; `look` checks the device after each. */
function play(
  device: MiniDevice,
  all: readonly Step[],
  look: (
    done: ReturnType<MiniDevice['apply']>,
    before: ReturnType<MiniDevice['addresses']>,
  ) => void,
): void {
  const counters = new Map<string, number>();
  for (const step of all) {
    const before = device.addresses();
    const slices = step.batch.map(({ owner, late, ports, age }) => {
      const newest = (counters.get(owner) ?? 10) + 1;
      if (late === 0) counters.set(owner, newest);
      return sliceOf(owner, newest - late, ports, { age });
    });
    look(device.apply(...slices), before);
  }
}

const start = (holders: MiniDevice['foreign']): MiniDevice =>
  Object.assign(miniDevice({ sameFleet }), { foreign: holders });

describe('automatic addresses', () => {
  test('come from the pool, are unused, and one for each owner', () => {
    fc.assert(
      fc.property(steps, foreign, (all, holders) => {
        const device = start(holders);
        play(device, all, ({ fresh, plans }) => {
          const late = plans.flatMap((plan) =>
            plan.entries.filter(({ kind }) => kind === 'superseded').map(({ owner }) => owner),
          );
          expect(
            fresh.filter(
              ({ owner, address }) =>
                late.includes(owner) || holders.some((one) => one.address === address),
            ),
          ).toEqual([]);
          const entries = Object.entries(device.addresses());
          for (const [owner, addresses] of entries) {
            expect(addresses).toHaveLength(1);
            const [address = ''] = addresses;
            expect(containsAddress(free, address)).toBe(true);
            expect(holders.map((one) => one.address)).not.toContain(address);
            for (const [other, theirs] of entries)
              if (!fellows(owner, other)) expect(theirs).not.toContain(address);
          }
        });
      }),
    );
  });

  test('stay while anything is exposed there, whatever comes late, twice or again', () => {
    fc.assert(
      fc.property(steps, foreign, (all, holders) => {
        const device = start(holders);
        play(device, all, (_, before) => {
          const after = device.addresses();
          for (const [owner, addresses] of Object.entries(before))
            expect(after[owner] ?? addresses).toEqual(addresses);
        });
      }),
    );
  });

  test('change nothing when everything is sent again, in any order and in any batches', () => {
    fc.assert(
      fc.property(
        steps,
        fc.shuffledSubarray(OWNERS, { minLength: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (all, order, size) => {
          const device = start([]);
          const newest = new Map<string, Slice>();
          for (const { batch } of all) {
            const slices = batch.map(({ owner, ports }) =>
              sliceOf(owner, (newest.get(owner)?.version.counter ?? 0) + 1, ports),
            );
            for (const one of slices) newest.set(one.owner, one);
            device.apply(...slices);
          }
          const before = device.states;
          const again = order.flatMap((owner) => newest.get(owner) ?? []);
          for (let i = 0; i < again.length; i += size) device.apply(...again.slice(i, i + size));
          expect(device.states).toEqual(before);
        },
      ),
    );
  });

  test('come back to a wiped device by their claims, in any order and in any batches', () => {
    fc.assert(
      fc.property(
        steps,
        fc.shuffledSubarray(OWNERS, { minLength: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (all, order, size) => {
          const device = start([]);
          play(device, all, () => undefined);
          const before = device.addresses();
          device.wipe();
          const again = order
            .filter((owner) => before[owner] !== undefined)
            .map((owner) => sliceOf(owner, 100, [443], { claims: before[owner] ?? [] }));
          for (let i = 0; i < again.length; i += size) device.apply(...again.slice(i, i + size));
          expect(device.addresses()).toEqual(before);
          expect(device.apply(...again).fresh).toEqual([]);
        },
      ),
    );
  });

  test('are all assigned before the pool is reported as exhausted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (count) => {
        const device = start([]);
        const owners = Array.from({ length: count }, (_, i) => `north/ns-${i}/gw`);
        const { held } = device.apply(...owners.map((owner) => sliceOf(owner, 1, [443])));
        expect(Object.keys(device.addresses())).toHaveLength(Math.min(count, 14));
        expect(held).toHaveLength(Math.max(0, count - 14));
        device.apply(
          ...owners
            .slice(0, 3)
            .map((owner) => slice(2, [], { owner, clusterUid: 'uid-north', removed: true })),
        );
        device.apply(...owners.slice(3).map((owner) => sliceOf(owner, 2, [443])));
        expect(Object.keys(device.addresses())).toHaveLength(Math.min(Math.max(0, count - 3), 14));
      }),
    );
  });
});
