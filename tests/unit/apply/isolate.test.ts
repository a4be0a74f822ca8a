/** Which sets of changes are declared to find those that the device refuses. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { sampleEvenly } from '../../../functions/apply/loop/isolate.ts';
import { applicationName } from '../../../shared/bigip/as3/names.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { memoryDevice, refusing } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { applySlices, countCalls, portsOn, tryToApply } from '../../fixtures/partition.ts';

const WEST = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const asking = (counter: number, ports: readonly number[], over?: Partial<Slice>): Slice =>
  slice(
    counter,
    ports.map((port) => exposure({ port })),
    over,
  );
const portsIn = (state: DeclaredState): readonly number[] =>
  Object.values(state.exposures).map(({ port }) => port);
const idOf = (port: number): string =>
  `east/istio-system/istio-ingressgateway 172.16.100.195:${port}/tcp`;
const nameOf = (port: number): string => `/k8s/${applicationName(exposure({ port }))}/virtual`;

let device: MemoryDevice;
beforeEach(() => {
  device = memoryDevice();
});
/** The ports of each declare; failed ones in the second list. */
const declares = (): readonly (readonly [readonly number[], boolean])[] =>
  device.declares.map(({ ports, ok }) => [ports.toSorted((a, b) => a - b), ok]);

describe('a refusal that names several objects', () => {
  test('separates these: the others are declared at once, and each of the named ones alone', async () => {
    device.before = refusing((e) => [2, 5].includes(e.port), `${nameOf(2)} ${nameOf(5)}`);
    const { rejections } = await applySlices(device, [asking(1, range(8))]);
    const healthy = [1, 3, 4, 6, 7, 8];
    expect(rejections.size).toBe(2);
    expect(declares()).toEqual([
      [range(8), false],
      [healthy, true],
      [[1, 2, 3, 4, 6, 7, 8], false],
      [[1, 3, 4, 5, 6, 7, 8], false],
      [healthy, true],
    ]);
  });
});

describe('a refusal that names no object', () => {
  test('is looked for by ingress first, so that a healthy one is declared in one step', async () => {
    device.before = refusing((e) => e.port === 9);
    const { rejections } = await applySlices(device, [
      asking(1, [1, 2, 3]),
      asking(1, [9], { ...WEST }),
    ]);
    expect([...rejections.keys()]).toEqual([`${WEST.owner} 172.16.100.195:9/tcp`]);
    // The last declare stores the refusal.
    expect(declares()).toEqual([
      [[1, 2, 3, 9], false],
      [[1, 2, 3], true],
      [[1, 2, 3], true],
    ]);
  });

  test('is kept with every declare that contained the change, the oldest first', async () => {
    let posts = 0;
    device.before = (_partition, next) => {
      posts += 1;
      if (portsIn(next).includes(1)) throw new DeviceError('BIP421', 'content', `refusal ${posts}`);
    };
    const { rejections } = await applySlices(device, [asking(1, range(4))]);
    expect([...rejections.values()]).toMatchObject([
      { attempts: [{ reason: 'refusal 1' }, { reason: 'refusal 2' }, { reason: 'refusal 3' }] },
    ]);
  });
});

test('a UDP exposure that the device names is left out at once', async () => {
  const bad = exposure({ port: 5, protocol: 'udp' });
  device.before = refusing((e) => e.protocol === 'udp', `/k8s/${applicationName(bad)}/virtual`);
  const { rejections } = await applySlices(device, [
    slice(1, [...range(4).map((port) => exposure({ port })), bad]),
  ]);
  expect([...rejections.keys()]).toEqual([
    'east/istio-system/istio-ingressgateway 172.16.100.195:5/udp',
  ]);
  expect(device.declares).toHaveLength(2);
});

describe('a change that was left out because the device named it', () => {
  test('is tried again if the other one is refused as well, even if its refusal is stored already', async () => {
    let posts = 0;
    device.before = () => {
      posts += 1;
      if (posts === 1)
        throw new DeviceError('BIP421', 'content', 'refused', { response: nameOf(5) });
      if (posts === 3) throw new DeviceError('BIP421', 'content', 'refused');
    };
    // The second declare succeeds and contains the refusal, but the device does not match it.
    device.verify = () => Promise.resolve(posts === 2 ? ['differs'] : []);
    const { rejections, entries } = await applySlices(device, [asking(1, [1, 5])]);
    expect(rejections.has(idOf(5))).toBe(false);
    expect(entries.get(idOf(5))).toMatchObject({ kind: 'create' });
    expect(portsOn(device)).toEqual([1, 5]);
    expect(Object.values(device.state().owners)[0]).not.toHaveProperty('quarantine');
  });
});

describe('a fault inside the device that occurs with changes only', () => {
  const inner = (): DeviceError =>
    new DeviceError('BIP509', 'ambiguous', 'a call of AS3 failed', { hint: 'inner' });
  const failing = (when: (ports: readonly number[]) => Error | undefined): void => {
    device.before = (_partition, next) => {
      const error = when(portsIn(next));
      if (error !== undefined) throw error;
    };
  };

  test('of which the first of two causes it, is not given up: the second one is tried, too', async () => {
    failing((ports) => (ports.includes(1) ? inner() : undefined));
    const { result } = await tryToApply(device, [asking(1, [1, 2])]);
    expect([...(result?.rejections.keys() ?? [])]).toEqual([idOf(1)]);
    expect(portsOn(device)).toEqual([2]);
  });

  test('is not looked for in more changes once one alone is refused for its content', async () => {
    failing((ports) => {
      if (ports.length > 1 && ports.includes(1)) return inner();
      return ports.includes(1) ? new DeviceError('BIP421', 'content', 'refused') : undefined;
    });
    await applySlices(device, [asking(1, range(6))]);
    expect(portsOn(device)).toEqual([2, 3, 4, 5, 6]);
    expect(declares().slice(0, 5)).toEqual([
      [range(6), false],
      [range(6), false],
      [[], true],
      [[1], false],
      [[2, 3, 4, 5, 6], true],
    ]);
  });

  test('costs neither a declare nor a reading without changes when every change was tried alone', async () => {
    failing((ports) => {
      if (ports.includes(1)) return inner();
      return ports.includes(2) ? new DeviceError('BIP421', 'content', 'refused') : undefined;
    });
    const calls = countCalls(device);
    const { rejections } = await applySlices(device, [asking(1, [1, 2])]);
    expect(rejections.size).toBe(2);
    expect(calls.read).toBe(6);
    expect(declares().map(([ports]) => ports)).toEqual([
      [1, 2],
      [1, 2],
      // Whether the fault occurs without changes.
      [],
      [1],
      [2],
      // The refused changes are stored, one is retried, and its result is stored.
      [],
      [1],
      [],
    ]);
  });
});

describe('changes that are tried alone', () => {
  test.each([
    [[1], 3, [1]],
    [[1, 2], 3, [1, 2]],
    [[1, 2, 3], 3, [1, 2, 3]],
    [range(20), 3, [1, 11, 20]],
    [range(9), 3, [1, 5, 9]],
    [range(9), 2, [1, 9]],
    [range(9), 1, [1]],
    [[], 3, []],
  ])('of %j at most %i are taken, from the first to the last: %j', (all, most, taken) => {
    expect(sampleEvenly(all, most)).toEqual(taken);
  });
});
