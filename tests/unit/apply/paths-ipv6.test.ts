/** Paths to pods that have IPv6 addresses only. */
import { beforeEach, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Path } from '../../../shared/domain/paths/path.ts';
import { pathSlice } from '../../fixtures/paths.ts';
import { createWorld, type World } from '../../promises/support/world.ts';

const pod = (n: number): string => `fd00:10:244:${n}::5`;
const PODS = [pod(1), pod(2)];
const routeTo = (n: number, via = `fd00:192::${n}`): Path => ({
  kind: 'route',
  network: `fd00:10:244:${n}::/64`,
  via,
  node: `n${n}`,
  source: 'podCIDR',
  members: [pod(n)],
});
const tunnelTo = (n: number): Path => ({
  kind: 'vxlan',
  mac: `0a:00:00:00:00:0${n}`,
  endpoint: `fd00:192::${n}`,
  neighbours: true,
  node: `n${n}`,
  source: 'flannel',
  members: [pod(n)],
});

let world: World;
const start = (mode: 'routes' | 'vxlan'): void =>
  void (world = createWorld({ modes: { east: mode } }));
beforeEach(() => start('routes'));
const apply = async (counter: number, paths: readonly Path[], pods = PODS): Promise<void> => {
  await world.send(pathSlice(counter, pods, paths));
  await world.drain();
};
const entries = (): readonly string[] =>
  [...world.device.paths.units.active].map(([key, { to }]) => `${key} ${to}`).toSorted();
const members = (): readonly string[] =>
  Object.values(world.device.state().exposures)
    .flatMap(({ contributions }) => contributions.flatMap((one) => one.members))
    .map(({ address }) => address)
    .toSorted();

test('routes are written before the members, follow their nodes, and go when nobody needs them', async () => {
  await apply(1, [routeTo(1), routeTo(2)]);
  expect(members()).toEqual(PODS);
  await apply(2, [routeTo(1, 'fd00:192::9'), routeTo(2)]);
  expect(entries()).toEqual([
    'route fd00:10:244:1::/64 fd00:192::9',
    'route fd00:10:244:2::/64 fd00:192::2',
  ]);
  await apply(3, [routeTo(1, 'fd00:192::9')], [pod(1)]);
  world.clock.advance(30 * 60_000);
  await world.audit(['k8s']);
  await world.drain();
  expect(entries()).toEqual(['route fd00:10:244:1::/64 fd00:192::9']);
});

test('a refused route costs the member behind it', async () => {
  world.device.paths.refuse = ({ entry }) =>
    entry.to === 'fd00:192::2'
      ? new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' })
      : undefined;
  await apply(1, [routeTo(1), routeTo(2)]);
  expect(members()).toEqual([pod(1)]);
});

test('tunnels have a record for each node and an NDP entry for each pod', async () => {
  start('vxlan');
  await apply(1, [tunnelTo(1), tunnelTo(2)]);
  expect(members()).toEqual(PODS);
  expect(entries()).toEqual([
    'fdb /Common/east 0a:00:00:00:00:01 fd00:192::1',
    'fdb /Common/east 0a:00:00:00:00:02 fd00:192::2',
    'ndp fd00:10:244:1::5 0a:00:00:00:00:01',
    'ndp fd00:10:244:2::5 0a:00:00:00:00:02',
  ]);
});
