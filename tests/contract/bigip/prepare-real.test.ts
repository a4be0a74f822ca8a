/**
 * The first contact with F5's AS3. Runs only if AS3_DEVICE is the URL of a test device; the first
 * test needs one that never had a declaration.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Device } from '../../../shared/device/device.ts';
import type { DeviceError } from '../../../shared/device/errors.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { real, REAL_URL, realDevice, realFingerprint } from './real-device.ts';
import { wanted } from './support.ts';

const described = REAL_URL === undefined ? describe.skip : describe;
const DECLARE = '/mgmt/shared/appsvcs/declare';
const PARTITION = '/mgmt/tm/auth/partition';

const lockKeyOf = async (device: Device, partition = 'k8s'): Promise<string | undefined> => {
  const reading = await device.read(partition);
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return reading.declared.lockKey;
};

described('the first contact with F5’s AS3', () => {
  let fingerprint: string;
  let device: Device;

  beforeAll(async () => {
    fingerprint = await realFingerprint();
  });
  beforeEach(() => {
    device = realDevice(fingerprint);
  });
  afterEach(async () => {
    await device.close();
    await real('DELETE', DECLARE);
  });

  test('creates an empty partition once, and content needs no other declare', async () => {
    expect(await device.read('k8s')).toEqual({ kind: 'ours', declared: { state: EMPTY_STATE } });
    expect(await device.prepare('k8s')).toBe(true);
    expect(await device.prepare('k8s')).toBe(false);
    expect((await real('GET', `${PARTITION}/k8s`)).status).toBe(200);
    const declared = await device.declare('k8s', wanted(), await lockKeyOf(device));
    expect(declared).not.toHaveProperty('created');
    expect(declared.lockKey).toBe(await lockKeyOf(device));
  });

  test('a partition that is removed is forgotten, only with the key that was read', async () => {
    await device.prepare('k8s');
    const old = (await lockKeyOf(device))!;
    await device.declare('k8s', wanted(), old);
    await expect(device.remove('k8s', old)).rejects.toMatchObject({ code: 'BIP430' });
    await device.remove('k8s', (await lockKeyOf(device))!);
    expect(await device.read('k8s')).toEqual({ kind: 'ours', declared: { state: EMPTY_STATE } });
    expect((await real('GET', `${PARTITION}/k8s`)).status).toBe(404);
  });

  test('of two at once, one creates it', async () => {
    const twin = realDevice(fingerprint);
    const done = await Promise.all(
      [device, twin].map((one) =>
        one.prepare('k8s').catch((error: unknown) => (error as DeviceError).code),
      ),
    );
    await twin.close();
    expect(done.filter((each) => each === true)).toHaveLength(1);
    expect(await lockKeyOf(device)).toEqual(expect.any(String));
  });

  test('never replaces what another writer declared first', async () => {
    const twin = realDevice(fingerprint);
    await twin.declare('k8s', wanted(), undefined);
    await twin.close();
    await expect(device.declare('k8s', EMPTY_STATE, undefined)).rejects.toMatchObject({
      code: 'BIP430',
    });
    expect(await device.verify('k8s', wanted())).toEqual([]);
  });

  test('leaves a partition alone that another client created', async () => {
    await real('POST', PARTITION, { name: 'theirs' });
    expect(await device.read('theirs')).toMatchObject({ kind: 'refused', code: 'OWN303' });
    expect(await device.prepare('theirs')).toBe(false);
    await real('DELETE', `${PARTITION}/theirs`);
  });

  test('works beside the declaration of another partition, and after the last one', async () => {
    expect(await device.prepare('other')).toBe(true);
    expect(await lockKeyOf(device)).toBeUndefined();
    expect(await device.prepare('k8s')).toBe(true);
    await real('DELETE', DECLARE);
    expect(await lockKeyOf(device)).toBeUndefined();
    expect(await device.prepare('k8s')).toBe(true);
  });
});
