/** Clusters that leave, drain and come back, through the handler of apply. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Absence } from '../../../shared/domain/snapshot/absence.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import type { World } from '../../promises/support/world.ts';
import { createWorld } from '../../promises/support/world.ts';

const { owner } = slice(1, []);
const many = (n: number): ReturnType<typeof exposure>[] =>
  Array.from({ length: n }, (_, i) => exposure({ port: i + 1, gateways: [`ns/gw-${i + 1}`] }));
const portsOn = (world: World): number[] =>
  Object.values(world.device.state().exposures)
    .map((e) => e.port)
    .sort((a, b) => a - b);
const lines = (world: World, message: string): readonly object[] =>
  world.log.filter((line) => line.message === message);
const missing = (counter: number): Absence => ({
  cluster: 'east',
  clusterUid: 'uid-east',
  device: 'bigip-1',
  version: { epoch: 1, counter, generation: 1 },
  absent: [owner],
});
const east = { device: 'bigip-1', cluster: 'east' } as const;
const drain: Steering = { ...east, action: 'drain', mode: 'drain', because: 'maintenance' };

let world: World;
beforeEach(() => {
  world = createWorld();
});

describe('an inventory that misses an ingress', () => {
  test('removes its exposures, and reports its end', async () => {
    await world.send(slice(1, many(2)));
    await world.miss(missing(2));
    await world.drain();
    expect(portsOn(world)).toEqual([]);
    expect(world.settled().at(-1)).toMatchObject({
      owner,
      version: { counter: 2 },
      exposures: [],
      notes: [{ code: 'OWN330', object: 'Service istio-system/istio-ingressgateway' }],
    });
    expect(lines(world, 'the ingress is gone')).toHaveLength(1);
  });

  test('beyond the allowance is held, reported, and removed after an approval', async () => {
    await world.send(slice(1, many(5)));
    await world.miss(missing(2));
    await world.drain();
    expect(portsOn(world)).toHaveLength(5);
    expect(
      world
        .settled()
        .at(-1)
        ?.exposures.map((e) => `${e.outcome} ${e.code}`),
    ).toEqual(Array(5).fill('held OWN310'));
    await world.approve({ owner });
    await world.drain();
    expect(portsOn(world)).toEqual([]);
  });

  test('takes effect between the slices before and after it', async () => {
    await world.send(slice(1, many(2)));
    await world.miss(missing(2));
    await world.send(slice(3, many(1)));
    await world.step();
    expect(portsOn(world)).toEqual([1]);
  });

  test('for an owner that never was on this device leaves no trace and no result', async () => {
    await world.miss(missing(2));
    await world.drain();
    expect([world.device.declares, world.settled(), world.deadLetters()]).toEqual([[], [], []]);
  });

  test('is reported with what the device refuses to remove', async () => {
    await world.send(slice(1, many(2)));
    await world.drain();
    world.device.before = (_p, next) => {
      if (!('172.16.100.195:1/tcp' in next.exposures))
        throw new DeviceError('BIP421', 'content', 'no');
    };
    await world.miss(missing(2));
    await world.drain();
    expect(portsOn(world)).toEqual([1]);
    expect(world.settled().at(-1)?.exposures).toMatchObject([
      { port: 1, outcome: 'rejected', code: 'BIP421' },
    ]);
    expect(world.deadLetters()).toMatchObject([{ code: 'BIP421', owner }]);
  });
});

describe('an order about a cluster', () => {
  beforeEach(async () => {
    await world.send(slice(1, many(2)));
    await world.drain();
  });

  test('is carried out and reported at once, with one declare and one reading of the nodes', async () => {
    const seen: object[] = [];
    world.device.reconcileMembers = (_partition, state) => {
      seen.push({ drains: state.drains });
      return Promise.resolve([]);
    };
    const before = world.device.declares.length;
    await world.steer(drain);
    await world.drain();
    expect(world.device.declares.length - before).toBe(1);
    expect(seen).toMatchObject([{ drains: { east: { mode: 'drain', because: 'maintenance' } } }]);
    expect(lines(world, 'steered')).toMatchObject([
      { action: 'drain', cluster: 'east', partitions: ['k8s'] },
    ]);
  });

  test('holds in the order in which it was sent, also within one batch', async () => {
    await world.steer(drain);
    world.clock.advance(1);
    await world.steer({ ...east, action: 'enable' });
    await world.step();
    expect(world.device.state().drains).toBeUndefined();
    // An empty result would look the same: both clusters were heard, and otherwise a drain remains.
    expect(Object.keys(world.device.state().steered ?? {})).toEqual(['east']);
    world.clock.advance(1);
    await world.steer({ ...east, action: 'enable' });
    world.clock.advance(1);
    await world.steer(drain);
    await world.step();
    expect(world.device.state().drains).toMatchObject({ east: { mode: 'drain' } });
  });

  test('survives a device that was busy, and a process that died after its declare', async () => {
    let lost = false;
    world.device.before = (_p, _n, commit) => {
      if (lost) return;
      lost = true;
      commit();
      throw new DeviceError('BIP503', 'transient', 'busy, although it was done');
    };
    await world.steer(drain);
    await world.drain();
    expect(world.device.state().drains?.['east']).toMatchObject({ mode: 'drain' });
    expect(world.queues.messages('slices')).toEqual([]);
  });

  test('without anything left to do is logged, and is no dead letter', async () => {
    await world.steer({
      ...east,
      action: 'forget',
      upTo: { [owner]: { epoch: 1, counter: 0, generation: 1 } },
      whole: true,
    });
    await world.drain();
    expect(portsOn(world)).toEqual([1, 2]);
    expect(
      lines(
        world,
        'order changed nothing: a newer event of the cluster or a newer order was already applied',
      ),
    ).toMatchObject([{ action: 'forget' }]);
    expect(world.deadLetters()).toEqual([]);
  });

  test('to forget it removes everything in several declares, with one dead letter of refusals', async () => {
    world.device.before = (_p, next) => {
      if (!('172.16.100.195:1/tcp' in next.exposures))
        throw new DeviceError('BIP421', 'content', 'no');
    };
    await world.steer({
      ...east,
      action: 'forget',
      upTo: { [owner]: { epoch: 1, counter: 1, generation: 1 } },
      whole: true,
    });
    await world.drain();
    expect(portsOn(world)).toEqual([1]);
    expect(world.deadLetters()).toMatchObject([
      { code: 'BIP421', reason: expect.stringContaining('cannot be removed') },
    ]);
  });

  /** Red without `isRivalled` (arrivals.ts): the newer of the two events would count for both. */
  test('is not needed for events of the owner despite another cluster with its id', async () => {
    await world.send(slice(2, many(3)));
    await world.send(slice(9, many(1), { clusterUid: 'uid-new' }));
    await world.step();
    expect(portsOn(world)).toEqual([1, 2, 3]);
    expect(
      world
        .settled()
        .slice(-2)
        .map((s) => [s.clusterUid, s.exposures[0]?.outcome]),
    ).toEqual([
      ['uid-east', 'unchanged'],
      ['uid-new', 'conflict'],
    ]);
  });

  test('to adopt it makes the old cluster the rival; the new one then moves above the fence', async () => {
    const fresh = (counter: number): Parameters<World['send']>[0] =>
      slice(counter, many(1), { clusterUid: 'uid-new' });
    await world.send(fresh(0));
    await world.drain();
    expect(world.settled().at(-1)?.exposures).toMatchObject([
      { outcome: 'conflict', code: 'OWN302' },
    ]);
    await world.steer({ ...east, action: 'adopt', clusterUid: 'uid-new' });
    await world.step();
    expect(
      world.queues
        .messages('settled-east')
        .flatMap(({ body }) => (body.includes('sluice.resync.v1') ? [body] : [])),
    ).toEqual([expect.stringContaining('UID uid-new was adopted')]);
    await world.send(fresh(0));
    await world.drain();
    expect(world.settled().at(-1)).toMatchObject({
      clusterUid: 'uid-new',
      supersededBy: { epoch: 1, counter: 1 },
    });
    await world.send(
      slice(1, many(1), {
        clusterUid: 'uid-new',
        version: { epoch: 2, counter: 1, generation: 1 },
      }),
    );
    await world.send(slice(9, many(2)));
    await world.drain();
    expect(portsOn(world)).toEqual([1]);
    expect(world.settled().at(-1)?.exposures[0]).toMatchObject({ code: 'OWN302' });
  });
});
