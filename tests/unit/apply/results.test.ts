/** The result that a cluster gets for a slice: every exposure, with its outcome. */
import { describe, expect, test } from '@jest/globals';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import { settledAsRetry, settledOf } from '../../../functions/apply/results.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import { changeId, type PlanEntry } from '../../../shared/domain/plan/plan.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const { owner } = slice(1, []);
const KEY = '172.16.100.195:32400/tcp';
const WEST = 'west/istio-system/istio-ingressgateway';

const entry = (kind: PlanEntry['kind'], more: Partial<PlanEntry> = {}): PlanEntry => ({
  owner,
  key: KEY,
  kind,
  code: 'OK',
  reason: `it is ${kind}`,
  gateways: ['default/tcp-echo-gateway'],
  ...more,
});
const result = (
  entries: readonly PlanEntry[],
  more: Partial<PartitionResult> = {},
): PartitionResult => ({
  partition: 'k8s',
  entries: new Map(entries.map((one) => [changeId(one), one])),
  rejections: new Map(),
  approved: [],
  declared: EMPTY_STATE,
  ...more,
});
/** A state with one exposure of the owner at each port. */
const stateWith = (...ports: readonly number[]): DeclaredState =>
  declaredState(
    {},
    ports.map((port) => ({
      address: '172.16.100.195',
      port,
      protocol: 'tcp' as const,
      settings: SETTINGS,
      contributions: [{ owner, gateways: ['ns/g'], since: '', members: [] }],
    })),
  );
const told = ({ exposures }: Settled): readonly string[] =>
  exposures.map((one) => `${one.partition} ${one.port} ${one.outcome} ${one.code} ${one.message}`);

describe('an exposure', () => {
  test.each<[string, readonly PartitionResult[], string]>([
    ['created', [result([entry('create')])], 'applied OK it is create'],
    ['updated', [result([entry('update')])], 'applied OK it is update'],
    ['unchanged', [result([entry('unchanged')])], 'unchanged OK it is unchanged'],
    ['in conflict', [result([entry('conflict')])], 'conflict OK it is conflict'],
    ['held', [result([entry('held')])], 'held OK it is held'],
    ['superseded', [result([entry('superseded')])], 'superseded OK it is superseded'],
    [
      'refused by the device',
      [result([entry('rejected', { code: 'BIP421' })])],
      'rejected BIP421 it is rejected',
    ],
    [
      'left out for a fault of the device',
      [result([entry('rejected', { code: 'BIP509' })])],
      'retry BIP509 it is rejected',
    ],
    [
      'held for a fault of the device',
      [result([entry('held', { code: 'BIP509' })])],
      'held BIP509 it is held',
    ],
    [
      'without an entry counts as superseded',
      [result([])],
      'superseded OK a newer version is already declared',
    ],
    [
      'with the entry of another owner counts as superseded',
      [result([entry('create', { owner: WEST })])],
      'superseded OK a newer version is already declared',
    ],
    [
      'that is removed counts as superseded',
      [result([entry('delete')])],
      'superseded OK a newer version is already declared',
    ],
    [
      'in a partition that Sluice may not write has its reason',
      [result([entry('create')], { refused: { code: 'OWN305', reason: 'not ours' } })],
      'rejected OWN305 not ours',
    ],
    [
      'in a partition that is not configured says so',
      [result([entry('create')], { partition: 'edge' })],
      'rejected OWN303 partition k8s is not in devices[].partitions of bigip-1',
    ],
    [
      'has the result of its own partition',
      [result([entry('held')], { partition: 'edge' }), result([entry('create')])],
      'applied OK it is create',
    ],
  ])('%s', (_, results, expected) => {
    expect(told(settledOf(slice(1, [exposure()]), results))).toEqual([`k8s 32400 ${expected}`]);
  });

  test('has its place, its Gateways, and where its settings come from', () => {
    const sources = { [KEY]: { snat: 'Gateway a/b' } };
    const [one] = settledOf(slice(1, [exposure()], { sources }), [
      result([entry('create')]),
    ]).exposures;
    expect(one).toStrictEqual({
      address: '172.16.100.195',
      port: 32_400,
      protocol: 'tcp',
      partition: 'k8s',
      gateways: ['default/tcp-echo-gateway'],
      sources: { snat: 'Gateway a/b' },
      outcome: 'applied',
      code: 'OK',
      message: 'it is create',
    });
    const [plain] = settledOf(slice(1, [exposure()]), [result([entry('create')])]).exposures;
    expect(plain).not.toHaveProperty('sources');
  });

  test('that may only stay is reported only where it is declared', () => {
    const kept = slice(1, [exposure({ refusedIfNew: { code: 'GW146', message: 'internal' } })]);
    expect(told(settledOf(kept, [result([])]))).toEqual([]);
    expect(told(settledOf(kept, [result([entry('create', { owner: WEST })])]))).toEqual([]);
    expect(told(settledOf(kept, [result([]), result([entry('unchanged')])]))).toHaveLength(1);
  });

  test('with an automatic address is reported with the one that it was given', () => {
    const asked = slice(1, [exposure({ address: 'auto(web)' })]);
    const given = slice(1, [exposure({ address: '10.1.0.3' })]);
    const other = { ...given, owner: WEST };
    const address = (results: readonly PartitionResult[]): unknown =>
      settledOf(asked, results).exposures.map((one) => one.address);
    expect(address([result([], { told: [other, given] })])).toEqual(['10.1.0.3']);
    expect(address([result([], { told: [other] })])).toEqual(['auto(web)']);
    expect(address([])).toEqual(['auto(web)']);
  });
});

