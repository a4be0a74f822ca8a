/** Which results resolve a failure. */
import { describe, expect, test } from '@jest/globals';
import type { ExposureResult, Settled } from '../../../shared/domain/exposure/exposure.ts';
import { resolveFailures } from '../../../shared/failures/resolve-failures.ts';
import { ownerDigit } from '../../../shared/failures/identity.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import type { FailureRecord } from '../../../shared/failures/port.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';

const OWNER = 'east/istio-system/istio-ingressgateway';
const KEY = '172.16.100.195:80/tcp';
const AT = { epoch: 1, counter: 5 };

type Head = FailureRecord['head'];

function result(over: Partial<ExposureResult> = {}): ExposureResult {
  return {
    address: '172.16.100.195',
    port: 80,
    protocol: 'tcp',
    partition: 'k8s',
    gateways: ['ns/gw'],
    outcome: 'applied',
    code: 'OK',
    message: 'done',
    ...over,
  };
}

function settled(
  counter: number,
  exposures: readonly ExposureResult[],
  over: Partial<Settled> = {},
): Settled {
  return {
    owner: OWNER,
    clusterUid: 'uid',
    version: { epoch: 1, counter, generation: 1 },
    device: 'bigip-1',
    devices: ['bigip-1'],
    servers: [],
    notes: [],
    exposures: [...exposures],
    ...over,
  };
}

/** The state of one failure after the result. */
async function after(
  told: Settled,
  over: Partial<Head> = {},
  state?: 'archived' | 'quarantined' | 'replayed',
): Promise<string | undefined> {
  const { store } = failuresOver(memoryBlobs(), testRuntime());
  // The first digit of an id is that of its owner.
  const id = `${ownerDigit(OWNER)}123456789abcdef`;
  const head: Head = {
    id,
    code: 'BIP421',
    class: 'device',
    sentence: 'refused',
    queue: 'slices',
    owner: OWNER,
    device: 'bigip-1',
    partition: 'k8s',
    exposure: KEY,
    gateways: ['ns/gw'],
    revision: AT,
    ...over,
  };
  const event = {
    queue: head.queue,
    group: 'bigip-1',
    id: 'm',
    body: '{}',
    sentAt: 1,
    receiveCount: 1,
    verification: 'unchecked',
  } as const;
  await store.record({
    head,
    details: { reason: 'refused', attempts: [], event },
    message: 'm',
    at: 1,
  });
  if (state !== undefined) await store.change([id], () => ({ state }));
  const closed = await resolveFailures(store, told);
  const now = (await store.list())[0]?.state;
  expect(closed.length).toBe(now === 'healed' ? 1 : 0);
  return now;
}

describe('a failure of an exposure', () => {
  test.each<[string, Settled, string]>([
    ['is resolved when its exposure is applied', settled(5, [result()]), 'healed'],
    [
      'is resolved when its exposure is as requested',
      settled(5, [result({ outcome: 'unchanged' })]),
      'healed',
    ],
    ['is not resolved by an older revision', settled(4, [result()]), 'open'],
    ['is not resolved while it fails', settled(6, [result({ outcome: 'rejected' })]), 'open'],
    [
      'is not resolved by the same exposure in another partition',
      settled(6, [result({ partition: 'other' }), result({ outcome: 'rejected' })]),
      'open',
    ],
    [
      'is resolved when its exposure is applied in its partition, whatever happens in another one',
      settled(5, [result({ partition: 'other', outcome: 'rejected' }), result()]),
      'healed',
    ],
    ['is not resolved by another exposure', settled(5, [result({ port: 81 })]), 'open'],
    [
      'is resolved when a newer revision no longer requests it',
      settled(6, [result({ port: 81 })]),
      'healed',
    ],
    [
      'is not resolved by the same exposure on another device',
      settled(6, [result()], { device: 'bigip-2' }),
      'open',
    ],
  ])('%s', async (_name, told, state) => {
    expect(await after(told)).toBe(state);
  });

  test('that names no partition is over in any', async () => {
    expect(
      await after(settled(5, [result({ partition: 'other' })]), { partition: undefined }),
    ).toBe('healed');
  });

  test('that names no partition is not over while it fails in one of several', async () => {
    const mixed = [result({ partition: 'other' }), result({ outcome: 'rejected' })];
    for (const exposures of [mixed, mixed.toReversed()])
      expect(await after(settled(6, exposures), { partition: undefined })).toBe('open');
  });

  test('that has no revision is over with any that goes well', async () => {
    expect(await after(settled(1, [result()]), { revision: undefined })).toBe('healed');
  });
});

describe('a failure of a whole event', () => {
  test.each<[string, Settled, Partial<Head>, string]>([
    [
      'on its device is resolved when all of the same revision is applied',
      settled(5, [result(), result({ port: 81 })]),
      { exposure: undefined },
      'healed',
    ],
    [
      'on its device is not resolved while a part of the revision fails',
      settled(5, [result(), result({ port: 81, outcome: 'retry' })]),
      { exposure: undefined },
      'open',
    ],
    [
      'on its device is resolved by a newer revision, whatever its result',
      settled(6, [result({ outcome: 'rejected' })]),
      { exposure: undefined },
      'healed',
    ],
    [
      'in map is resolved when the same revision was mapped',
      settled(5, [result({ outcome: 'rejected' }), result()]),
      { queue: 'snapshots', device: undefined, exposure: undefined },
      'healed',
    ],
    [
      'in map is not resolved while nothing of the same revision was mapped',
      settled(5, [result({ outcome: 'rejected' })]),
      { queue: 'snapshots', device: undefined, exposure: undefined },
      'open',
    ],
    [
      'in map is resolved by any result of a newer revision',
      settled(6, [result({ outcome: 'rejected' })]),
      { queue: 'snapshots', device: undefined, exposure: undefined },
      'healed',
    ],
    [
      'after map, without a device, is not resolved by that',
      settled(6, [result()]),
      { device: undefined, exposure: undefined },
      'open',
    ],
  ])('%s', async (_name, told, over, state) => {
    expect(await after(told, over)).toBe(state);
  });
});

test.each([
  ['quarantined', 'healed'],
  ['archived', 'archived'],
  ['replayed', 'replayed'],
] as const)('what is %s is %s afterwards', async (state, then) => {
  expect(await after(settled(6, [result()]), {}, state)).toBe(then);
});
