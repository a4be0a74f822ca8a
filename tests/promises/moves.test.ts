import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DeviceError } from '../../shared/device/errors.ts';
import type { Exposure } from '../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import type { World } from './support/world.ts';
import { CLUSTERS, createWorld, ownerOf } from './support/world.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const histories = tally('random histories');

/**
 * Red with the guard removed: without the removal pass in `applySeveral` (group.ts) the device
 * refuses moves as BIG-IP would; without `stuckMoves` (guards.ts) an exposure that should move to a
 * partition that cannot be written is removed.
 */
const PARTITIONS = ['one', 'two'] as const;

interface Place {
  readonly address: number;
  readonly partition: (typeof PARTITIONS)[number];
}

type Step =
  | { readonly kind: 'say'; readonly cluster: number; readonly places: readonly Place[] }
  | { readonly kind: 'work'; readonly faults: number }
  | { readonly kind: 'close'; readonly partition: Place['partition'] | undefined };

const places = fc.uniqueArray(
  fc.record({ address: fc.integer({ min: 1, max: 3 }), partition: fc.constantFrom(...PARTITIONS) }),
  { maxLength: 3, selector: (p) => p.address },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('say' as const), cluster: fc.nat(1), places }),
    fc.record({ kind: fc.constant('work' as const), faults: fc.nat(2) }),
    fc.record({
      kind: fc.constant('close' as const),
      partition: fc.constantFrom(undefined, ...PARTITIONS),
    }),
  ),
  { maxLength: 14 },
);

/** A random history rarely has it. */
const TO_A_CLOSED_PARTITION: Step[] = [
  { kind: 'say', cluster: 0, places: [{ address: 1, partition: 'one' }] },
  { kind: 'work', faults: 0 },
  { kind: 'close', partition: 'two' },
  { kind: 'say', cluster: 0, places: [{ address: 1, partition: 'two' }] },
  { kind: 'work', faults: 0 },
];

/** The clusters use different addresses, so no exposure conflicts. */
function exposureAt(cluster: number, { address, partition }: Place): Exposure {
  return exposure({
    address: `10.${cluster}.0.${address}`,
    partition,
    // Without shared nodes, which would have to be moved to /Common first (nodes.test.ts).
    members: [{ address: `10.244.${cluster}.${address}`, port: 80, availability: 'ready' }],
    gateways: [`ns/gw-${address}`],
  });
}

const declaredIn = (world: World): Readonly<Record<string, string>> =>
  Object.fromEntries(
    PARTITIONS.flatMap((partition) =>
      Object.keys(world.device.state(partition).exposures).map((key) => [key, partition]),
    ),
  );

const keyOf = (cluster: number, { address }: Place): string =>
  `10.${cluster}.0.${address}:32400/tcp`;

interface Site {
  readonly world: World;
  /** By cluster. */
  readonly latest: Map<number, readonly Place[]>;
  say(cluster: number, wants: readonly Place[]): Promise<void>;
  /** One batch, whose first declares fail. */
  work(faults: number): Promise<void>;
  close(partition: string | undefined): void;
}

function createSite(): Site {
  const world = createWorld({ partitions: PARTITIONS });
  const { device } = world;
  const latest = new Map<number, readonly Place[]>();
  const read = device.read.bind(device);
  let [closed, faults, counter]: [string | undefined, number, number] = [undefined, 0, 0];
  Object.assign(device, {
    read: (partition: string) =>
      partition === closed
        ? Promise.resolve({ kind: 'refused', code: 'OWN305', reason: 'changed by another client' })
        : read(partition),
  });
  device.before = (partition, next) => {
    if (faults-- > 0) throw new DeviceError('BIP503', 'transient', 'busy');
    const other = device.state(partition === 'one' ? 'two' : 'one').exposures;
    if (Object.keys(next.exposures).some((key) => key in other))
      throw new DeviceError('BIP423', 'content', 'the address belongs to another partition');
  };
  return {
    world,
    latest,
    say: async (cluster, wants) => {
      latest.set(cluster, wants);
      const owner = ownerOf(CLUSTERS[cluster]!);
      await world.send(
        slice(
          (counter += 1),
          wants.map((place) => exposureAt(cluster, place)),
          { owner, clusterUid: `uid-${owner}` },
        ),
      );
    },
    work: async (list) => {
      faults = list;
      await world.step();
      faults = 0;
      world.clock.advance(1_000);
    },
    close: (partition) => {
      closed = partition;
    },
  };
}

/**
 * An exposure that was declared and is still requested is still declared somewhere, unless a fault
 * left the move incomplete.
 */
async function workAndWatch(site: Site, faults: number): Promise<void> {
  const { world, latest } = site;
  const before = Object.keys(declaredIn(world));
  await site.work(faults);
  if (world.queues.messages('slices').length > 0) return;
  const wanted = [...latest].flatMap(([cluster, wants]) =>
    wants.map((place) => keyOf(cluster, place)),
  );
  expect(Object.keys(declaredIn(world))).toEqual(
    expect.arrayContaining(before.filter((key) => wanted.includes(key))),
  );
}

describe('promises of apply on a device with several partitions', () => {
  test('2 it converges and 6 nothing is lost: a moving exposure is declared in its old or new partition', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        histories();
        const site = createSite();
        const { world, latest } = site;
        for (const step of list) {
          if (step.kind === 'say') await site.say(step.cluster, step.places);
          else if (step.kind === 'close') site.close(step.partition);
          else await workAndWatch(site, step.faults);
        }
        site.close(undefined);
        await world.drain();
        for (const [cluster, wants] of latest) await site.say(cluster, wants);
        world.clock.advance(2 * 60 * 60_000);
        await world.drain();
        expect(declaredIn(world)).toEqual(
          Object.fromEntries(
            [...latest].flatMap(([cluster, wants]) =>
              wants.map((place) => [keyOf(cluster, place), place.partition]),
            ),
          ),
        );
      }),
      { numRuns: SEEDS, examples: [[TO_A_CLOSED_PARTITION]] },
    );
  });
});