describe('an exposure that the owner removed and that remains', () => {
  const gone = (kind: PlanEntry['kind'], more: Partial<PlanEntry> = {}): PlanEntry =>
    entry(kind, { key: '172.16.100.195:80/tcp', gateways: ['ns/g'], ...more });
  const of = (
    entries: readonly PlanEntry[],
    declared = stateWith(80),
    list = [exposure()],
  ): readonly string[] =>
    told(settledOf(slice(1, list), [result([entry('unchanged'), ...entries], { declared })])).slice(
      list.length,
    );
  test.each<[string, readonly PlanEntry[], readonly string[]]>([
    ['is reported if it is held', [gone('held')], ['k8s 80 held OK it is held']],
    [
      'is reported if the device refuses to remove it',
      [gone('rejected', { code: 'BIP421' })],
      ['k8s 80 rejected BIP421 it is rejected'],
    ],
    [
      'is tried again if the device fails with it',
      [gone('rejected', { code: 'BIP509' })],
      ['k8s 80 retry BIP509 it is rejected'],
    ],
    ['is not reported for another owner', [gone('held', { owner: WEST })], []],
    ['is not reported once it is removed', [gone('delete')], []],
    ['is not reported once another owner has it', [gone('superseded')], []],
  ])('%s', (_, entries, expected) => {
    expect(of(entries)).toEqual(expected);
  });

  test('is not reported once it is not declared, nor twice if it is still requested', () => {
    expect(of([gone('held')], stateWith(81))).toEqual([]);
    expect(of([gone('held')], stateWith(80), [exposure({ port: 80 })])).toEqual([]);
  });

  test('is reported in the partition that it leaves, and has its place and Gateways', () => {
    const moved = slice(1, [exposure({ port: 80, partition: 'edge' })]);
    const [, left] = settledOf(moved, [
      result([gone('held')], { declared: stateWith(80) }),
      result([gone('unchanged')], { partition: 'edge' }),
    ]).exposures;
    expect(left).toStrictEqual({
      address: '172.16.100.195',
      port: 80,
      protocol: 'tcp',
      partition: 'k8s',
      gateways: ['ns/g'],
      outcome: 'held',
      code: 'OK',
      message: 'it is held',
    });
  });
});

