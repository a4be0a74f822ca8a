/** What apply waits for before it declares that members drain (decision 72). */
import { expect, test } from '@jest/globals';
import { applyGroup } from '../../../functions/apply/group.ts';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import type { Availability, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { virtualClock } from '../../promises/support/clock.ts';

const POD = '10.0.0.2';
const at = (counter: number, pod: Availability): Slice =>
  slice(
    counter,
    [
      exposure({
        members: [
          { address: '10.0.0.1', port: 80, availability: 'ready' },
          { address: POD, port: 80, availability: pod },
        ],
      }),
    ],
    { settledSince: { epoch: 1, counter: 0 } },
  );

interface Scene {
  readonly device: MemoryDevice;
  /** Milliseconds that apply slept. */
  readonly waited: () => number;
  readonly apply: (event: Slice) => Promise<readonly PartitionResult[]>;
}

/** Express writes the node after this many milliseconds. */
async function scene(expressAfter: number, hasTime = () => true): Promise<Scene> {
  const device = memoryDevice();
  const clock = virtualClock();
  const begun = clock.monotonic();
  const waited = (): number => clock.monotonic() - begun;
  const sleep = async (ms: number): Promise<void> => {
    await clock.sleep(ms);
    if (waited() < expressAfter) return;
    const { version } = at(2, 'draining');
    const stamp = { cluster: 'east', version };
    await device
      .openNodes()
      .write('k8s', { name: POD, address: POD, availability: 'draining', stamp });
  };
  const apply: Scene['apply'] = (event) =>
    applyGroup({
      device,
      partitions: ['k8s'],
      slices: [event],
      sameFleet: () => true,
      clock: { ...clock, sleep },
      hasTime,
      deferred: new Map(),
    });
  await apply(at(1, 'ready'));
  return { device, waited, apply };
}

test('express gets time to drain the node, and then nothing is declared', async () => {
  const { device, waited, apply } = await scene(750);
  const [result] = await apply(at(2, 'draining'));
  expect(device.declares).toHaveLength(1);
  expect(waited()).toBe(750);
  expect([...(result?.entries.values() ?? [])]).toMatchObject([{ kind: 'unchanged' }]);
  expect(result?.deferred?.size).toBe(1);
  expect(device.partitions.get('k8s')?.nodes.get(POD)?.availability).toBe('draining');
});

test('a node that is out already is not waited for', async () => {
  const { device, waited, apply } = await scene(0);
  const stamp = { cluster: 'east', version: at(2, 'draining').version };
  await device
    .openNodes()
    .write('k8s', { name: POD, address: POD, availability: 'draining', stamp });
  await apply(at(2, 'draining'));
  expect([device.declares.length, waited()]).toEqual([1, 0]);
});

test('express gets no time that apply does not have', async () => {
  let hasTime = true;
  const { device, waited, apply } = await scene(10_000, () => hasTime);
  hasTime = false;
  await expect(apply(at(2, 'draining'))).rejects.toThrow('not finished within');
  expect([device.declares.length, waited()]).toEqual([1, 0]);
});

test('what express does not drain is declared after a second and a half', async () => {
  const { device, waited, apply } = await scene(10_000);
  const [result] = await apply(at(2, 'draining'));
  expect(device.declares).toHaveLength(2);
  expect(waited()).toBe(1_500);
  expect([...(result?.entries.values() ?? [])]).toMatchObject([{ kind: 'update' }]);
  expect(device.partitions.get('k8s')?.nodes.get(POD)?.availability).toBe('draining');
});

test('nodes are not read for a change that has to be declared anyway', async () => {
  const { device, apply } = await scene(0);
  device.nodes = () => Promise.reject(new Error('not asked'));
  const [result] = await apply(
    slice(2, [exposure({ port: 9 })], {
      changes: [
        { what: 'updated', kind: 'Gateway', namespace: 'a', name: 'b', resourceVersion: '1' },
      ],
    }),
  );
  expect(result?.entries.size).toBe(2);
});

test('a member that is out is reported to the watcher, before and after its drain is declared', async () => {
  const { apply } = await scene(0);
  const [waits] = await apply(at(2, 'draining'));
  expect(waits?.drained).toEqual(new Map([[at(2, 'draining').owner, [POD]]]));
  const [before] = await apply(at(3, 'ready'));
  expect(before?.drained).toBeUndefined();
});

test('the drain of a change that is declared is reported as well', async () => {
  const { device, apply } = await scene(10_000);
  const moved = at(2, 'draining');
  const [result] = await apply({
    ...moved,
    exposures: [
      ...moved.exposures,
      exposure({ port: 9, members: [...moved.exposures[0]!.members] }),
    ],
  });
  expect(device.declares).toHaveLength(2);
  expect(result?.drained).toEqual(new Map([[moved.owner, [POD]]]));
});

test('nodes are read once more only where members drain', async () => {
  const { device, apply } = await scene(0);
  device.nodes = () => Promise.reject(new Error('not asked'));
  const [result] = await apply(
    slice(2, [exposure({ port: 9 })], { settledSince: { epoch: 1, counter: 1 } }),
  );
  expect(result?.drained).toBeUndefined();
});
