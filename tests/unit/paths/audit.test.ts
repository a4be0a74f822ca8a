/** An audit of paths while others write them. */
import { expect, test } from '@jest/globals';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { auditPaths } from '../../../shared/device/path-audit.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import { type MemoryDevice, memoryDevice } from '../../fixtures/device.ts';
import { live, record, records, route } from './support.ts';

const R1 = route('10.244.1.0/24', '192.0.2.11');
const site = SluiceConfig.parse({
  generation: 1,
  devices: [
    { name: 'b', url: 'https://192.0.2.1', username: 'u', password: 'env:P', partitions: ['k8s'] },
  ],
  clusters: [{ id: 'east', network: { mode: 'routes' } }],
  ingresses: [{ cluster: 'east', service: 'istio-system/gateway', devices: ['b'] }],
});

async function codes(device: MemoryDevice, whileItWaits: () => void): Promise<readonly string[]> {
  await device.paths.write({ number: 0, records: records(record(R1)) });
  const found = await auditPaths({
    device,
    config: site.devices[0]!,
    site,
    states: new Map(),
    clock: { now: () => 0, sleep: () => Promise.resolve(whileItWaits()) },
  });
  return found.findings.map(({ code }) => code);
}

test('an entry that is written between two readings is no difference', async () => {
  const device = memoryDevice();
  const { active } = device.paths.units;
  expect(await codes(device, () => void active.set(entryKey(R1), live(R1)))).toEqual([]);
});

test('an entry that stays missing is a difference', async () => {
  expect(await codes(memoryDevice(), () => undefined)).toEqual(['BIP490']);
});

test('if others keep writing, the audit fails and says so', async () => {
  const device = memoryDevice();
  const { active } = device.paths.units;
  let hops = 10;
  const move = (): void =>
    void active.set(entryKey(R1), live({ ...R1, to: `192.0.2.${(hops += 1) + 10}` }));
  await expect(codes(device, move)).rejects.toMatchObject({
    code: 'BIP503',
    message: expect.stringContaining('kept changing'),
  });
});

/** A device that answers readings of paths with this error. */
function failing(error: DeviceError): MemoryDevice {
  const device = memoryDevice();
  device.paths.reach = (write) => {
    if (write === undefined) throw error;
  };
  return device;
}

test('paths that the account may not read are a finding, and the audit goes on', async () => {
  const device = failing(new DeviceError('BIP403', 'device', 'permission denied'));
  expect(await codes(device, () => undefined)).toEqual(['BIP403']);
});

test('a device that is away is an error, not a difference', async () => {
  const device = failing(new DeviceError('BIP501', 'transient', 'no answer'));
  await expect(codes(device, () => undefined)).rejects.toMatchObject({ code: 'BIP501' });
});

test.each(['BIP505', 'BIP509'] as const)('%s that passes is no finding', async (code) => {
  const device = memoryDevice();
  let failures = 0;
  device.paths.reach = (write) => {
    if (write === undefined && (failures += 1) <= 2)
      throw new DeviceError(code, 'ambiguous', 'failed inside');
  };
  device.paths.units.active.set(entryKey(R1), live(R1));
  expect(await codes(device, () => undefined)).toEqual([]);
});

test('a fault of the paths alone that stays is a finding, and the audit goes on', async () => {
  const device = failing(new DeviceError('BIP509', 'ambiguous', 'failed inside'));
  let pauses = 0;
  expect(await codes(device, () => void (pauses += 1))).toEqual(['BIP509']);
  expect(pauses).toBe(2);
});
