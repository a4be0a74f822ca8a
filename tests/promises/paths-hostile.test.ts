/** The paths to pods when a pair, a person or a cluster does what nobody expects. */
import { describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../shared/device/errors.ts';
import { entryKey } from '../../shared/domain/paths/entry.ts';
import type { JournalLine } from '../../shared/domain/paths/journal.ts';
import type { LiveEntry } from '../../shared/domain/paths/live.ts';
import { macOf, networkOf, pathSlice, podOn, routeTo, tunnelTo, viaOf } from '../fixtures/paths.ts';
import { createWorld, type World } from './support/world.ts';

const MINUTE = 60_000;
const [P1, P2, P3] = [podOn(1), podOn(2), podOn(3)];
const PODS = [P1, P2, P3];

const members = (world: World): readonly string[] =>
  Object.values(world.device.state().exposures)
    .flatMap(({ contributions }) => contributions.flatMap((one) => one.members))
    .map(({ address }) => address)
    .toSorted();
const goals = (entries: ReadonlyMap<string, LiveEntry>): readonly string[] =>
  [...entries].map(([key, { to }]) => `${key} ${to}`).toSorted();

describe('a failover in the middle of a run', () => {
  /** The other unit is active from the nth write on, with what it had when the pair was in sync. */
  function failAt(world: World, nth: number): () => boolean {
    const { paths } = world.device;
    const synced = new Map<number, readonly JournalLine[]>(paths.journals);
    let writes = 0;
    paths.reach = (write) => {
      if (write === undefined || (writes += 1) !== nth) return;
      const { active, peer } = paths.units;
      Object.assign(paths.units, { active: peer, peer: active });
      paths.journals.clear();
      for (const [number, lines] of synced) paths.journals.set(number, lines);
      throw new DeviceError('BIP501', 'transient', 'the unit is gone');
    };
    return () => writes >= nth;
  }

  test('at any write leaves both units with what the members need', async () => {
    const begin = async (): Promise<World> => {
      const world = createWorld({ modes: { east: 'vxlan' } });
      world.device.paths.peer = 'there';
      await world.send(pathSlice(1, [P1], [tunnelTo(P1)]));
      await world.drain();
      return world;
    };
    const moved = (pod: string): ReturnType<typeof tunnelTo> =>
      tunnelTo(pod, pod === P1 ? { endpoint: viaOf(9) } : {});
    for (let nth = 1; ; nth += 1) {
      const world = await begin();
      const isOver = failAt(world, nth);
      await world.send(pathSlice(2, PODS, PODS.map(moved)));
      await world.drain(60 * MINUTE);
      if (!isOver()) break;
      world.device.paths.reach = () => undefined;
      await world.send(pathSlice(3, PODS, PODS.map(moved)));
      await world.drain();
      const wanted = [1, 2, 3].flatMap((n) => [
        `arp ${podOn(n)} ${macOf(n)}`,
        `fdb /Common/east ${macOf(n)} ${n === 1 ? viaOf(9) : viaOf(n)}`,
      ]);
      const { active, peer } = world.device.paths.units;
      expect([nth, goals(active)]).toEqual([nth, wanted.toSorted()]);
      expect([nth, goals(peer)]).toEqual([nth, wanted.toSorted()]);
      expect(members(world)).toEqual(PODS);
      expect(nth).toBeLessThan(50);
    }
  });
});

describe('a journal that a person changed', () => {
  const begin = async (mode: 'routes' | 'vxlan'): Promise<World> => {
    const world = createWorld({ modes: { east: mode } });
    const paths = mode === 'vxlan' ? PODS.map((pod) => tunnelTo(pod)) : undefined;
    await world.send(pathSlice(1, PODS, paths));
    await world.drain();
    return world;
  };

  test.each(['routes', 'vxlan'] as const)(
    'to be empty removes nothing, and new members get their paths (%s)',
    async (mode) => {
      const world = await begin(mode);
      const { paths } = world.device;
      const before = goals(paths.units.active);
      for (const number of paths.journals.keys()) paths.journals.set(number, []);
      world.clock.advance(90 * MINUTE);
      await world.audit(['k8s']);
      await world.drain();
      expect(goals(paths.units.active)).toEqual(before);
      const more = [...PODS, podOn(4)];
      const tunnels = more.map((pod) => tunnelTo(pod));
      await world.send(pathSlice(2, more, mode === 'vxlan' ? tunnels : undefined));
      await world.drain();
      expect(members(world)).toEqual(more);
      expect(goals(paths.units.active)).toEqual(expect.arrayContaining([...before]));
    },
  );

  test('to be nonsense removes nothing, and costs new members only', async () => {
    const world = await begin('routes');
    const { paths } = world.device;
    const before = goals(paths.units.active);
    for (const number of paths.journals.keys())
      paths.journals.set(number, [{ name: 'x'.repeat(9_000), data: '\u0000=\u0000' }]);
    world.clock.advance(90 * MINUTE);
    await world.send(pathSlice(2, [P1, podOn(4)]));
    await world.drain();
    expect(goals(paths.units.active)).toEqual(before);
    expect(members(world)).toContain(P1);
    expect(members(world)).not.toContain(podOn(4));
  });
});

test('two clusters with one pod network keep to the first, and the second one is told', async () => {
  const world = createWorld({ modes: { east: 'routes', west: 'routes' } });
  const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
  await world.send(pathSlice(1, [P1]));
  await world.send(pathSlice(1, [podOn(1, 6)], [routeTo(podOn(1, 6), { via: viaOf(99) })], west));
  await world.drain();
  expect(goals(world.device.paths.units.active)).toEqual([`route ${networkOf(1)} ${viaOf(1)}`]);
  const told = world.settled().filter(({ owner }) => owner === west.owner);
  expect(told.flatMap(({ notes }) => notes.map(({ code }) => code))).toContain('BIP471');
});

test('1,000 refusals at once cost their members, with few lines and one dead letter', async () => {
  const world = createWorld({ modes: { east: 'routes' } });
  const pods = Array.from(
    { length: 1_000 },
    (_, i) => `10.${100 + Math.floor(i / 250)}.${i % 250}.5`,
  );
  const path = (pod: string, i: number): ReturnType<typeof routeTo> =>
    routeTo(pod, {
      network: `${pod.slice(0, -1)}0/24`,
      via: `192.0.${Math.floor(i / 250)}.${i % 250}`,
      node: `n${i}`,
    });
  world.device.paths.refuse = () =>
    new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' });
  await world.send(pathSlice(1, [P1]));
  await world.step();
  world.device.paths.refuse = ({ entry }) =>
    entryKey(entry) === `route ${networkOf(1)}`
      ? undefined
      : new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' });
  await world.send(pathSlice(2, [P1, ...pods], [routeTo(P1), ...pods.map(path)]));
  await world.drain();
  expect(members(world)).toEqual([P1]);
  const lines = world.log.filter(({ message }) => message.endsWith('not written'));
  expect(lines.length).toBeLessThan(30);
  expect(world.deadLetters().length).toBeLessThan(3);
});
