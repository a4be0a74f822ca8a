import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DeviceError } from '../../shared/device/errors.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../shared/domain/declared/declared.ts';
import type { Exposure, Slice } from '../../shared/domain/exposure/exposure.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import { approvalsFor } from '../../shared/operations/approve/approve.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import type { World } from './support/world.ts';
import { CLUSTERS, createWorld, ownerOf } from './support/world.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const histories = tally('random histories');

/**
 * Red with the guard removed: with `shareNodes: partitions.length > 1` in group.ts, pools are empty
 * for a moment without an approval; without `nodesWaitedFor` (upsert-exposure.ts) the device
 * refuses nodes as BIG-IP does; without `stuckRelocations` or `withArriving` (moves.ts) exposures
 * that should move are removed.
 */
const PARTITIONS = ['one', 'two', 'three'] as const;
type Partition = (typeof PARTITIONS)[number];

interface Wish {
  /** Last octet of the virtual address. */
  readonly address: number;
  readonly partition: Partition;
  readonly pods: readonly number[];
}

type Step =
  | { readonly kind: 'say'; readonly cluster: number; readonly wishes: readonly Wish[] }
  | { readonly kind: 'approve'; readonly cluster: number }
  | { readonly kind: 'work'; readonly faults: number };

const wishes = fc.uniqueArray(
  fc.record({
    address: fc.integer({ min: 1, max: 3 }),
    partition: fc.constantFrom(...PARTITIONS),
    pods: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
  }),
  { maxLength: 3, selector: ({ address }) => address },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('say' as const), cluster: fc.nat(1), wishes }),
    fc.record({ kind: fc.constant('approve' as const), cluster: fc.nat(1) }),
    fc.record({ kind: fc.constant('work' as const), faults: fc.nat(2) }),
  ),
  { maxLength: 14 },
);

const keyOf = (cluster: number, { address }: Wish): string => `10.${cluster}.0.${address}:80/tcp`;

function wished(cluster: number, { address, partition, pods }: Wish): Exposure {
  return exposure({
    address: `10.${cluster}.0.${address}`,
    port: 80,
    partition,
    members: pods.map((pod) => ({
      address: `10.244.0.${pod}`,
      port: 8080,
      availability: 'ready' as const,
    })),
    gateways: [`ns/gw-${address}`],
  });
}

function sliceOf(cluster: number, list: readonly Wish[], counter: number): Slice {
  const owner = ownerOf(CLUSTERS[cluster]!);
  const exposures = list.map((wish) => wished(cluster, wish));
  return slice(counter, exposures, { owner, clusterUid: `uid-${owner}` });
}

const nodesOf = (state: DeclaredState): ReadonlySet<string> =>
  new Set(
    Object.values(state.exposures).flatMap((e) =>
      e.contributions.flatMap((c) => c.members.map((m) => m.address)),
    ),
  );

interface Site {
  readonly world: World;
  /** By cluster. */
  readonly latest: Map<number, readonly Wish[]>;
  /** Partitions whose pools were empty for a moment. */
  readonly interrupted: string[];
  /** Nodes that BIG-IP refused. */
  readonly refused: string[];
  say(cluster: number, list: readonly Wish[]): Promise<void>;
  /** As `sluice approve` does; resolves with the partitions that were shown. */
  approve(cluster: number): Promise<readonly string[]>;
  work(faults: number): Promise<void>;
}

/** Two pools with the same pod in what was the only partition; the others were added since. */
const EARLIER: readonly Wish[] = [
  { address: 1, partition: 'one', pods: [1] },
  { address: 2, partition: 'one', pods: [1, 2] },
];

