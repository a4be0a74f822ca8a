/** Paths while another client declares on the device: they need no lock. */
import { beforeEach, expect, test } from '@jest/globals';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { networkOf, pathSlice, podOn, routeTo, viaOf } from '../../fixtures/paths.ts';
import { createWorld, type World } from '../../promises/support/world.ts';

const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const [P1, P2] = [podOn(1), podOn(2)];
const SECOND = 1_000;

let world: World;
let readings: number;
beforeEach(async () => {
  world = createWorld({ modes: { east: 'routes' } });
  await world.send(pathSlice(1, [P1]));
  await world.step();
  world.device.held = true;
  // From now on, retries only ask whether the device is free.
  await world.send(slice(1, [exposure({ port: 9 })], west));
  await world.drain(5 * SECOND);
  readings = 0;
  world.device.paths.reach = (write) => void (write === undefined && (readings += 1));
});

const gateways = (): readonly (string | undefined)[] =>
  [1, 2].map((n) => world.device.paths.units.active.get(`route ${networkOf(n)}`)?.to);
const moved = routeTo(P1, { via: viaOf(9) });

test('what comes meanwhile is written at once: a node that moved does not wait for the declare', async () => {
  await world.send(pathSlice(2, [P1, P2], [moved, routeTo(P2)]));
  await world.drain(30 * SECOND);
  expect(gateways()).toEqual([viaOf(9), viaOf(2)]);
  expect(world.device.state().exposures).not.toHaveProperty('172.16.100.195:9/tcp');
  expect(readings).toBe(1);
});

test('the declare follows when the device is free, and finds the paths', async () => {
  await world.send(pathSlice(2, [P1, P2], [moved, routeTo(P2)]));
  await world.drain(30 * SECOND);
  world.device.held = false;
  await world.drain();
  const members = Object.values(world.device.state().exposures)
    .flatMap(({ contributions }) => contributions.flatMap((one) => one.members))
    .map(({ address }) => address);
  expect(members).toEqual(expect.arrayContaining([P1, P2]));
  expect(gateways()).toEqual([viaOf(9), viaOf(2)]);
});
