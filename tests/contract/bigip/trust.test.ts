/** Whom Sluice gives the password of a device. */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LabRequest } from '../../../infra/lab/bigip/index.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { closeAll, connect, lab } from './support.ts';
import { startStranger, strangers } from '../../fixtures/stranger.ts';

const { start: stranger, closeAll: closeStrangers } = strangers();
let otherCa: string;
beforeAll(async () => {
  const other = await startStranger();
  otherCa = other.ca;
  await other.close();
});
afterEach(async () => {
  await closeStrangers();
});

async function ask(url: string, ca: string, tls: object = {}): Promise<unknown> {
  const config = DeviceConfig.parse({
    name: 'bigip-1',
    url,
    username: 'admin',
    password: 'env:X',
    partitions: ['k8s'],
    requestTimeout: 5,
    tls,
  });
  const secrets = { password: () => Promise.resolve('canary-password'), ca };
  const device = createDevice(config, secrets, processClock, {});
  try {
    return await device.read('k8s');
  } finally {
    await device.close();
  }
}

test('a device with a certificate of another authority gets no request', async () => {
  const { url, requests } = await stranger();
  await expect(ask(url, otherCa)).rejects.toMatchObject({ code: 'BIP402' });
  expect(requests).toEqual([]);
});

test('a device with a certificate for another name gets no request', async () => {
  const { port, ca, requests } = await stranger();
  await expect(ask(`https://127.0.0.2:${port}`, ca)).rejects.toMatchObject({ code: 'BIP402' });
  expect(requests).toEqual([]);
});

test('a device with another certificate than the pinned one gets no request', async () => {
  const { url, ca, requests } = await stranger();
  const pinned = ask(url, ca, { fingerprint: 'ab'.repeat(32) });
  await expect(pinned).rejects.toMatchObject({ code: 'BIP402' });
  expect(requests).toEqual([]);
});

test('a redirect of a device takes the password nowhere', async () => {
  const target = await stranger();
  const { url, ca, requests } = await stranger(`${target.url}/taken`);
  await expect(ask(url, ca)).rejects.toBeInstanceOf(Error);
  expect(requests.length).toBeGreaterThan(0);
  expect(target.requests).toEqual([]);
});

describe('an answer that repeats the request', () => {
  afterEach(closeAll);
  const isLogin = ({ path }: LabRequest): boolean => path.endsWith('/authn/login');
  const isRead = ({ path }: LabRequest): boolean => path.endsWith('/declare/k8s');

  test.each([
    ['login', 401, isLogin],
    ['login', 200, isLogin],
    ['reading', 500, isRead],
    ['reading', 200, isRead],
  ] as const)('to a %s (HTTP %i) is quoted without credentials', async (_, status, match) => {
    const bigip = await lab({ password: 'canary "password"' });
    const device = connect(bigip);
    const tokens: string[] = [];
    bigip.faults.inject({
      match: ({ headers }) => {
        tokens.push(String(headers['x-f5-auth-token'] ?? 'none'));
        return false;
      },
      times: Infinity,
      response: { kind: 'hang' },
    });
    bigip.faults.inject({ match, times: Infinity, response: { kind: 'echo', status } });
    const error = (await device.read('k8s').catch((thrown: unknown) => thrown)) as Error;
    const said = JSON.stringify([error.message, error, error.stack]);
    expect(error).toBeInstanceOf(DeviceError);
    for (const secret of ['canary', ...tokens]) expect(said).not.toContain(secret);
  });
});
