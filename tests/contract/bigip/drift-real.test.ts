/**
 * The table of properties on another device than the lab's: F5's AS3 in front of a model of BIG-IP.
 * Runs only if AS3_DEVICE is its URL (user and password `admin`).
 */
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDevice } from '../../../shared/bigip/device.ts';
import type { Device } from '../../../shared/device/device.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { DRIFT_CASES, driftState } from './drift-cases.ts';
import { declare } from './support.ts';

const url = process.env['AS3_DEVICE'];
const described = url === undefined ? describe.skip : describe;

let device: Device;
let fingerprint: string;

async function rest(method: string, path: string, body?: unknown): Promise<number> {
  const { request } = await import('node:https');
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      {
        method,
        rejectUnauthorized: false,
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}`,
        },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

described('a property changed by hand', () => {
  beforeAll(async () => {
    const { hostname, port } = new URL(url ?? '');
    fingerprint = await new Promise((resolve, reject) => {
      const socket = connectTls(
        { host: hostname, port: Number(port), rejectUnauthorized: false },
        () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  });

  afterEach(async () => {
    await device.close();
    await rest('DELETE', '/mgmt/shared/appsvcs/declare');
  });

  test.each(DRIFT_CASES)(
    '$name is seen, and healed by $heal',
    async ({ path, patch, heal }) => {
      device = createDevice(
        DeviceConfig.parse({
          name: 'bigip-1',
          url,
          username: 'admin',
          password: 'env:X',
          partitions: ['k8s'],
          tls: { fingerprint },
        }),
        { password: () => Promise.resolve('admin'), ca: undefined },
        processClock,
      );
      const state = driftState();
      const drift = () => device.drift('k8s', state);
      await declare(device, state);
      expect(await drift()).toEqual([]);
      expect(await rest('PATCH', path, patch)).toBe(200);
      const found = await drift();
      expect(found.map((one) => one.heal)).toEqual([heal]);
      if (heal === 'patch') {
        expect(await device.mend('k8s', found)).toEqual([path]);
        expect(await drift()).toEqual([]);
      }
      await declare(device, state);
      expect(await drift()).toEqual([]);
    },
    120_000,
  );
});
