/**
 * Which requests apply sends to a device with one or several partitions, and in which order it
 * declares them.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { applyGroup } from '../../../functions/apply/group.ts';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import type { PartitionReading } from '../../../shared/device/reading.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeferredFences } from '../../../shared/domain/plan/deferred-fence.ts';
import type { Approval } from '../../../shared/domain/steering/steering.ts';
import { asking, wish } from '../../fixtures/addresses.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { type MemoryDevice, memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const REFUSED: PartitionReading = { kind: 'refused', code: 'OWN305', reason: 'not ours' };

let device: MemoryDevice;
/** Every request to the device, oldest first. */
let asked: string[];
beforeEach(() => {
  device = memoryDevice();
  asked = [];
  const read = device.read.bind(device);
  const foreign = device.foreign.bind(device);
  Object.assign(device, {
    read: (partition: string) => {
      asked.push(`read ${partition}`);
      return read(partition);
    },
    foreign: () => {
      asked.push('foreign');
      return foreign();
    },
  });
});

const apply = (
  slices: readonly Slice[],
  more: Partial<Parameters<typeof applyGroup>[0]> = {},
): Promise<readonly PartitionResult[]> => {
  asked.length = 0;
  return applyGroup({
    device,
    partitions: ['one', 'three'],
    slices,
    sameFleet: () => false,
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    hasTime: () => true,
    ...more,
  });
};
const at = (partition: string, ...ports: readonly number[]): ReturnType<typeof exposure>[] =>
  ports.map((port) =>
    exposure({
      port,
      partition,
      address: `10.0.0.${port}`,
      // A node is in one partition unless it is shared.
      members: [{ address: `10.244.1.${partition.length}`, port, availability: 'ready' }],
    }),
  );
const kinds = (results: readonly PartitionResult[]): readonly string[] =>
  results.flatMap(({ partition, entries }) =>
    [...entries.values()].map(({ key, kind }) => `${partition} ${key} ${kind}`),
  );
const declared = (): readonly string[] =>
  device.declares.map(({ partition, ports }) => `${partition} ${ports.join()}`);

describe('the device is asked', () => {
  test('once for each partition, if nothing is new', async () => {
    await apply([slice(1, [...at('one', 1), ...at('three', 2)])]);
    expect(asked).toEqual(['read one', 'read three', 'foreign', 'foreign']);
    await apply([slice(1, [...at('one', 1), ...at('three', 2)])]);
    expect(asked).toEqual(['read one', 'read three']);
  });

  test('once for its only partition', async () => {
    await apply([slice(1, at('one', 1))], { partitions: ['one'] });
    expect(asked).toEqual(['read one', 'foreign']);
  });

  test('once for the holders of addresses, if an exposure gets one', async () => {
    await apply([
      asking('east/a/gw', 1, {
        exposures: [wish({ port: 80, partition: 'one' }), wish({ port: 81, partition: 'three' })],
      }),
    ]);
    expect(asked.filter((one) => one === 'foreign')).toHaveLength(2);
    expect(asked.filter((one) => one.startsWith('read'))).toEqual(['read one', 'read three']);
  });
});

describe('an automatic address', () => {
  const pool = { ranges: ['10.1.0.3-10.1.0.4'], reserved: [] };
  const exposures = [wish({ port: 443, partition: 'one' })];
  const addresses = (): readonly string[] =>
    Object.values(device.state('one').exposures).map(({ address }) => address);

  test('is none that something else on the device has', async () => {
    for (const taken of ['10.1.0.3', '10.1.0.4']) {
      device = memoryDevice();
      Object.assign(device, {
        foreign: () =>
          Promise.resolve([
            { path: '/Common/theirs', partition: 'Common', address: taken, port: 443 },
          ]),
      });
      await apply([asking('east/a/gw', 1, { pool, exposures })]);
      expect(addresses()).toEqual([taken === '10.1.0.3' ? '10.1.0.4' : '10.1.0.3']);
    }
  });

  test('is given although another partition cannot be read', async () => {
    const read = device.read.bind(device);
    Object.assign(device, {
      read: (partition: string) =>
        partition === 'three' ? Promise.resolve(REFUSED) : read(partition),
    });
    const results = await apply([asking('east/a/gw', 1, { pool, exposures })]);
    expect(results.map(({ refused }) => refused?.code)).toEqual([undefined, 'OWN305']);
    expect(results.map(({ told }) => told?.length)).toEqual([1, 1]);
  });
});

