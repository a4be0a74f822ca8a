/** Whose paths are whose: two clusters with one route, a cluster with a new id, another partition. */
import { describe, expect, test } from '@jest/globals';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { memberAt, networkOf, pathSlice, podOn, routeTo, viaOf } from '../../fixtures/paths.ts';
import { createWorld, ownerOf, type World } from '../../promises/support/world.ts';

const MINUTE = 60_000;
const [P1, P2, P3] = [podOn(1), podOn(2), podOn(3)];
const west = { owner: ownerOf('west'), clusterUid: 'uid-west' };

async function apply(world: World, ...slices: readonly Slice[]): Promise<void> {
  for (const one of slices) await world.send(one);
  await world.drain();
}
async function later(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  await world.audit(['k8s']);
  await world.drain();
}
const routed = (world: World): readonly string[] =>
  [...world.device.paths.units.active].map(([key, { to }]) => `${key} ${to}`).toSorted();
const routes = (...nodes: readonly number[]): readonly string[] =>
  nodes.map((n) => `route ${networkOf(n)} ${viaOf(n)}`);
const ownersOf = (world: World): readonly string[] =>
  [...world.device.paths.current().records.values()].map(({ owner }) => owner);

/** A slice of west with these pods, on a port of its own. */
function ofWest(counter: number, pods: readonly string[]): Slice {
  const members = pods.map((pod) => memberAt(pod));
  return slice(counter, [exposure({ port: 9, members })], {
    ...west,
    paths: pods.map((pod) => routeTo(pod)),
  });
}

describe('one route that two clusters need', () => {
  test('stays while one of them needs it, whoever asked for it first', async () => {
    for (const leaver of ['east', 'west']) {
      const world = createWorld({ modes: { east: 'routes', west: 'routes' } });
      await apply(world, pathSlice(1, [P1, P2]), ofWest(1, [P2, P3]));
      expect(routed(world)).toEqual(routes(1, 2, 3));
      await apply(world, leaver === 'east' ? pathSlice(2, [P1]) : ofWest(2, [P3]));
      await later(world, 10 * MINUTE);
      expect(routed(world)).toEqual(routes(1, 2, 3));
      await apply(world, leaver === 'east' ? ofWest(2, [P3]) : pathSlice(2, [P1]));
      await later(world, 10 * MINUTE);
      expect(routed(world)).toEqual(routes(1, 3));
    }
  });

  test('belongs to the remaining cluster with its next slice, and follows its node', async () => {
    const world = createWorld({ modes: { east: 'routes', west: 'routes' } });
    await apply(world, pathSlice(1, [P1, P2]), ofWest(1, [P2]));
    await apply(world, pathSlice(2, [P1]));
    await apply(world, ofWest(2, [P2]));
    expect(ownersOf(world)).toEqual([ownerOf('east'), ownerOf('west')]);
    const moved = { ...ofWest(3, [P2]), paths: [routeTo(P2, { via: viaOf(9) })] };
    await apply(world, moved);
    expect(routed(world)).toEqual([...routes(1), `route ${networkOf(2)} ${viaOf(9)}`]);
  });
});

describe('a cluster that has another id now', () => {
  const asEast = createWorld({ modes: { east: 'routes' } });
  /** The same device, without east in the configuration: it is called west. */
  const renamed = (): World => {
    const world = createWorld({ modes: { west: 'routes' } });
    const { config } = world;
    Object.assign(
      config,
      SluiceConfig.parse({
        ...config,
        clusters: config.clusters.filter(({ id }) => id !== 'east'),
        ingresses: config.ingresses.filter(({ cluster }) => cluster !== 'east'),
      }),
    );
    return Object.assign(world, { device: world.device });
  };

  test('loses the paths of the old one once that is forgotten', async () => {
    await apply(asEast, pathSlice(1, [P1, P2]));
    const world = renamed();
    const { units, journals } = world.device.paths;
    for (const [key, one] of asEast.device.paths.units.active) units.active.set(key, one);
    for (const [number, lines] of asEast.device.paths.journals) journals.set(number, lines);
    world.device.partitions.set('k8s', asEast.device.partitions.get('k8s')!);
    await later(world, 120 * MINUTE);
    expect(routed(world)).toEqual(routes(1, 2));
    const { version } = pathSlice(1, []);
    const upTo = { [ownerOf('east')]: version };
    const order = {
      action: 'forget',
      device: 'bigip-1',
      cluster: 'east',
      upTo,
      whole: true,
    } as const;
    await world.steer(order);
    await world.drain();
    await apply(world, ofWest(1, [P2]));
    await later(world, 120 * MINUTE);
    expect(routed(world)).toEqual(routes(2));
    expect(ownersOf(world).filter((one) => one === ownerOf('west'))).toHaveLength(1);
  });
});

describe('a partition that is not in the configuration any more', () => {
  test('keeps the paths of the members that are declared there', async () => {
    const world = createWorld({ modes: { east: 'routes' }, partitions: ['k8s', 'second'] });
    const exposures = [
      exposure({ members: [memberAt(P1)] }),
      exposure({ address: '172.16.100.196', partition: 'second', members: [memberAt(P2)] }),
    ];
    const paths = [routeTo(P1), routeTo(P2)];
    await apply(world, slice(1, exposures, { paths }));
    Object.assign(world.config.devices[0]!, { partitions: ['k8s'] });
    const { declared } = world.device.partitions.get('second')!;
    const abandoned = [{ partition: 'second', state: declared! }];
    Object.assign(world.device, { abandoned: () => Promise.resolve(abandoned) });
    await apply(world, pathSlice(2, [P1]));
    await later(world, 120 * MINUTE);
    await later(world, 120 * MINUTE);
    expect(routed(world)).toEqual(routes(1, 2));
  });
});
