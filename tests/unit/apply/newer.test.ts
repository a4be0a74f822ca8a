/** A burst in several steps: what comes meanwhile is planned with what is left. */
import { expect, test } from '@jest/globals';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { createWorld, ownerOf } from '../../promises/support/world.ts';
import type { World } from '../../promises/support/world.ts';

const WEST = { owner: ownerOf('west'), clusterUid: 'uid-west' };
const pod = (n: number) => ({ address: `10.9.0.${n}`, port: 80, availability: 'ready' as const });
const burst = (counter: number, ports: number): Slice =>
  slice(
    counter,
    Array.from({ length: ports }, (_, i) => exposure({ port: i + 1, gateways: [`ns/gw-${i}`] })),
  );
const west = (counter: number, pods: readonly number[]): Slice =>
  slice(counter, [exposure({ address: '172.16.100.9', port: 9, members: pods.map(pod) })], WEST);

/** Two new exposures in each step. */
function small(): World {
  const declareSize = { ...BIGIP.declareSize, most: 10 };
  return createWorld({ capabilities: { ...BIGIP, declareSize } });
}

/** Each declare, and what comes while the first one runs. */
function watch(world: World, meanwhile: () => void = () => undefined): readonly DeclaredState[] {
  const states: DeclaredState[] = [];
  world.device.after = (_before, next) => {
    states.push(next);
    if (states.length === 1) meanwhile();
  };
  return states;
}

const podsOfWest = (state: DeclaredState | undefined): number =>
  Object.values(state?.exposures ?? {}).find((e) => e.port === 9)?.contributions[0]?.members
    .length ?? 0;
const settled = (world: World): readonly string[] =>
  world
    .settled()
    .map((one) => `${one.owner.split('/')[0]} ${one.version.counter}`)
    .toSorted();

test('a change of another owner waits for one step of a burst, not for all', async () => {
  const world = small();
  await world.send(west(1, [1]));
  await world.drain();
  const states = watch(world, () => void world.send(west(2, [1, 2])));
  await world.send(burst(1, 8));
  await world.step();
  // The rest was returned, and nothing is told of it.
  expect(states).toHaveLength(1);
  expect(settled(world)).toEqual(['west 1']);
  await world.step();
  expect(podsOfWest(states[1])).toBe(2);
  expect(Object.keys(world.device.state().exposures)).toHaveLength(9);
  expect(settled(world)).toEqual(['east 1', 'west 1', 'west 2']);
  expect(world.settled().flatMap((one) => one.exposures.map((e) => e.outcome))).not.toContain(
    'retry',
  );
});

test('a burst is done in one run if nothing else comes', async () => {
  const world = small();
  const states = watch(world);
  await world.send(burst(1, 8));
  await world.step();
  expect(states).toHaveLength(4);
  expect(settled(world)).toEqual(['east 1']);
});

test('what is done when the run ends is told and deleted, the rest comes again', async () => {
  const world = small();
  await world.send(west(1, [1]));
  await world.drain();
  watch(world, () => void world.send(slice(1, [], { owner: ownerOf('north'), clusterUid: 'n' })));
  await world.send(west(2, [1, 2]));
  await world.send(burst(1, 8));
  await world.step();
  expect(settled(world)).toEqual(['west 1', 'west 2']);
  expect(world.settled().at(-1)?.exposures).toMatchObject([{ outcome: 'applied' }]);
  await world.drain();
  expect(Object.keys(world.device.state().exposures)).toHaveLength(9);
});

test('removals that an overtaken slice proves stay proven when the newest one comes again', async () => {
  const world = small();
  await world.send(burst(1, 20));
  await world.drain();
  const changes = Array.from({ length: 17 }, (_, n) => ({
    what: 'deleted' as const,
    kind: 'Gateway',
    namespace: 'ns',
    name: `gw-${n + 3}`,
    resourceVersion: '',
  }));
  watch(world, () => void world.send(west(1, [1])));
  await world.send({ ...burst(2, 3), changes });
  await world.send(burst(3, 3));
  await world.step();
  expect(Object.keys(world.device.state().exposures)).toHaveLength(18);
  await world.drain();
  expect(Object.keys(world.device.state().exposures)).toHaveLength(4);
});

test('a run with an order is not split', async () => {
  const world = small();
  await world.send(burst(1, 1));
  await world.drain();
  const states = watch(world, () => void world.send(west(1, [1])));
  await world.approve({ owner: ownerOf('east') });
  await world.send(burst(2, 8));
  await world.step();
  expect(states).toHaveLength(4);
});