describe('exposures that move', () => {
  test('leave their partition first, and both results are reported', async () => {
    await apply([slice(1, [...at('one', 1, 3), ...at('three', 2)])]);
    const results = await apply([slice(2, [...at('one', 2, 3), ...at('three', 1)])]);
    expect(kinds(results)).toEqual([
      'one 10.0.0.1:1/tcp delete',
      'one 10.0.0.3:3/tcp unchanged',
      'one 10.0.0.2:2/tcp create',
      'three 10.0.0.2:2/tcp delete',
      'three 10.0.0.1:1/tcp create',
    ]);
  });

  test('stay, without another declare, while their new partition cannot be written', async () => {
    await apply([slice(1, at('one', 1, 2))]);
    const read = device.read.bind(device);
    Object.assign(device, {
      read: (partition: string) =>
        partition === 'three' ? Promise.resolve(REFUSED) : read(partition),
    });
    const before = device.declares.length;
    const results = await apply([slice(2, [...at('one', 2, 3), ...at('three', 1)])]);
    expect(kinds(results)).toContain('one 10.0.0.1:1/tcp held');
    expect(declared().slice(before)).toEqual(['one 1,2,3']);
  });

  test('stay, if the device refuses to remove them, which is reported as new', async () => {
    await apply([slice(1, at('one', 1, 2))]);
    device.before = (partition, next) => {
      const keeps = Object.values(next.exposures).some(({ port }) => port === 1);
      if (partition === 'one' && !keeps)
        throw new DeviceError('BIP421', 'content', 'a policy still refers to it');
    };
    const results = await apply([slice(2, [...at('one', 2), ...at('three', 1)])]);
    const [first] = results;
    expect([...(first?.rejections.values() ?? [])].map(({ news }) => news)).toEqual([true]);
    expect(Object.keys(device.state('one').exposures)).toEqual([
      '10.0.0.1:1/tcp',
      '10.0.0.2:2/tcp',
    ]);
  });
});

test('keeping or undoing a manual change affects only its own partition', async () => {
  await apply([slice(1, [...at('one', 1), ...at('three', 2)])]);
  const before = device.declares.length;
  await apply([], { again: new Set(['three']), overrides: new Map([['three', { lift: true }]]) });
  expect(declared().slice(before)).toEqual(['three 2']);
  const [key, values, instead] = ['10.0.0.2:2/tcp', { enabled: false }, { enabled: true }];
  const kept = (): unknown => device.state('three').overrides?.[key]?.values;
  const adopt = [{ key, values, instead }];
  await apply([], { again: new Set(['three']), overrides: new Map([['three', { adopt }]]) });
  expect(kept()).toEqual(values);
  await apply([], { again: new Set(['three']), overrides: new Map([['one', { lift: true }]]) });
  expect(kept()).toEqual(values);
  await apply([], { again: new Set(['three']), overrides: new Map([['three', { lift: true }]]) });
  expect(kept()).toBeUndefined();
});

describe('a fence that waits', () => {
  const [WEST, uid] = ['west/istio-system/istio-ingressgateway', 'uid-west'];
  const since = { settledSince: { epoch: 1, counter: 1 } };
  const versions = (): readonly (number | undefined)[] =>
    ['one', 'three'].map((name) => device.state(name).owners[slice(1, []).owner]?.version.counter);

  test.each([[['one', 'three']], [['one']]])(
    'is declared with the next change of its partition, of %j',
    async (partitions) => {
      const exposures = partitions.flatMap((name, i) => at(name, i + 1));
      const deferred = (results: readonly PartitionResult[]): Map<string, DeferredFences> =>
        new Map(results.map((one) => [one.partition, one.deferred ?? new Map()]));
      await apply([slice(1, exposures)], { partitions });
      const before = device.declares.length;
      const first = deferred(
        await apply([slice(2, exposures, since)], { partitions, deferred: new Map() }),
      );
      expect([...first.values()].map(({ size }) => size)).toEqual(partitions.map(() => 1));
      expect(device.declares.length).toBe(before);
      const other = slice(1, at('one', 7), { owner: WEST, clusterUid: uid });
      await apply([other], { partitions, deferred: first });
      expect(versions().slice(0, partitions.length)).toEqual(partitions.map(() => 2));
    },
  );

  test('is always declared if fences may not wait', async () => {
    await apply([slice(1, at('one', 1))]);
    const [one] = await apply([slice(2, at('one', 1), since)]);
    expect([one?.deferred, versions()[0]]).toEqual([undefined, 2]);
  });
});

describe('a move of nodes that was approved', () => {
  const near = (partition: string, port: number): ReturnType<typeof exposure> => ({
    ...at(partition, port)[0]!,
    members: [{ address: '10.244.1.1', port, availability: 'ready' }],
  });

  test('is reported once, for the partition of the exposure that waited for it', async () => {
    const { owner } = slice(1, []);
    await apply([slice(1, [near('one', 1)])]);
    await apply([slice(2, [near('one', 1), near('three', 2)])]);
    const steering: Approval = {
      action: 'approve',
      device: 'bigip-1',
      owner,
      keys: ['10.0.0.2:2/tcp'],
      version: { epoch: 1, counter: 2, generation: 1 },
      shareNodes: ['one'],
    };
    const results = await apply([], { orders: [{ steering, at: 0 }] });
    expect(
      results.map(({ partition, approved }) => [partition, approved.map(({ key }) => key)]),
    ).toEqual([
      ['one', []],
      ['three', ['10.0.0.2:2/tcp']],
    ]);
  });
});

test('a device without partitions has no results', async () => {
  expect(await apply([slice(1, at('one', 1))], { partitions: [] })).toEqual([]);
});
