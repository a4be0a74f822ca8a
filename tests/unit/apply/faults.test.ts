/** What a failed declare means for the changes that it contained (functions/apply/loop). */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { applySlices, countCalls, portsOn, tryToApply } from '../../fixtures/partition.ts';

const inner = (): DeviceError =>
  new DeviceError('BIP509', 'ambiguous', 'bigip-1: a call of AS3 failed', {
    hint: 'inner',
    response: 'HTTP 500',
  });
const busy = (): DeviceError => new DeviceError('BIP503', 'transient', 'bigip-1: busy');
const withRule = (port: number): ReturnType<typeof exposure> =>
  exposure({ port, settings: { ...SETTINGS, iRules: ['/Common/rule'] } });

let device: MemoryDevice;
beforeEach(() => {
  device = memoryDevice();
});
/** The declares fail in this order; the rest succeed. */
function failing(...errors: readonly (Error | undefined)[]): void {
  const left = [...errors];
  device.before = () => {
    const error = left.shift();
    if (error !== undefined) throw error;
  };
}

describe('a fault inside the device', () => {
  test('that occurs twice in a declare without changes needs no third one: it depends on no change', async () => {
    await applySlices(device, [slice(1, [exposure()])]);
    failing(inner(), inner());
    const { error } = await tryToApply(device, [slice(2, [exposure()])]);
    expect(error).toMatchObject({ code: 'BIP509', fault: 'transient' });
    expect(String(error)).toContain('does not depend on a change');
    expect(device.declares).toHaveLength(3);
  });

  test('that also happens without any change is reported as a fault of the device', async () => {
    failing(inner(), inner(), inner());
    const { error } = await tryToApply(device, [slice(1, [exposure()])]);
    expect(error).toMatchObject({ code: 'BIP509', fault: 'transient' });
    expect(String(error)).toContain('all changes wait until bigip-1 is repaired');
  });

  test('is not distinguished from that of a change while the device is busy, so no change is blamed', async () => {
    failing(inner(), inner(), busy());
    const { error } = await tryToApply(device, [slice(1, [exposure()])]);
    expect(error).toMatchObject({ code: 'BIP503', message: 'bigip-1: busy' });
  });

  test('does not end a repair: the same is declared again, although the live objects look right', async () => {
    await applySlices(device, [slice(1, [exposure()])]);
    failing(inner());
    const calls = countCalls(device);
    await applySlices(device, [slice(1, [exposure()])], { again: true });
    expect(device.declares.map(({ ok }) => ok)).toEqual([true, false, true]);
    // After the declare, not in its place.
    expect(calls.verify).toBe(1);
  });
});

describe('a fault inside the device that left something undone', () => {
  test('is followed by one declare: it was compared before, and does not count as incomplete', async () => {
    device.before = (_partition, _next, commit) => {
      if (device.declares.length > 1) return;
      commit();
      throw inner();
    };
    device.verify = () => Promise.resolve(device.declares.length === 1 ? ['differs'] : []);
    const { tries } = await tryToApply(device, [slice(1, [exposure()])]);
    expect(tries.map(({ outcome }) => outcome)).toEqual(['BIP509', 'applied']);
  });

  test(
    'before does not hide that a change causes it: one declare without the change that ' +
      'succeeds is enough',
    async () => {
      device.before = (_partition, next) => {
        if (Object.keys(next.exposures).length > 0) throw inner();
      };
      device.verify = () => Promise.resolve(['an old difference']);
      const { result } = await tryToApply(device, [slice(1, [exposure()])]);
      expect([...(result?.rejections.values() ?? [])]).toMatchObject([
        { error: { code: 'BIP509' } },
      ]);
    },
  );
});

describe('an answer that was lost', () => {
  test('needs no comparison of the live objects if everything is declared', async () => {
    let left = 1;
    device.before = (_partition, _next, commit) => {
      if (left-- <= 0) return;
      commit();
      throw new DeviceError('BIP505', 'ambiguous', 'no answer');
    };
    const calls = countCalls(device);
    await applySlices(device, [slice(1, [exposure()])]);
    expect([device.declares.length, calls.verify]).toEqual([1, 0]);
  });
});

