/** The changes that a preview reports for one partition, for one exposure or all. */
import { describe, expect, test } from '@jest/globals';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { PartitionReading } from '../../../shared/device/reading.ts';
import { EMPTY_STATE, type DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { planPartition, type PlanRules } from '../../../shared/domain/plan/plan.ts';
import {
  combinePreviews,
  previewEntries,
  previewPartition,
  type PreviewQuestion,
} from '../../../shared/failures/replay/preview-partition.ts';
import type { Preview } from '../../../shared/failures/replay/job.ts';
import { asking, wish } from '../../fixtures/addresses.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { fleet, offer, under } from '../../fixtures/fleets.ts';

const OWNER = 'east/istio-system/istio-ingressgateway';
const KEY = '172.16.100.195:32400/tcp';
const ALONE: PlanRules = { sameFleet: () => false };

const declared = (...slices: readonly Slice[]): DeclaredState =>
  slices.reduce((state, each) => planPartition('k8s', state, [each], ALONE).next, EMPTY_STATE);
const reading = (state: DeclaredState): PartitionReading => ({ kind: 'ours', declared: { state } });
const ask = (state: DeclaredState, wanted: Slice, over: Partial<PreviewQuestion> = {}): Preview =>
  previewPartition(reading(state), {
    slice: wanted,
    partition: 'k8s',
    exposure: undefined,
    ...ALONE,
    pathOf: BIGIP.pathOf,
    shareNodes: undefined,
    ...over,
  });
const keys = ({ difference }: Preview): readonly string[] => difference.map(({ key }) => key);

describe('a preview of one exposure', () => {
  const two = slice(1, [exposure(), exposure({ port: 80 })]);

  test('does not mention the others', () => {
    expect(keys(ask(EMPTY_STATE, two))).toEqual(
      expect.arrayContaining([KEY, '172.16.100.195:80/tcp']),
    );
    expect(keys(ask(EMPTY_STATE, two, { exposure: KEY }))).toEqual([KEY]);
  });

  test('says unchanged where the event does not request it', () => {
    expect(ask(EMPTY_STATE, two, { exposure: '10.0.0.1:1/tcp' })).toMatchObject({
      verdict: 'unchanged',
      difference: [],
    });
  });

  test('with an automatic address is of that address alone where it is the same', () => {
    const auto = asking(OWNER, 1, {
      exposures: [wish({ port: 443, gateways: ['a/gw'] }), wish({ port: 80, gateways: ['a/gw'] })],
    });
    const all = keys(ask(EMPTY_STATE, auto));
    expect(all).toHaveLength(2);
    expect(keys(ask(EMPTY_STATE, auto, { exposure: all[1]! }))).toEqual([all[1]]);
    // It failed at another address: the address that it would get now cannot be derived from the
    // rest.
    expect(keys(ask(EMPTY_STATE, auto, { exposure: '10.9.9.9:443/tcp' }))).toEqual(all);
  });
});

describe('what a newer revision left out', () => {
  const quarantined = (...names: readonly string[]): DeclaredState => {
    const state = declared(slice(7, [exposure()]));
    const kept = (code: string) => ({
      hash: 'h',
      code,
      reason: `${code} says no`,
      next: '2026-11-23T04:00:00Z',
      tries: 3,
      members: 'follow' as const,
    });
    const quarantine = Object.fromEntries(names.map((key, i) => [key, kept(`BIP42${i}`)]));
    return {
      ...state,
      owners: { [OWNER]: { ...state.owners[OWNER]!, quarantine } },
    };
  };
  const OTHER = '172.16.100.195:80/tcp';

  test('is tried again, all of it where the failure is of no single exposure', () => {
    const answer = ask(quarantined(OTHER, KEY), slice(1, []));
    expect(answer).toMatchObject({
      verdict: 'would-apply',
      code: 'BIP420',
      by: '1.7',
      reason: expect.stringMatching(new RegExp(`^${OTHER}, ${KEY} would .*BIP420 says no`)),
      difference: [
        { key: OTHER, kind: 'create', code: 'BIP420' },
        // What is declared is changed.
        { key: KEY, kind: 'update', code: 'BIP421' },
      ],
      retry: [{ keys: [OTHER, KEY], declared: { epoch: 1, counter: 7 } }],
    });
  });

  test('is nothing where the owner has nothing in quarantine', () => {
    expect(ask(quarantined(), slice(1, []))).toMatchObject({ verdict: 'superseded', by: '1.7' });
  });
});

describe('a preview beside the other partitions of the device', () => {
  const beside = (
    other: PartitionReading | undefined,
    over: Partial<PreviewQuestion> = {},
  ): Partial<PreviewQuestion> => ({
    surroundings: {
      partitions: ['k8s', 'other'],
      readings: new Map(other === undefined ? [] : [['other', other] as const]),
    },
    ...over,
  });
  const refused: PartitionReading = { kind: 'refused', code: 'OWN303', reason: 'another client' };

  test('plans where one of them is not ours, or gave no answer', () => {
    for (const other of [refused, undefined])
      expect(ask(EMPTY_STATE, slice(1, [exposure()]), beside(other))).toMatchObject({
        verdict: 'would-apply',
        difference: [{ key: KEY, kind: 'create' }],
      });
  });

  test('removes nothing for a move into one that is not ours', () => {
    const moving = slice(2, [exposure({ partition: 'other' })]);
    const here = declared(slice(1, [exposure()]));
    expect(ask(here, moving, beside(reading(EMPTY_STATE)))).toMatchObject({
      difference: [{ key: KEY, kind: 'delete' }],
    });
    expect(ask(here, moving, beside(refused)).difference).toEqual([]);
  });

  test('gives no automatic address while one of them gave no answer', () => {
    expect(ask(EMPTY_STATE, asking(OWNER), beside(undefined))).toMatchObject({
      verdict: 'invalid',
      reason: expect.stringContaining('other'),
    });
  });

  test('does not mention what is held in another one', () => {
    const held = asking(OWNER, 1, {
      exposures: [wish({ port: 443, partition: 'other', gateways: ['a/gw'] })],
    });
    const full = { ...held, auto: { ...held.auto!, pools: { web: { ranges: [], reserved: [] } } } };
    expect(ask(EMPTY_STATE, full, beside(reading(EMPTY_STATE)))).toMatchObject({
      verdict: 'unchanged',
    });
    expect(
      ask(EMPTY_STATE, full, beside(reading(EMPTY_STATE), { partition: 'other' })),
    ).toMatchObject({ verdict: 'invalid' });
  });
});

test('a preview plans with the nodes where the device is configured to have them', () => {
  const rules = under(fleet({ mode: 'ratio', ratio: { east: 7 } }));
  const remarks = (shareNodes: boolean | undefined): readonly string[] =>
    previewEntries(EMPTY_STATE, {
      slice: offer('east'),
      partition: 'k8s',
      exposure: undefined,
      ...rules,
      pathOf: BIGIP.pathOf,
      shareNodes,
    }).flatMap((entry) => (entry.remarks ?? []).map(({ code }) => code));
  expect([remarks(true), remarks(undefined)]).toEqual([['OWN341'], []]);
});

test('a preview knows the fleets: what a fleet adds to an exposure is no difference', () => {
  const rules = under(fleet({ mode: 'ratio', ratio: { east: 7 } }));
  const wanted = offer('east');
  const state = planPartition('k8s', EMPTY_STATE, [wanted], rules).next;
  expect(ask(state, wanted, rules).verdict).toBe('unchanged');
  expect(ask(state, wanted).verdict).toBe('would-apply');
});

test('a conflict names the other owner, or its own if none is known', () => {
  const other = slice(1, [exposure()], { owner: 'west/a/b', clusterUid: 'uid-west' });
  expect(ask(declared(other), slice(1, [exposure()]))).toMatchObject({
    verdict: 'conflict',
    by: 'west/a/b',
  });
  const holders = [
    {
      path: '/Common/old',
      partition: 'Common',
      address: '172.16.100.195',
      port: 32400,
      protocol: 'tcp',
    },
  ];
  const surroundings = { partitions: ['k8s'], readings: new Map(), holders };
  expect(ask(EMPTY_STATE, slice(1, [exposure()]), { surroundings })).toMatchObject({
    verdict: 'conflict',
    by: OWNER,
  });
});

describe('several previews together', () => {
  const of = (
    verdict: Preview['verdict'],
    reason: string,
    over: Partial<Preview> = {},
  ): Preview => ({
    verdict,
    reason,
    difference: [],
    ...over,
  });
  const line = (key: string) => ({ owner: OWNER, key, kind: 'create', code: 'OK', reason: 'new' });
  const retry = (device: string) => ({
    device,
    owner: OWNER,
    keys: [KEY],
    declared: { epoch: 1, counter: 1 },
  });

  test('give the reasons of those that decide, each once', () => {
    expect(
      combinePreviews([
        of('unchanged', 'same', { difference: [line('z')] }),
        of('invalid', 'bad', { code: 'X', difference: [line('a')] }),
        of('invalid', 'bad', { difference: [line('b')] }),
        of('invalid', 'worse'),
      ]),
    ).toEqual({
      verdict: 'invalid',
      code: 'X',
      reason: 'bad; worse',
      difference: [line('a'), line('b')],
    });
  });

  test('ask for another try if everything that would apply can only be tried again', () => {
    const [a, b] = [retry('a'), retry('b')];
    expect(
      combinePreviews([
        of('would-apply', 'x', { retry: [a] }),
        of('unchanged', 'y'),
        of('would-apply', 'z', { retry: [b] }),
      ]).retry,
    ).toEqual([a, b]);
    const mixed = combinePreviews([of('would-apply', 'x', { retry: [a] }), of('would-apply', 'y')]);
    expect('retry' in mixed).toBe(false);
    expect('retry' in combinePreviews([of('unchanged', 'y')])).toBe(false);
  });
});
