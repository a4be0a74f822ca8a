/** What apply waits for before it declares that members drain (decision 72). */
import { expect, test } from '@jest/globals';
import { applyGroup } from '../../../functions/apply/group.ts';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import type { Availability, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
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
  readonly apply: (...events: readonly Slice[]) => Promise<readonly PartitionResult[]>;
  readonly applyTo: (
    partitions: readonly string[],
    ...events: readonly Slice[]
  ) => Promise<readonly PartitionResult[]>;
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
  const applyTo: Scene['applyTo'] = (partitions, ...slices) =>
    applyGroup({
      device,
      partitions,
      slices,
      sameFleet: () => true,
      clock: { ...clock, sleep },
      hasTime,
      deferred: new Map(),
    });
  const apply: Scene['apply'] = (...events) => applyTo(['k8s'], ...events);
  await apply(at(1, 'ready'));
  return { device, waited, apply, applyTo };
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

/** Express has drained the node for this version already. */
async function drained(): Promise<Scene> {
  const made = await scene(10_000);
  const stamp = { cluster: 'east', version: at(2, 'draining').version };
  await made.device
    .openNodes()
    .write('k8s', { name: POD, address: POD, availability: 'draining', stamp });
  return made;
}

test('only a version that counts tells that a member is out, and others beside it need not drain', async () => {
  const { apply } = await drained();
  const newer = at(3, 'draining');
  const idle = slice(1, [exposure({ address: '172.16.100.9', members: [] })], {
    owner: 'west/istio-system/gw',
    clusterUid: 'uid-west',
  });
  const [told] = await apply(newer, idle);
  expect(told?.drained).toEqual(new Map([[newer.owner, [POD]]]));
  const [old] = await apply(at(2, 'draining'));
  expect(old?.drained).toBeUndefined();
});

test('a member to which clients may still come is not reported', async () => {
  const { apply } = await drained();
  const { exposures, ...rest } = at(2, 'draining');
  const settings = { ...SETTINGS, persistence: ['/Common/cookie'] };
  const [result] = await apply({
    ...rest,
    exposures: exposures.map((one) => ({ ...one, settings })),
  });
  expect(result?.entries.size).toBe(1);
  expect(result?.drained).toBeUndefined();
});

test('of several partitions none is asked for nodes: a node may be in another one', async () => {
  const { device, applyTo } = await drained();
  device.nodes = () => Promise.reject(new Error('not asked'));
  const results = await applyTo(['k8s', 'other'], at(2, 'draining'));
  expect(results.map(({ drained: out }) => out)).toEqual([undefined, undefined]);
});

test('nodes are read once more only where members drain', async () => {
  const { device, apply } = await scene(0);
  device.nodes = () => Promise.reject(new Error('not asked'));
  const [result] = await apply(
    slice(2, [exposure({ port: 9 })], { settledSince: { epoch: 1, counter: 1 } }),
  );
  expect(result?.drained).toBeUndefined();
});
