/**
 * The table of properties on a second implementation: F5's AS3 in front of a model of BIG-IP. Runs
 * only if AS3_DEVICE is its URL (user and password `admin`).
 */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Device } from '../../../shared/device/device.ts';
import { DRIFT_CASES, driftState } from './drift-cases.ts';
import { real, REAL_URL, realDevice, realFingerprint } from './real-device.ts';
import { declare } from './support.ts';

const described = REAL_URL === undefined ? describe.skip : describe;

let device: Device;
let fingerprint: string;

described('a property changed by hand', () => {
  beforeAll(async () => {
    fingerprint = await realFingerprint();
  });

  afterEach(async () => {
    await device.close();
    await real('DELETE', '/mgmt/shared/appsvcs/declare');
  });

  test.each(DRIFT_CASES)(
    '$name is detected, and repaired by $heal',
    async ({ path, patch, heal }) => {
      device = realDevice(fingerprint);
      const state = driftState();
      const drift = () => device.drift('k8s', state);
      await declare(device, state);
      expect(await drift()).toEqual([]);
      expect((await real('PATCH', path, patch)).status).toBe(200);
      const found = await drift();
      expect(found.map((one) => one.heal)).toEqual([heal]);
      if (heal === 'patch') {
        expect(await device.writeBack('k8s', found)).toEqual([path]);
        expect(await drift()).toEqual([]);
      }
      await declare(device, state);
      expect(await drift()).toEqual([]);
    },
    120_000,
  );
});