async function createSite(): Promise<Site> {
  const world = createWorld({ partitions: PARTITIONS });
  const { device } = world;
  const latest = new Map<number, readonly Wish[]>();
  const [interrupted, refused]: [string[], string[]] = [[], []];
  let [faults, counter] = [0, 1];
  const before = planPartition('one', EMPTY_STATE, [sliceOf(0, EARLIER, 1)], {
    sameFleet: () => false,
    now: world.clock.now(),
    shareNodes: false,
  });
  await device.declare('one', before.next, undefined);
  latest.set(0, EARLIER);
  device.before = (partition, next) => {
    if (faults-- > 0) throw new DeviceError('BIP503', 'transient', 'busy');
    const present = device.state(partition);
    const nodes = nodesOf(next);
    for (const other of PARTITIONS) {
      const there = device.state(other);
      if (other === partition || (there.shareNodes === true && next.shareNodes === true)) continue;
      const clash = [...nodesOf(there)].find((node) => nodes.has(node));
      if (clash === undefined) continue;
      refused.push(`${partition} ${clash} ${other}`);
      throw new DeviceError('BIP421', 'content', `static address ${clash} conflicts with ${other}`);
    }
    const moves = (present.shareNodes ?? false) !== next.shareNodes;
    if (moves && [...nodesOf(present)].some((node) => nodes.has(node))) interrupted.push(partition);
  };
  return {
    world,
    latest,
    interrupted,
    refused,
    say: async (cluster, list) => {
      latest.set(cluster, list);
      await world.send(sliceOf(cluster, list, (counter += 1)));
    },
    approve: async (cluster) => {
      const owner = ownerOf(CLUSTERS[cluster]!);
      const declared = PARTITIONS.map((partition) => ({
        device: 'bigip-1',
        partition,
        milliseconds: 1,
        state: device.state(partition),
      }));
      const held = PARTITIONS.some((one) => device.state(one).owners[owner]?.claims !== undefined);
      const approvals = held ? trying(() => approvalsFor(declared, owner, undefined)) : [];
      for (const { action: _action, device: _device, ...approval } of approvals)
        await world.approve(approval);
      return approvals.flatMap(({ shareNodes = [] }) => shareNodes);
    },
    work: async (list) => {
      faults = list;
      await world.step();
      faults = 0;
      world.clock.advance(1_000);
    },
  };
}

/** Nothing is held: it throws an error that says so. */
function trying<T>(work: () => readonly T[]): readonly T[] {
  try {
    return work();
  } catch {
    return [];
  }
}

const declaredIn = (world: World): Readonly<Record<string, string>> =>
  Object.fromEntries(
    PARTITIONS.flatMap((partition) =>
      Object.keys(world.device.state(partition).exposures).map((key) => [key, partition]),
    ),
  );

async function workAndWatch(site: Site, faults: number): Promise<void> {
  const { world, latest } = site;
  const before = Object.keys(declaredIn(world));
  await site.work(faults);
  if (world.queues.messages('slices').length > 0) return;
  const wanted = [...latest].flatMap(([cluster, list]) => list.map((wish) => keyOf(cluster, wish)));
  expect(Object.keys(declaredIn(world))).toEqual(
    expect.arrayContaining(before.filter((key) => wanted.includes(key))),
  );
}

describe('promises of apply about nodes that several partitions need', () => {
  test(
    'no pool is empty for a moment without an approval that names its partition, ' +
      'BIG-IP refuses nothing, what runs stays, and with approvals everything gets to ' +
      'its place',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (list) => {
          histories();
          const site = await createSite();
          const { world, latest } = site;
          const shown = new Set<string>();
          for (const step of list) {
            if (step.kind === 'say') await site.say(step.cluster, step.wishes);
            else if (step.kind === 'approve')
              for (const partition of await site.approve(step.cluster)) shown.add(partition);
            else await workAndWatch(site, step.faults);
            expect(site.interrupted.filter((partition) => !shown.has(partition))).toEqual([]);
          }
          await world.drain();
          expect(site.interrupted.filter((partition) => !shown.has(partition))).toEqual([]);
          // A change that waits for a move must first be recorded, and may then wait for a change
          // that moves after it.
          for (let i = 0; i < 4; i += 1) {
            for (const cluster of latest.keys()) await site.approve(cluster);
            await world.drain();
            for (const [cluster, wants] of latest) await site.say(cluster, wants);
            await world.drain();
          }
          expect(declaredIn(world)).toEqual(
            Object.fromEntries(
              [...latest].flatMap(([cluster, wants]) =>
                wants.map((wish) => [keyOf(cluster, wish), wish.partition]),
              ),
            ),
          );
          expect(site.refused).toEqual([]);
        }),
        { numRuns: SEEDS },
      );
    },
  );
});