describe('a refusal with the name of an object', () => {
  test('looks nothing up unless AS3 says that it did not find it', async () => {
    failing(
      new DeviceError('BIP421', 'content', 'refused', {
        response: 'the rule /Common/rule does not fit the profile',
      }),
    );
    const calls = countCalls(device);
    const { rejections } = await applySlices(device, [slice(1, [withRule(7)])]);
    expect([...rejections.values()]).toMatchObject([{ error: { code: 'BIP421' } }]);
    // Before the declare, and before its next try.
    expect(calls.missing).toBe(1);
  });

  test('is looked up for no change if none refers to it', async () => {
    failing(
      new DeviceError('BIP424', 'content', 'not found', {
        hint: 'unfound',
        response: 'Unable to find /Common/other for /k8s/x',
      }),
    );
    const { rejections } = await applySlices(device, [slice(1, [withRule(7)])]);
    expect([...rejections.values()]).toMatchObject([{ error: { code: 'BIP424' } }]);
    expect(device.declares.map(({ ports, ok }) => [ports, ok])).toEqual([
      [[7], false],
      [[], true],
    ]);
  });
});

describe('a script that AS3 gave up on', () => {
  test('is waited for, even if another client was in the way before', async () => {
    let posts = 0;
    device.before = () => {
      posts += 1;
      if (posts === 1) throw new DeviceError('BIP430', 'transient', 'another client declared');
      if (posts === 2)
        throw new DeviceError('BIP505', 'ambiguous', 'longer than 30 s', { hint: 'slow' });
    };
    device.verify = () => Promise.resolve([]);
    const ports = Array.from({ length: 40 }, (_, i) => i + 1);
    await applySlices(device, [
      slice(
        1,
        ports.map((port) => exposure({ port })),
      ),
    ]);
    expect(portsOn(device)).toEqual(ports);
    // The late script does the same, so a smaller declare would undo some of it.
    expect(device.declares.map((one) => one.ports.length)).toEqual([40, 40, 40]);
  });

  test('again, although nothing was missing, is made smaller: not every difference is visible', async () => {
    device.before = (_partition, next) => {
      const more =
        Object.keys(next.exposures).length - Object.keys(device.state().exposures).length;
      if (more > 25) throw new DeviceError('BIP505', 'ambiguous', 'slow', { hint: 'slow' });
    };
    device.verify = () => Promise.resolve([]);
    await applySlices(device, [
      slice(
        1,
        Array.from({ length: 40 }, (_, i) => exposure({ port: i + 1 })),
      ),
    ]);
    expect(device.declares.map((one) => one.ports.length)).toEqual([40, 40, 25, 40]);
  });

  test('without changes cannot be made smaller, so the messages are retried', async () => {
    await applySlices(device, [slice(1, [exposure()])]);
    device.before = () => {
      throw new DeviceError('BIP505', 'ambiguous', 'slow', { hint: 'slow' });
    };
    device.verify = () => Promise.resolve(['not there yet']);
    const { error } = await tryToApply(device, [slice(2, [exposure()])]);
    expect(error).toMatchObject({ code: 'BIP505' });
    expect(device.declares).toHaveLength(2);
  });
});

describe('a refusal for an address that is taken', () => {
  const refused = (code: 'BIP421' | 'BIP422' | 'BIP423'): Promise<number> => {
    failing(new DeviceError(code, 'content', 'refused'));
    const calls = countCalls(device);
    return applySlices(device, [slice(1, [exposure()])]).then(() => calls.foreign);
  };

  test.each([
    ['BIP422', 2],
    ['BIP423', 2],
    ['BIP421', 1],
  ] as const)(
    '%s: the holders of addresses are read %i times, first for the plan',
    async (code, times) => {
      expect(await refused(code)).toBe(times);
    },
  );
});