describe('the version that superseded a slice', () => {
  const version = (counter: number) => ({ epoch: 1, counter, generation: 1 });
  const declared = (counter: number): DeclaredState =>
    declaredState({ [owner]: { clusterUid: 'uid-east', version: version(counter) } }, []);
  const floor = (counter: number): DeclaredState =>
    declaredState({}, [], { floors: { east: version(counter) } });
  test.each<[string, readonly DeclaredState[], number | undefined]>([
    ['is the higher one that is declared', [declared(7)], 7],
    ['is that of any partition', [EMPTY_STATE, declared(7)], 7],
    ['is the highest of several partitions', [declared(9), declared(7)], 9],
    ['is the highest, whatever the order of the partitions', [declared(7), declared(9)], 9],
    [
      "is the higher one, although another owner's floor equals its own revision",
      [floor(3), declared(7)],
      7,
    ],
    ['is none, if the same is declared', [declared(3)], undefined],
    ['is none, if an older one is declared', [declared(2)], undefined],
    ['is none, if nothing is declared', [EMPTY_STATE], undefined],
  ])('%s', (_, states, counter) => {
    const results = states.map((one) => result([], { declared: one }));
    expect(settledOf(slice(3, []), results).supersededBy?.counter).toBe(counter);
  });
});

describe('a remark', () => {
  const SERVICE = 'Service istio-system/istio-ingressgateway';
  const remark = (code: string): NonNullable<PlanEntry['remarks']> => [{ code, message: 'm' }];
  const notes = (...entries: readonly PlanEntry[]): readonly string[] =>
    settledOf(slice(1, [], { notes: [{ object: 'Gateway a/b', code: 'GW136', message: 'own' }] }), [
      result(entries),
    ]).notes.map(({ object, code, message }) => `${object} ${code} ${message}`);
  test.each<[string, readonly PlanEntry[], readonly string[]]>([
    ['follows the notes of the slice', [], []],
    [
      'is reported at the Service',
      [entry('create', { remarks: remark('OWN341') })],
      [`${SERVICE} OWN341 m`],
    ],
    [
      'about settings is also reported at the Gateway that requested them',
      [entry('create', { remarks: remark('OWN340') })],
      [`${SERVICE} OWN340 m`, 'Gateway default/tcp-echo-gateway OWN340 m'],
    ],
    [
      'about settings that no Gateway requested is reported at the Service',
      [entry('create', { remarks: remark('OWN340'), gateways: [] })],
      [`${SERVICE} OWN340 m`],
    ],
    [
      'that several exposures have is reported once',
      [
        entry('create', { remarks: remark('OWN341') }),
        entry('create', { key: 'other', remarks: remark('OWN341') }),
      ],
      [`${SERVICE} OWN341 m`],
    ],
    [
      'for another owner is not reported',
      [entry('create', { owner: WEST, remarks: remark('OWN341') })],
      [],
    ],
  ])('%s', (_, entries, expected) => {
    expect(notes(...entries)).toEqual(['Gateway a/b GW136 own', ...expected]);
  });
});

test('while the device is unusable every exposure is to be retried, for its reason', () => {
  const sources = { [KEY]: { snat: 'Gateway a/b' } };
  const settled = settledAsRetry(slice(1, [exposure(), exposure({ port: 80 })], { sources }), {
    code: 'BIP501',
    fault: 'transient',
    message: 'bigip-1 does not answer',
    response: '',
    after: undefined,
    inner: undefined,
  });
  expect(told(settled)).toEqual([
    'k8s 32400 retry BIP501 bigip-1 does not answer',
    'k8s 80 retry BIP501 bigip-1 does not answer',
  ]);
  expect(settled.exposures[0]?.sources).toEqual({ snat: 'Gateway a/b' });
  expect(settled).toMatchObject({ owner, device: 'bigip-1', version: { counter: 1 } });
});
