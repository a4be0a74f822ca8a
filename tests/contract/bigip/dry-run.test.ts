import { afterEach, describe, expect, test } from '@jest/globals';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import { dryRunDevice } from '../../../shared/device/dry-run.ts';
import { openNodeAccess } from '../../../shared/bigip/node-access.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { closeAll, connect, declare, lab, wanted } from './support.ts';

afterEach(closeAll);

interface Told {
  readonly message: string;
  readonly [field: string]: unknown;
}

function listener(): { readonly log: Logger; readonly told: Told[] } {
  const told: Told[] = [];
  const info = (fields: object, message: string): void => void told.push({ ...fields, message });
  const quiet = (): void => undefined;
  const log: Logger = { debug: quiet, info, warn: quiet, error: quiet, child: () => log };
  return { log, told };
}

function dry(bigip: LabBigip): { readonly device: Device; readonly told: Told[] } {
  const { log, told } = listener();
  return { device: dryRunDevice(connect(bigip, { log, dryRun: true }), log), told };
}

describe('the device of a dry run', () => {
  test('answers as if it had declared, logs the plan, and writes nothing to the device', async () => {
    const bigip = await lab();
    const { device, told } = dry(bigip);
    expect(await declare(device, wanted())).toBe('applied');
    expect(await device.read('k8s')).toMatchObject({ kind: 'ours', declared: { state: wanted() } });
    expect(await device.verify('k8s', wanted())).toEqual([]);
    expect(told).toEqual([
      {
        device: 'bigip-1',
        partition: 'k8s',
        create: ['172.16.100.195:32400/tcp'],
        update: [],
        delete: [],
        message: 'dry run: would declare',
      },
    ]);
    expect(bigip.writes).toEqual([]);
    expect(await connect(bigip).read('k8s')).toMatchObject({ declared: { state: EMPTY_STATE } });
  });

  test('each plan starts from the previous one, so that nothing is logged twice', async () => {
    const { device, told } = dry(await lab());
    await declare(device, wanted());
    await declare(device, wanted(wanted(), 2, [32_400, 5]));
    expect(await declare(device, wanted(wanted(wanted(), 2, [32_400, 5]), 3, [32_400, 5]))).toBe(
      'unchanged',
    );
    await declare(device, wanted(wanted(), 4, [5]));
    expect(told.map(({ create, delete: gone }) => [create, gone])).toEqual([
      [['172.16.100.195:32400/tcp'], []],
      [['172.16.100.195:5/tcp'], []],
      [[], ['172.16.100.195:32400/tcp']],
    ]);
  });

  test('drops the simulated state when another client declares', async () => {
    const bigip = await lab();
    const { device } = dry(bigip);
    await declare(device, wanted());
    await declare(connect(bigip), wanted(EMPTY_STATE, 9, [7]));
    expect(await device.read('k8s')).toMatchObject({
      declared: { state: wanted(EMPTY_STATE, 9, [7]) },
    });
  });

  test('compares the live state with the declared state', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    const { device } = dry(bigip);
    const next = wanted(wanted(), 2, [5]);
    await declare(device, next);
    expect(await device.drift('k8s', next)).toEqual([]);
  });

  test('sends only reads, whatever is called', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    const before = bigip.writes.length;
    const { log, told } = listener();
    const config = DeviceConfig.parse({
      name: 'bigip-1',
      url: bigip.url,
      username: bigip.username,
      password: 'env:X',
      partitions: ['k8s'],
    });
    const secrets = { password: () => Promise.resolve(bigip.password), ca: bigip.ca };
    const access = openNodeAccess(config, secrets, {
      clock: processClock,
      random: () => 0.5,
      dryRun: true,
      log,
    });
    const write = {
      name: '10.244.1.5',
      address: '10.244.1.5',
      availability: 'draining',
      stamp: { cluster: 'east', version: { epoch: 1, counter: 2, generation: 1 } },
    } as const;
    expect([await access.write('k8s', write), await access.write('k8s', write)]).toEqual([
      'written',
      'written',
    ]);
    await access.close();
    // Without the dry-run device in between, a declare fails here as well.
    const bare = connect(bigip, { log, dryRun: true });
    await expect(declare(bare, wanted(wanted(), 2, [5]))).rejects.toMatchObject({ code: 'BIP511' });
    expect(told.map(({ method, path }) => `${String(method)} ${String(path)}`)).toEqual([
      'PATCH /mgmt/tm/ltm/node/~k8s~10.244.1.5',
      'POST /mgmt/shared/appsvcs/declare/k8s?async=true',
    ]);
    expect(bigip.writes.length).toBe(before);
  });
});
