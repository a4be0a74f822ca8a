import { beforeEach, describe, expect, test } from '@jest/globals';
import { applyGroup } from '../../../functions/apply/group.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { asking, wish } from '../../fixtures/addresses.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { createWorld, ownerOf, type World } from '../../promises/support/world.ts';

const EAST = ownerOf('east');
const WEST = ownerOf('west');
const pool = { ranges: ['10.1.0.3-10.1.0.4'], reserved: ['10.1.0.4'] };

/** Counts how often the device was asked for addresses that others hold. */
function watched(world: World): { asked: () => number } {
  let asked = 0;
  const foreign = (): Promise<readonly never[]> => {
    asked += 1;
    return Promise.resolve([]);
  };
  Object.assign(world.device, { foreign });
  return { asked: () => asked };
}

let world: World;
beforeEach(() => {
  world = createWorld();
});

describe('apply with automatic addresses', () => {
  test('declares and reports the assigned address', async () => {
    await world.send(asking(EAST, 1, { pool }));
    await world.drain();
    expect(Object.keys(world.device.state().exposures)).toEqual(['10.1.0.3:443/tcp']);
    expect(world.settled().at(-1)?.exposures).toMatchObject([
      { address: '10.1.0.3', port: 443, outcome: 'applied' },
    ]);
  });

  test('reads foreign holders once when an address is assigned, and not afterwards', async () => {
    const { asked } = watched(world);
    await world.send(asking(EAST, 1, { pool }));
    await world.drain();
    expect(asked()).toBe(1);
    await world.send(asking(EAST, 2, { pool }));
    await world.drain();
    expect(asked()).toBe(1);
  });

  test('reports exposures without an address and why; no dead letter, because it resolves itself', async () => {
    await world.send(asking(EAST, 1, { pool }));
    await world.send(asking(WEST, 1, { pool }));
    await world.drain();
    expect(world.settled().filter(({ owner }) => owner === WEST)).toMatchObject([
      {
        exposures: [
          {
            address: 'auto(web)',
            outcome: 'held',
            code: 'OWN350',
            message: expect.stringContaining('sluice addresses'),
          },
        ],
      },
    ]);
    expect(world.deadLetters()).toEqual([]);
    await world.send(slice(2, [], { owner: EAST, clusterUid: 'uid-east', removed: true }));
    await world.drain();
    await world.send(asking(WEST, 2, { pool }));
    await world.drain();
    expect(Object.keys(world.device.state().exposures)).toEqual(['10.1.0.3:443/tcp']);
    expect(world.settled().at(-1)).toMatchObject({
      owner: WEST,
      exposures: [{ address: '10.1.0.3', outcome: 'applied' }],
    });
  });

  test('mentions no address while the device is away', async () => {
    world.device.before = () => {
      throw new DeviceError('BIP503', 'transient', 'busy');
    };
    await world.send(asking(EAST, 1, { pool }));
    await world.step();
    expect(world.settled()).toMatchObject([
      { exposures: [{ address: 'auto(web)', outcome: 'retry', code: 'BIP503' }] },
    ]);
  });

  test.each<[string, string, 'BIP421' | 'BIP422', string | undefined]>([
    [
      'in use by an unlisted object: another address is assigned next time',
      '01070333:3: Virtual Server /Common/x illegally shares destination address',
      'BIP422',
      '10.1.0.5:443/tcp',
    ],
    ['invalid for another reason: the address stays', 'nonsense', 'BIP421', undefined],
  ])('refused by BIG-IP as %s', async (_, response, code, key) => {
    const wide = { ranges: ['10.1.0.3-10.1.0.5'], reserved: ['10.1.0.4'] };
    const at = '10.1.0.3';
    world.device.before = (_partition, next) => {
      if (Object.values(next.exposures).some((e) => e.address === at))
        throw new DeviceError(code, 'content', 'BIG-IP refuses the configuration', {
          response,
        });
    };
    const seed = { auto: { pools: { web: wide }, claims: [at], seed: 'x' } };
    await world.send(asking(EAST, 1, seed));
    await world.step();
    expect(world.settled()).toMatchObject([
      { exposures: [{ address: at, outcome: 'rejected', code }] },
    ]);
    await world.send(asking(EAST, 2, seed));
    await world.step();
    expect(Object.keys(world.device.state().exposures)).toEqual(key === undefined ? [] : [key]);
  });

  test('moves an address with its partition', async () => {
    world = createWorld({ partitions: ['k8s', 'edge'] });
    await world.send(asking(EAST, 1, { pool }));
    await world.drain();
    await world.send(
      asking(EAST, 2, {
        pool,
        exposures: [wish({ port: 443, partition: 'edge', gateways: ['istio-system/gw'] })],
      }),
    );
    await world.drain();
    expect([
      Object.keys(world.device.state('k8s').exposures),
      Object.keys(world.device.state('edge').exposures),
    ]).toEqual([[], ['10.1.0.3:443/tcp']]);
  });

  /** Red without `takenSince` in loop/step.ts: both get the same address. */
  test('assigns no address that another writer assigned between reading and writing', async () => {
    const device = memoryDevice();
    const job = {
      device,
      partitions: ['k8s'],
      sameFleet: () => false,
      clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
      hasTime: () => true,
    };
    await applyGroup({ ...job, slices: [slice(1, [exposure()], { owner: 'north/a/gw' })] });
    let raced = false;
    const slow = {
      ...device,
      read: async (partition: string) => {
        const reading = await device.read(partition);
        if (!raced) {
          raced = true;
          await applyGroup({
            ...job,
            slices: [asking(WEST, 1, { pool, exposures: [wish({ port: 80 })] })],
          });
        }
        return reading;
      },
    };
    await expect(
      applyGroup({ ...job, device: slow, slices: [asking(EAST, 1, { pool })] }),
    ).rejects.toMatchObject({
      code: 'BIP430',
      message: expect.stringContaining('10.1.0.3 was assigned to another owner'),
    });
    expect(Object.keys(device.state().exposures)).toEqual([
      '10.1.0.3:80/tcp',
      '172.16.100.195:32400/tcp',
    ]);
  });

  test('assigns none either that another writer assigned in another partition', async () => {
    const device = memoryDevice();
    const job = {
      device,
      partitions: ['one', 'two'],
      sameFleet: () => false,
      clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
      hasTime: () => true,
    };
    let isFirst = true;
    const slow = {
      ...device,
      foreign: async () => {
        if (isFirst) {
          isFirst = false;
          const taken = [wish({ port: 80, partition: 'one' })];
          await applyGroup({ ...job, slices: [asking(WEST, 1, { pool, exposures: taken })] });
        }
        return device.foreign();
      },
    };
    const exposures = [
      wish({ port: 443, partition: 'two' }),
      exposure({ address: '10.9.9.9', partition: 'one' }),
    ];
    await expect(
      applyGroup({ ...job, device: slow, slices: [asking(EAST, 1, { pool, exposures })] }),
    ).rejects.toMatchObject({
      code: 'BIP430',
      message: expect.stringContaining('10.1.0.3 was assigned to another owner'),
    });
    expect(Object.keys(device.state('one').exposures)).toEqual(['10.1.0.3:80/tcp']);
  });
});
