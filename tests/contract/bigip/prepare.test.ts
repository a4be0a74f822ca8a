/**
 * Partitions that are created before they are needed, and writers that create the same one
 * concurrently.
 */
import { afterEach, expect, test } from '@jest/globals';
import { applyPartition } from '../../../functions/apply/loop/run.ts';
import { isDeclare } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { DeviceError } from '../../../shared/device/errors.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { closeAll, connect, fetchAs, lab } from './support.ts';

afterEach(closeAll);

const apply = (device: Device, one: Slice): ReturnType<typeof applyPartition> =>
  applyPartition({
    device,
    partition: 'k8s',
    slices: [one],
    sameFleet: () => false,
    clock: processClock,
    hasTime: () => true,
  });

const sliceOf = (cluster: string, port: number): Slice =>
  slice(1, [exposure({ port })], {
    owner: `${cluster}/istio-system/istio-ingressgateway`,
    clusterUid: cluster,
  });

/** The bodies of all declares, and whether each has a lock key. */
function declares(
  bigip: LabBigip,
): readonly { readonly exposures: number; readonly key: boolean }[] {
  const seen: { exposures: number; key: boolean }[] = [];
  bigip.faults.inject({
    match: (request) => {
      if (!isDeclare(request)) return false;
      const text = JSON.stringify(request.body);
      seen.push({
        exposures: text.split('"class":"Service_TCP"').length - 1,
        key: text.includes('"optimisticLockKey"'),
      });
      return false;
    },
    times: Infinity,
    response: { kind: 'reset' },
  });
  return seen;
}

const portsOn = async (device: Device): Promise<readonly number[]> => {
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return Object.values(reading.declared.state.exposures).map(({ port }) => port);
};

test('the first exposure of a prepared partition costs one declare, and content always has a lock key', async () => {
  const bigip = await lab();
  const device = connect(bigip);
  const seen = declares(bigip);
  expect(await device.prepare('k8s')).toBe(true);
  expect(await device.prepare('k8s')).toBe(false);
  expect(seen).toEqual([{ exposures: 0, key: true }]);
  await apply(device, sliceOf('east', 1));
  expect(seen.slice(1)).toEqual([{ exposures: 1, key: true }]);
});

test('a partition that nobody prepared is created without content first', async () => {
  const bigip = await lab();
  const seen = declares(bigip);
  await apply(connect(bigip), sliceOf('east', 1));
  expect(seen).toEqual([
    { exposures: 0, key: true },
    { exposures: 1, key: true },
  ]);
});

// Red if only the right to write the partition is checked: AS3 then deletes its content.
test('a partition that is to be taken over is left alone until its first exposure', async () => {
  const bigip = await lab();
  await fetchAs(bigip, 'POST', '/mgmt/tm/auth/partition', { name: 'k8s' });
  const device = connect(bigip, { config: { adoptPartitions: true } });
  const seen = declares(bigip);
  expect(await device.prepare('k8s')).toBe(false);
  expect(seen).toEqual([]);
  await apply(device, sliceOf('east', 1));
  expect(await portsOn(device)).toEqual([1]);
});

test('two that prepare a partition at once create it once', async () => {
  const bigip = await lab();
  const [one, two] = [connect(bigip), connect(bigip)];
  const done = await Promise.all(
    [one, two].map((device) =>
      device.prepare('k8s').catch((error: unknown) => (error as DeviceError).code),
    ),
  );
  // The other writer finds the partition, or AS3 is busy.
  expect(done.filter((each) => each === true)).toHaveLength(1);
  expect(await portsOn(one)).toEqual([]);
});

// Red with the lock key of whatever exists after the creation: the first writer then replaces what
// the other one declared in between.
test('two twins that create the same partition at once lose nothing', async () => {
  const bigip = await lab();
  const [device, twin] = [connect(bigip), connect(bigip)];
  const seen = declares(bigip);
  let other: ReturnType<typeof apply> | undefined;
  // The first writer reads the partition that it created only after the other one has declared.
  bigip.faults.inject({
    match: ({ method, path }) => {
      const isReading = seen.length === 1 && method === 'GET' && path.includes('/declare');
      if (isReading) other = apply(twin, sliceOf('west', 2));
      return isReading;
    },
    response: { kind: 'delay', ms: 1_500 },
  });
  await apply(device, sliceOf('east', 1));
  await other;
  expect(other).toBeDefined();
  expect(await portsOn(device)).toEqual([1, 2]);
  expect(seen.every(({ key }) => key)).toBe(true);
});
