import { describe, expect, test } from '@jest/globals';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { PartitionReading } from '../../../shared/device/reading.ts';
import {
  combinePreviews,
  previewPartition,
} from '../../../shared/failures/replay/preview-partition.ts';
import type { Preview, ReplayItem } from '../../../shared/failures/replay/job.ts';
import { createPreviewer } from '../../../shared/failures/replay/preview.ts';
import type { Evidence } from '../../../shared/failures/port.ts';
import { EMPTY_STATE, type DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { asking } from '../../fixtures/addresses.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { isCalm } from '../../../shared/operations/replay/replay.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';

const ALONE = { sameFleet: () => false, pathOf: BIGIP.pathOf };
const rules = { ...ALONE, shareNodes: undefined };
const declared = (...slices: Slice[]): DeclaredState =>
  slices.reduce((state, each) => planPartition('k8s', state, [each], ALONE).next, EMPTY_STATE);
const reading = (state: DeclaredState): PartitionReading => ({ kind: 'ours', declared: { state } });
const ask = (state: DeclaredState, wanted: Slice, key?: string) =>
  previewPartition(reading(state), { slice: wanted, partition: 'k8s', exposure: key, ...rules });
const KEY = '172.16.100.195:32400/tcp';

describe('what a replay would do now', () => {
  test('would apply, with the difference', () => {
    expect(ask(EMPTY_STATE, slice(1, [exposure()]), KEY)).toMatchObject({
      verdict: 'would-apply',
      difference: [{ kind: 'create', key: KEY }],
    });
  });

  test('unchanged', () => {
    expect(ask(declared(slice(1, [exposure()])), slice(1, [exposure()]), KEY)).toMatchObject({
      verdict: 'unchanged',
      difference: [],
    });
  });

  test('superseded by the revision that is declared', () => {
    expect(ask(declared(slice(7, [exposure()])), slice(1, [exposure({ port: 1 })]))).toMatchObject({
      verdict: 'superseded',
      by: '1.7',
      reason: expect.stringContaining('superseded by revision 1.7'),
    });
  });

  test('superseded too where the newer revision wants nothing at all', () => {
    expect(ask(declared(slice(7, [])), slice(1, []))).toMatchObject({ verdict: 'superseded' });
  });

  test('would be tried again where a newer revision left it out in quarantine', () => {
    const state = declared(slice(7, []));
    const kept = {
      hash: 'h',
      code: 'BIP424',
      reason: 'no such iRule',
      next: '2026-11-23T04:00:00Z',
      tries: 3,
      members: 'follow' as const,
    };
    const owner = 'east/istio-system/istio-ingressgateway';
    const refusing: DeclaredState = {
      ...state,
      owners: { [owner]: { ...state.owners[owner]!, quarantine: { [KEY]: kept } } },
    };
    expect(ask(refusing, slice(1, [exposure()]), KEY)).toMatchObject({
      verdict: 'would-apply',
      code: 'BIP424',
      by: '1.7',
      reason: expect.stringMatching(/would be tried again: revision 1\.7 .*no such iRule/),
      difference: [{ key: KEY, kind: 'create' }],
      retry: [{ device: 'bigip-1', owner, keys: [KEY], declared: { epoch: 1, counter: 7 } }],
    });
    expect(ask(refusing, slice(1, [exposure()]), '172.16.100.195:1/tcp')).toMatchObject({
      verdict: 'superseded',
    });
  });

  test('what is in quarantine at this very revision is tried', () => {
    const state = declared(slice(1, []));
    const owner = 'east/istio-system/istio-ingressgateway';
    const first = planPartition('k8s', state, [slice(1, [exposure()])], ALONE).entries[0]!;
    const kept = {
      hash: first.structure!,
      code: 'BIP424',
      reason: 'no such iRule',
      next: '2026-11-23T04:00:00Z',
      tries: 1,
      members: 'follow' as const,
    };
    const refusing: DeclaredState = {
      ...state,
      owners: { [owner]: { ...state.owners[owner]!, quarantine: { [KEY]: kept } } },
    };
    expect(ask(refusing, slice(1, [exposure()]), KEY)).toMatchObject({ verdict: 'would-apply' });
  });

  test('with an automatic address uses the one that apply would choose, or is held without one', () => {
    const pool = { ranges: ['10.1.0.3-10.1.0.4'], reserved: ['10.1.0.4'] };
    const owner = 'west/a/b';
    const wanted = asking(owner, 1, { pool });
    expect(ask(EMPTY_STATE, wanted, '10.1.0.9:443/tcp')).toMatchObject({
      verdict: 'would-apply',
      difference: [{ kind: 'create', key: '10.1.0.3:443/tcp' }],
    });
    expect(ask(declared(slice(1, [exposure({ address: '10.1.0.3' })])), wanted)).toMatchObject({
      verdict: 'invalid',
      code: 'OWN350',
    });
    expect(
      ask(
        declared(
          slice(1, [exposure({ address: '10.1.0.3', port: 443, gateways: ['a/gw'] })], {
            owner,
            clusterUid: 'uid-west',
          }),
        ),
        wanted,
      ),
    ).toMatchObject({ verdict: 'unchanged' });
  });

  test('conflict with the owner', () => {
    const other = slice(1, [exposure()], { owner: 'west/a/b', clusterUid: 'uid-west' });
    expect(ask(declared(other), slice(1, [exposure()]), KEY)).toMatchObject({
      verdict: 'conflict',
      code: 'OWN301',
      by: 'west/a/b',
    });
  });

  test('conflict with a foreign virtual server, which apply finds before it declares', () => {
    const holders = [
      {
        path: '/Common/old',
        partition: 'Common',
        address: '172.16.100.195',
        port: 32400,
        protocol: 'tcp',
      },
    ];
    const asked = previewPartition(reading(EMPTY_STATE), {
      slice: slice(1, [exposure()]),
      partition: 'k8s',
      exposure: KEY,
      ...rules,
      surroundings: { partitions: ['k8s'], readings: new Map(), holders },
    });
    expect(asked).toMatchObject({
      verdict: 'conflict',
      code: 'BIP422',
      reason: expect.stringContaining('/Common/old'),
    });
  });

  test('of several partitions: others hold its address, and a move removes before it adds', () => {
    const there = declared(slice(1, [exposure()], { owner: 'west/a/b', clusterUid: 'uid-west' }));
    const wanted = slice(1, [exposure({ partition: 'other' })]);
    const surroundings = {
      partitions: ['k8s', 'other'],
      readings: new Map([['k8s', reading(there)]]),
      holders: [],
    };
    expect(
      previewPartition(reading(EMPTY_STATE), {
        slice: wanted,
        partition: 'other',
        exposure: KEY,
        ...rules,
        surroundings,
      }),
    ).toMatchObject({ verdict: 'conflict', code: 'BIP422' });
    const mine = {
      ...surroundings,
      readings: new Map([['k8s', reading(declared(slice(1, [exposure()])))]]),
    };
    const moving = previewPartition(reading(EMPTY_STATE), {
      slice: slice(2, [exposure({ partition: 'other' })]),
      partition: 'other',
      exposure: KEY,
      ...rules,
      surroundings: mine,
    });
    expect(moving).toMatchObject({
      verdict: 'would-apply',
      reason: expect.stringContaining('it moves here from partition k8s'),
    });
  });

  test('still invalid where the partition is not ours', () => {
    expect(
      previewPartition(
        { kind: 'refused', code: 'OWN303', reason: 'another client' },
        { slice: slice(1, []), partition: 'k8s', exposure: undefined, ...rules },
      ),
    ).toMatchObject({ verdict: 'invalid', code: 'OWN303' });
  });

  test('of several answers the one that matters most counts', () => {
    const [apply, same] = [
      ask(EMPTY_STATE, slice(1, [exposure()])),
      ask(declared(slice(1, [exposure()])), slice(1, [exposure()])),
    ];
    expect(combinePreviews([same, apply]).verdict).toBe('would-apply');
    expect(
      combinePreviews([same, { verdict: 'unknown', reason: 'away', difference: [] }, apply])
        .verdict,
    ).toBe('unknown');
    expect(combinePreviews([]).verdict).toBe('unchanged');
  });
});

describe('the preview of an event', () => {
  const runtime = testRuntime();
  const event = (over: Partial<Evidence['event']> = {}): Evidence['event'] => ({
    queue: 'slices',
    group: 'bigip-1',
    id: 'm',
    sentAt: 0,
    receiveCount: 1,
    verification: 'unchecked',
    body: serialiseEvent(INGRESS_DESIRED, slice(1, [exposure()]), {
      id: 'e',
      cluster: 'east',
      subject: 'o',
      time: '2026-11-23T00:00:00Z',
    }),
    ...over,
  });
  const parked = (of: Evidence['event']) => ({
    evidence: 'evidence/00/0000000000000000/000000000000.json',
    details: { event: of },
  });
  const previewer = (over: Partial<Parameters<typeof createPreviewer>[0]> = {}) =>
    createPreviewer({
      runtime,
      map: async () => ({ slices: [slice(1, [exposure()])] }),
      connect: async () => memoryDevice(),
      ...over,
    });

  test.each([
    ['a slice', event(), {}, 'would-apply', undefined],
    [
      'a snapshot, mapped first',
      event({ queue: 'snapshots', body: 'any' }),
      {},
      'would-apply',
      undefined,
    ],
    [
      'a snapshot that map still refuses',
      event({ queue: 'snapshots', body: 'any' }),
      { map: async () => ({ refused: { code: 'GW104', reason: 'no entry' } }) },
      'invalid',
      'GW104',
    ],
    ['unreadable bytes', event({ body: 'nonsense' }), {}, 'invalid', 'Q610'],
    [
      'an event that was too large to keep',
      event({ cut: { bytes: 2_000_000, sha256: 'x' } }),
      {},
      'invalid',
      'RPL706',
    ],
    [
      'an event of a sender that is not allowed',
      event({ verification: 'refused' }),
      {},
      'invalid',
      'RPL706',
    ],
    [
      'an unreachable device',
      event(),
      {
        connect: async () =>
          Promise.reject(Object.assign(new Error('no connection'), { code: 'BIP501' })),
      },
      'unknown',
      'BIP501',
    ],
  ])('%s', async (_name, wanted, over, verdict, code) => {
    const answer = await previewer(over).preview(parked(wanted), {});
    expect([answer.verdict, answer.code]).toEqual([verdict, code]);
  });

  test('a device that the configuration does not know any more', async () => {
    const body = serialiseEvent(INGRESS_DESIRED, slice(1, [exposure()], { device: 'gone' }), {
      id: 'e',
      cluster: 'east',
      subject: 'o',
      time: '2026-11-23T00:00:00Z',
    });
    expect(await previewer().preview(parked(event({ body })), {})).toMatchObject({
      verdict: 'invalid',
      code: 'GW106',
    });
  });

  test('reads a device once until it is refreshed', async () => {
    const device = memoryDevice();
    let reads = 0;
    const read = device.read.bind(device);
    device.read = (partition) => {
      reads += 1;
      return read(partition);
    };
    const asked = previewer({ connect: async () => device });
    await asked.preview(parked(event()), {});
    await asked.preview(parked(event()), {});
    expect(reads).toBe(1);
    asked.refresh();
    await asked.preview(parked(event()), {});
    expect(reads).toBe(2);
  });
});

describe('the exit code of a plan', () => {
  const itemsWith = (...verdicts: readonly Preview['verdict'][]): readonly ReplayItem[] =>
    verdicts.map((verdict, unit) => ({
      failure: `f${unit}`,
      code: 'BIP424',
      sentence: '',
      unit,
      lifts: false,
      status: 'waiting',
      preview: { verdict, reason: '', difference: [] },
    }));

  test.each([
    ['unchanged', true],
    ['superseded', true],
    ['would-apply', false],
    ['invalid', false],
    ['conflict', false],
    ['unknown', false],
  ] as const)('reports for %s: no change %s', (verdict, calm) => {
    expect(isCalm(itemsWith('unchanged', verdict))).toBe(calm);
  });
});
