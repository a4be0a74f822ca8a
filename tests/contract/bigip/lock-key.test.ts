/**
 * The lock key that a declare leaves, known without reading it. With AS3_DEVICE, also on F5's AS3.
 */
import { afterEach, expect, test } from '@jest/globals';
import type { Device } from '../../../shared/device/device.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { REAL_URL, realDevice, realFingerprint } from './real-device.ts';
import { closeAll, connect, lab, wanted } from './support.ts';

afterEach(closeAll);

async function check(device: Device): Promise<void> {
  const first = await device.declare('k8s', wanted(), undefined);
  expect(first).toMatchObject({ outcome: 'applied', created: expect.any(Number) });
  expect(first.took).toBeGreaterThan(0);
  // Without reading in between, and with a declare that stores only a new fence.
  const more = wanted(wanted(), 2, [32_400, 9_000, 5]);
  const second = await device.declare('k8s', more, first.lockKey);
  expect(second).not.toHaveProperty('created');
  const fenced = wanted(more, 3, [32_400, 9_000, 5]);
  const third = await device.declare('k8s', fenced, second.lockKey);
  expect(third).toMatchObject({ outcome: 'unchanged', cost: 0 });
  expect(await device.read('k8s')).toMatchObject({
    kind: 'ours',
    declared: { state: fenced, lockKey: third.lockKey },
  });
  await expect(device.declare('k8s', wanted(fenced, 4, [5]), second.lockKey)).rejects.toMatchObject(
    { code: 'BIP430' },
  );
}

test('the next declare needs no reading, because the key of what was declared is known', async () => {
  await check(connect(await lab()));
});

(REAL_URL === undefined ? test.skip : test)('F5’s AS3 has the same key', async () => {
  const device = realDevice(await realFingerprint());
  const before = await device.read('k8s');
  if (before.kind === 'ours' && before.declared.lockKey !== undefined)
    throw new Error('the device must not have the partition yet');
  await check(device);
  const { lockKey } = await device.read('k8s').then((one) => {
    if (one.kind === 'refused') throw new Error(one.reason);
    return one.declared;
  });
  await device.declare('k8s', EMPTY_STATE, lockKey);
  await device.close();
});
