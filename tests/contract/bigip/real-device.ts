/** A device other than the lab's, at the URL of AS3_DEVICE (user and password `admin`). */
import { connect as connectTls } from 'node:tls';
import { request } from 'node:https';
import { createDevice } from '../../../shared/bigip/device.ts';
import type { Device } from '../../../shared/device/device.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import { processClock } from '../../../shared/runtime/process.ts';

/** If undefined, its tests are skipped. */
export const REAL_URL = process.env['AS3_DEVICE'];

/** Status and body of one response. */
export interface RealAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A request without Sluice in between. */
export function real(method: string, path: string, body?: unknown): Promise<RealAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${REAL_URL}${path}`,
      {
        method,
        rejectUnauthorized: false,
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}`,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : JSON.parse(text) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The fingerprint of the device's self-signed certificate. */
export function realFingerprint(): Promise<string> {
  const { hostname, port } = new URL(REAL_URL ?? '');
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      { host: hostname, port: Number(port), rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

/** Sluice's view of the device. */
export function realDevice(fingerprint: string): Device {
  return createDevice(
    DeviceConfig.parse({
      name: 'bigip-1',
      url: REAL_URL,
      username: 'admin',
      password: 'env:X',
      partitions: ['k8s'],
      tls: { fingerprint },
    }),
    { password: () => Promise.resolve('admin'), ca: undefined },
    processClock,
  );
}
