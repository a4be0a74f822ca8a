import { describe, expect, test } from '@jest/globals';
import { meteredDevice } from '../../../shared/device/metered.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Declared, Device } from '../../../shared/device/device.ts';
import { createMeter } from '../../../shared/telemetry/meter.ts';
import { METRICS } from '../../../shared/telemetry/metrics.ts';

const STATE = { owners: {}, exposures: {} };

/** A device that answers as it is told. */
function deviceThat(answer: () => Promise<Declared>, held = false): Device {
  return { name: 'a', declare: answer, isHeld: () => Promise.resolve(held) } as unknown as Device;
}

async function declared(answer: () => Promise<Declared>): Promise<readonly string[]> {
  const meter = createMeter();
  const device = meteredDevice(deviceThat(answer), meter);
  await device.declare('k8s', STATE, undefined).catch(() => undefined);
  return meter
    .read()
    .map(({ name, labels, value, suffix = '' }) =>
      [name + suffix, ...Object.values(labels), value].join(' '),
    );
}

describe('declares are counted by outcome', () => {
  test.each([
    ['applied', () => Promise.resolve<Declared>({ outcome: 'applied' })],
    ['unchanged', () => Promise.resolve<Declared>({ outcome: 'unchanged' })],
    ['refused', () => Promise.reject(new DeviceError('BIP421', 'content', 'no'))],
    ['raced', () => Promise.reject(new DeviceError('BIP430', 'transient', 'other'))],
    ['unknown', () => Promise.reject(new DeviceError('BIP505', 'ambiguous', '?'))],
    ['failed', () => Promise.reject(new DeviceError('BIP501', 'device', 'away'))],
    ['failed', () => Promise.reject(new Error('bug'))],
  ])('%s', async (outcome, answer) => {
    expect(await declared(answer)).toEqual([`sluice_device_declares_total a k8s ${outcome} 1`]);
  });

  test('a device that another client holds is busy, by its refusal and by a look at its lock', async () => {
    const busy = (): Promise<Declared> =>
      Promise.reject(new DeviceError('BIP503', 'transient', 'busy'));
    expect(await declared(busy)).toEqual([
      'sluice_device_declares_total a k8s busy 1',
      'sluice_device_busy_total a 1',
    ]);
    const meter = createMeter();
    await meteredDevice(deviceThat(busy, true), meter).isHeld();
    await meteredDevice(deviceThat(busy, false), meter).isHeld();
    expect(meter.read()).toMatchObject([{ name: 'sluice_device_busy_total', value: 1 }]);
  });

  test('an error reaches the caller as it is', async () => {
    const error = new DeviceError('BIP421', 'content', 'no');
    const device = meteredDevice(
      deviceThat(() => Promise.reject(error)),
      createMeter(),
    );
    await expect(device.declare('k8s', STATE, undefined)).rejects.toBe(error);
  });
});

test('the time of a declare falls into the buckets of Prometheus, each with the smaller ones', async () => {
  const rows = await declared(() => Promise.resolve({ outcome: 'applied', took: 1_500 }));
  expect(rows).toEqual([
    'sluice_device_declares_total a k8s applied 1',
    ...['0.5 0', '1 0', '2 1', '5 1', '10 1', '20 1', '30 1', '60 1', '120 1', '+Inf 1'].map(
      (bucket) => `sluice_device_declare_seconds_bucket a ${bucket}`,
    ),
    'sluice_device_declare_seconds_sum a 1.5',
    'sluice_device_declare_seconds_count a 1',
  ]);
});

test('observed values are taken once', () => {
  const meter = createMeter();
  meter.observe('sluice_device_declare_seconds', { device: 'a' }, 3);
  meter.publish([{ name: 'sluice_store_reachable', labels: {}, value: 1 }]);
  expect(meter.takeNew()).toMatchObject({ observed: [{ values: [3] }], gauges: [{ value: 1 }] });
  expect(meter.takeNew()).toEqual({ observed: [], gauges: [] });
});

describe('the metrics', () => {
  test('have no label with the name of an owner, of which there is no limit', () => {
    const labels = new Set(METRICS.flatMap((row) => row.labels));
    expect([...labels].toSorted()).toEqual([
      'cluster',
      'code',
      'device',
      'outcome',
      'partition',
      'queue',
      'software',
      'state',
      'unit',
    ]);
  });

  test('keep few labels in CloudWatch, which bills each combination', () => {
    const kept = new Set(METRICS.flatMap(({ dimensions }) => dimensions.flat()));
    expect([...kept].toSorted()).toEqual(['code', 'device', 'outcome', 'state']);
    for (const { labels, dimensions } of METRICS)
      expect(labels).toEqual(expect.arrayContaining(dimensions.flat()));
  });
});
