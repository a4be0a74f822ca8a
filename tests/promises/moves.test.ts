import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DeviceError } from '../../shared/bigip/errors.ts';
import type { Exposure } from '../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { SEEDS } from './support/seeds.ts';
import type { World } from './support/world.ts';
import { CLUSTERS, createWorld, ownerOf } from './support/world.ts';

/**
 * Red with the guard removed: without the pass of what leaves in `applySeveral` (group.ts) moves are refused as BIG-IP would; without
 * `stuckMoves` (guards.ts) what is to move to a partition that cannot be written is gone.
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

const places = fc.uniqueArray(fc.record({ address: fc.integer({ min: 1, max: 3 }), partition: fc.constantFrom(...PARTITIONS) }), { maxLength: 3, selector: (p) => p.address });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('say' as const), cluster: fc.nat(1), places }),
    fc.record({ kind: fc.constant('work' as const), faults: fc.nat(2) }),
    fc.record({ kind: fc.constant('close' as const), partition: fc.constantFrom(undefined, ...PARTITIONS) }),
  ),
  { maxLength: 14 },
);

/** The addresses of the clusters are apart, so that nobody has to yield. */
function exposureAt(cluster: number, { address, partition }: Place): Exposure {
  return exposure({ address: `10.${cluster}.0.${address}`, partition, gateways: [`ns/gw-${address}`] });
}

const declaredIn = (world: World): Readonly<Record<string, string>> => Object.fromEntries(PARTITIONS.flatMap((partition) => Object.keys(world.device.state(partition).exposures).map((key) => [key, partition])));

describe('promises of apply on a device with several partitions', () => {
  test('2 it converges and 6 nothing is lost on the way: what moves is where it was or where it is to be, whatever cannot be written', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const world = createWorld({ partitions: PARTITIONS });
        const { device } = world;
        const read = device.read.bind(device);
        let closed: string | undefined;
        let faults = 0;
        Object.assign(device, { read: (partition: string) => (partition === closed ? Promise.resolve({ kind: 'refused', code: 'OWN305', reason: 'changed by somebody' }) : read(partition)) });
        device.before = (partition, next) => {
          if (faults-- > 0) throw new DeviceError('BIP503', 'transient', 'busy');
          const other = device.state(partition === 'one' ? 'two' : 'one').exposures;
          if (Object.keys(next.exposures).some((key) => key in other)) throw new DeviceError('BIP423', 'content', 'the address belongs to another partition');
        };
        let counter = 0;
        const latest = new Map<number, readonly Place[]>();
        const say = async (cluster: number, wants: readonly Place[]): Promise<void> => {
          latest.set(cluster, wants);
          const owner = ownerOf(CLUSTERS[cluster]!);
          await world.send(slice((counter += 1), wants.map((place) => exposureAt(cluster, place)), { owner, clusterUid: `uid-${owner}` }));
        };
        for (const step of list) {
          if (step.kind === 'say') await say(step.cluster, step.places);
          else if (step.kind === 'close') closed = step.partition;
          else {
            const before = declaredIn(world);
            faults = step.faults;
            const owed = world.queues.messages('slices').length > 0;
            await world.step();
            const interrupted = step.faults > 0;
            faults = 0;
            // Nothing stopped it: what is still wanted somewhere is still declared somewhere.
            const wanted = new Set([...latest].flatMap(([cluster, wants]) => wants.map((place) => `10.${cluster}.0.${place.address}:32400/tcp`)));
            if (owed && !interrupted && world.queues.messages('slices').length === 0) for (const key of Object.keys(before)) if (wanted.has(key)) expect(Object.keys(declaredIn(world))).toContain(key);
            world.clock.advance(1_000);
          }
        }
        closed = undefined;
        await world.drain();
        for (const [cluster, wants] of latest) await say(cluster, wants);
        world.clock.advance(2 * 60 * 60_000);
        await world.drain();
        expect(declaredIn(world)).toEqual(Object.fromEntries([...latest].flatMap(([cluster, wants]) => wants.map((place) => [`10.${cluster}.0.${place.address}:32400/tcp`, place.partition]))));
      }),
      { numRuns: SEEDS },
    );
  }, 120_000);
});
