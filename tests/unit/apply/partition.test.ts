import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { applicationName } from '../../../shared/bigip/as3/names.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { memoryDevice, refusing } from '../../fixtures/device.ts';
import { applySlices, portsOn } from '../../fixtures/partition.ts';

const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('one bad exposure disturbs no other', () => {
  test('the object that BIG-IP names is left out at once, the others are declared', async () => {
    const device = memoryDevice();
    const bad = exposure({ port: 7 });
    device.before = refusing(
      (e) => e.port === 7,
      `01070734:3: Configuration error: /k8s/${applicationName(bad)}/virtual`,
    );
    const result = await applySlices(device, [
      slice(
        1,
        range(20).map((port) => exposure({ port })),
      ),
    ]);
    expect(portsOn(device)).toEqual(range(20).filter((p) => p !== 7));
    expect([...result.rejections.keys()]).toEqual([
      'east/istio-system/istio-ingressgateway 172.16.100.195:7/tcp',
    ]);
    // All at once, then the healthy part, which stores the refusal of the named one.
    expect(device.declares).toHaveLength(2);
  });

  test('an object that BIG-IP names costs one more declare, among any number of owners', async () => {
    const device = memoryDevice();
    const owners = range(9).map((n) => ({
      owner: `c${n}/istio-system/gw`,
      clusterUid: `uid-${n}`,
    }));
    const bad = exposure({
      port: 5,
      settings: { ...exposure().settings, iRules: ['/Common/missing'] },
    });
    device.before = refusing(
      (e) => e.settings.iRules.length > 0,
      '01020036:3: The requested rule (/Common/missing) was not found.',
    );
    const result = await applySlices(
      device,
      owners.map((over, n) => slice(1, [n === 4 ? bad : exposure({ port: n + 1 })], over)),
    );
    expect(portsOn(device)).toEqual(range(9).filter((p) => p !== 5));
    expect([...result.rejections.keys()]).toEqual(['c5/istio-system/gw 172.16.100.195:5/tcp']);
    expect(device.declares).toHaveLength(2);
  });

  test('without a name the culprits are found by owner and by halves, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 24 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 24 }), { maxLength: 5 }),
        async (count, bad) => {
          const device = memoryDevice();
          device.before = refusing((e) => bad.includes(e.port));
          const east = slice(
            1,
            range(count)
              .filter((p) => p % 2 === 0)
              .map((port) => exposure({ port })),
          );
          const other = slice(
            1,
            range(count)
              .filter((p) => p % 2 === 1)
              .map((port) => exposure({ port })),
            west,
          );
          const result = await applySlices(device, [east, other]);
          expect(portsOn(device)).toEqual(range(count).filter((p) => !bad.includes(p)));
          expect(result.rejections.size).toBe(bad.filter((p) => p <= count).length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a refused update keeps what was declared before', async () => {
    const device = memoryDevice();
    await applySlices(device, [slice(1, [exposure()])]);
    device.before = refusing((e) => e.settings.balance === 'ratio-member');
    const result = await applySlices(device, [
      slice(2, [
        exposure({ settings: { ...exposure().settings, balance: 'ratio-member' } }),
        exposure({ port: 1 }),
      ]),
    ]);
    expect(Object.values(device.state().exposures).map((e) => e.settings.balance)).toEqual([
      'round-robin',
      'round-robin',
    ]);
    expect(result.rejections.size).toBe(1);
  });

  test('the fence moves on even when everything new is refused', async () => {
    const device = memoryDevice();
    await applySlices(device, [slice(1, [exposure()])]);
    device.before = refusing((e) => e.port === 9);
    await applySlices(device, [slice(5, [exposure(), exposure({ port: 9 })])]);
    expect(device.state().owners['east/istio-system/istio-ingressgateway']?.version.counter).toBe(
      5,
    );
  });
});

describe('what the device answers', () => {
  test('after a concurrent write it reads again and declares on top', async () => {
    const device = memoryDevice();
    await applySlices(device, [slice(1, [exposure()])]);
    let raced = false;
    const read = device.read.bind(device);
    const racing: MemoryDevice = Object.assign(device, {
      read: async (partition: string) => {
        const reading = await read(partition);
        if (!raced) {
          raced = true;
          await applySlices(Object.assign(memoryDevice(), device, { read }), [
            slice(1, [exposure({ port: 2 })], west),
          ]);
        }
        return reading;
      },
    });
    await applySlices(racing, [slice(2, [exposure(), exposure({ port: 3 })])]);
    expect(portsOn(device)).toEqual([2, 3, 32_400]);
  });

  test('an answer in doubt is read back, not believed: done is done', async () => {
    const device = memoryDevice();
    let lost = 0;
    device.before = (_p, _n, commit) => {
      if (lost > 0) return;
      lost += 1;
      commit();
      throw new DeviceError('BIP505', 'ambiguous', 'HTML 500');
    };
    const result = await applySlices(device, [slice(1, [exposure()])]);
    expect(portsOn(device)).toEqual([32_400]);
    expect(device.declares).toHaveLength(1);
    expect(result.rejections.size).toBe(0);
  });

  test('nodes that are to be shared from now on are declared so before a new member comes', async () => {
    const device = memoryDevice();
    await applySlices(device, [slice(1, [exposure()])], { shareNodes: false });
    const states: DeclaredState[] = [];
    device.before = (_p, next) => void states.push(next);
    await applySlices(device, [slice(2, [exposure(), exposure({ port: 2 })])], {
      shareNodes: true,
    });
    expect(states.map((s) => [s.shareNodes, Object.keys(s.exposures).length])).toEqual([
      [true, 1],
      [true, 2],
    ]);
  });

  test('a busy device is retried by the queue: nothing is bisected or blamed', async () => {
    const device = memoryDevice();
    device.before = () => {
      throw new DeviceError('BIP503', 'transient', 'busy');
    };
    await expect(
      applySlices(device, [
        slice(
          1,
          range(8).map((port) => exposure({ port })),
        ),
      ]),
    ).rejects.toMatchObject({ code: 'BIP503' });
    expect(device.declares).toHaveLength(1);
  });

  test('success with something missing is declared again, at most twice, and then reported as a failure', async () => {
    const device = memoryDevice();
    let missing = 1;
    device.verify = () => Promise.resolve(missing-- > 0 ? ['pool /k8s/x has members none'] : []);
    await applySlices(device, [slice(1, [exposure()])]);
    expect(device.declares).toHaveLength(2);
    missing = 100;
    await expect(applySlices(device, [slice(2, [exposure({ port: 2 })])])).rejects.toMatchObject({
      code: 'BIP440',
      response: 'pool /k8s/x has members none',
    });
    expect(device.declares).toHaveLength(2 + 3);
  });

  test.each([
    ['without naming anything', ''],
    ['and names one of the changes', applicationName(exposure({ port: 2 }))],
  ])(
    'a repetition that the device refuses %s is a failure, because the changes are declared',
    async (_how, response) => {
      const device = memoryDevice();
      device.verify = () => Promise.resolve(['pool /k8s/x has members none']);
      device.before = () => {
        if (device.declares.length > 1)
          throw new DeviceError('BIP421', 'content', 'refused', { response });
      };
      const ports = [1, 2, 3].map((port) => exposure({ port }));
      await expect(applySlices(device, [slice(1, ports)])).rejects.toMatchObject({
        code: 'BIP421',
        message: 'refused',
      });
      expect(device.declares).toHaveLength(2);
    },
  );

  test('a partition that is not ours is never written', async () => {
    const device = memoryDevice();
    device.read = () => Promise.resolve({ kind: 'refused', code: 'OWN303', reason: 'not ours' });
    expect((await applySlices(device, [slice(1, [exposure()])])).refused).toMatchObject({
      code: 'OWN303',
    });
    expect(device.declares).toHaveLength(0);
  });

  test('a partition is created only for an ingress that has the device, with its fence', async () => {
    const device = memoryDevice();
    await applySlices(device, [slice(1, [], { devices: ['bigip-2'] })], { shareNodes: false });
    expect(device.declares).toHaveLength(0);
    await applySlices(device, [slice(2, [])]);
    await applySlices(device, [slice(1, [exposure()])]);
    expect(device.state().exposures).toEqual({});
  });

  test('repeating it changes nothing', async () => {
    const device = memoryDevice();
    await applySlices(device, [slice(1, [exposure()])]);
    await applySlices(device, [slice(1, [exposure()])]);
    await applySlices(device, [slice(1, [exposure()])]);
    expect(device.declares).toHaveLength(1);
  });
});
