/** What a batch of a device means: its stages, the newest slices, and the pauses before a retry. */
import { describe, expect, test } from '@jest/globals';
import {
  arrivalsOf,
  mayEndEarly,
  newestFirst,
  overridesOf,
  stagesOf,
  type Arrival,
} from '../../../functions/apply/arrivals.ts';
import { createAttempts } from '../../../functions/apply/attempts.ts';
import { backoff } from '../../../functions/apply/backoff.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import type { Audit } from '../../../shared/queue/events.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { slice } from '../../fixtures/exposures.ts';

const message = (id: string): QueueMessage => ({
  id,
  receipt: id,
  group: 'bigip-1',
  deduplicationId: id,
  body: '',
  receiveCount: 1,
  sentAt: 0,
});
const meta = {} as EventMeta;
type Of<K extends Arrival['kind']> = Extract<Arrival, { kind: K }>;
const sliced = (id: string, data: Slice): Of<'slice'> => ({
  kind: 'slice',
  message: message(id),
  meta,
  data,
});
const of = (id: string, owner: string, clusterUid = 'uid'): Of<'slice'> =>
  sliced(id, slice(1, [], { owner, clusterUid }));
const order = (id: string): Of<'order'> => ({
  kind: 'order',
  message: message(id),
  meta,
  data: { action: 'retry', device: 'bigip-1', owner: 'a/b/c' },
});
const audit = (id: string, more: Partial<Audit> = {}): Of<'audit'> => ({
  kind: 'audit',
  message: message(id),
  meta,
  data: { device: 'bigip-1', partitions: ['k8s'], reason: 'r', ...more },
});
const absence = (id: string): Of<'absence'> => ({
  kind: 'absence',
  message: message(id),
  meta,
  data: {
    cluster: 'east',
    clusterUid: 'uid',
    device: 'bigip-1',
    version: { epoch: 1, counter: 1, generation: 1 },
    absent: [],
  },
});

describe('stages', () => {
  const stages = (...arrivals: readonly Arrival[]): readonly string[] =>
    stagesOf(arrivals).map((stage) =>
      arrivalsOf(stage)
        .map((one) => one.message.id)
        .join(''),
    );
  test.each<[string, readonly Arrival[], readonly string[]]>([
    ['an empty batch has no groups', [], []],
    ['slices of several owners form one group', [of('1', 'a/b/c'), of('2', 'd/e/f')], ['12']],
    ['slices of one owner form one group', [of('1', 'a/b/c'), of('2', 'a/b/c')], ['12']],
    [
      'slices of two clusters with the same id form two groups',
      [of('1', 'a/b/c', 'x'), of('2', 'd/e/f'), of('3', 'a/b/c', 'y')],
      ['12', '3'],
    ],
    [
      'slices of two clusters with different ids form one group, whatever their uid',
      [of('1', 'a/b/c', 'x'), of('2', 'd/e/f', 'y')],
      ['12'],
    ],
    ['orders come before the slices after them', [order('1'), of('2', 'a/b/c')], ['12']],
    ['orders come after the slices before them', [of('1', 'a/b/c'), order('2')], ['1', '2']],
    [
      'each order begins a new group after slices',
      [order('1'), audit('2'), absence('3'), of('4', 'a/b/c'), absence('5'), of('6', 'a/b/c')],
      ['1324', '56'],
    ],
  ])('%s', (_, arrivals, expected) => {
    expect(stages(...arrivals)).toEqual(expected);
  });

  test('hold each kind by itself', () => {
    const [stage] = stagesOf([order('1'), audit('2'), absence('3'), of('4', 'a/b/c')]);
    expect(
      Object.entries(stage!).map(([name, list]: [string, readonly Arrival[]]) => [
        name,
        list.map((one) => one.message.id),
      ]),
    ).toEqual([
      ['orders', ['1']],
      ['absences', ['3']],
      ['audits', ['2']],
      ['slices', ['4']],
    ]);
  });
});

describe('a run may end after a step, for newer work', () => {
  const received = (receiveCount: number): Arrival => {
    const one = of('1', 'a/b/c');
    return { ...one, message: { ...one.message, receiveCount } };
  };
  const many = (count: number): readonly Arrival[] =>
    Array.from({ length: count }, (_, i) => of(`${i}`, `a/b/${i}`));
  test.each<[string, readonly Arrival[], boolean]>([
    ['with slices', many(1), true],
    ['with messages that were returned once', [received(2)], true],
    ['not with one that was returned twice', [received(3)], false],
    ['with nine messages', many(9), true],
    ['not with a whole batch, behind which the newer ones wait', many(10), false],
    ['not with an order', [order('1'), of('2', 'a/b/c')], false],
    ['not with an audit', [audit('1'), of('2', 'a/b/c')], false],
    ['not with an absence', [absence('1'), of('2', 'a/b/c')], false],
  ])('%s', (_, arrivals, expected) => {
    expect(stagesOf(arrivals).map(mayEndEarly)).toEqual([expected]);
  });
});

describe('manual changes to keep or to undo', () => {
  const kept = (partition: string, path: string): NonNullable<Audit['adopt']>[number] =>
    ({ partition, path }) as unknown as NonNullable<Audit['adopt']>[number];
  const asked = (...audits: readonly Partial<Audit>[]): unknown => {
    const [stage] = stagesOf(audits.map((one, i) => audit(String(i), one)));
    return Object.fromEntries(overridesOf(stage!));
  };
  test.each<[string, readonly Partial<Audit>[], unknown]>([
    ['neither', [{}], { k8s: { lift: false, adopt: [] } }],
    ['undone', [{ lift: true }], { k8s: { lift: true, adopt: [] } }],
    [
      'undone if one of two requests says so',
      [{}, { lift: true }, {}],
      { k8s: { lift: true, adopt: [] } },
    ],
    [
      'kept in the partition of the request',
      [{ partitions: ['k8s', 'edge'], adopt: [kept('edge', 'a'), kept('k8s', 'b')] }],
      {
        k8s: { lift: false, adopt: [kept('k8s', 'b')] },
        edge: { lift: false, adopt: [kept('edge', 'a')] },
      },
    ],
    [
      'kept by several requests',
      [{ adopt: [kept('k8s', 'a')] }, { adopt: [kept('k8s', 'b')] }],
      { k8s: { lift: false, adopt: [kept('k8s', 'a'), kept('k8s', 'b')] } },
    ],
  ])('%s', (_, audits, expected) => {
    expect(asked(...audits)).toEqual(expected);
  });
});

describe('the newest slice of an owner', () => {
  const at = (id: string, counter: number, more: Partial<Slice> = {}): Of<'slice'> =>
    sliced(id, slice(counter, [], more));
  const deleted = (name: string): Slice['changes'] => [
    { what: 'deleted', kind: 'Gateway', namespace: 'ns', name, resourceVersion: '' },
  ];
  const ids = (list: readonly { readonly message: QueueMessage }[]): string =>
    list.map((one) => one.message.id).join('');

  test.each<[string, readonly Of<'slice'>[], string, string]>([
    ['is the one with the highest revision', [at('1', 2), at('2', 1)], '1', '2'],
    ['is the later of two with the same revision', [at('1', 1), at('2', 1)], '2', '1'],
    ['is found for each owner', [at('1', 1), of('2', 'x/y/z'), at('3', 2)], '32', '1'],
  ])('%s', (_, slices, newest, overtaken) => {
    const found = newestFirst(slices);
    expect([ids(found.newest), ids(found.overtaken)]).toEqual([newest, overtaken]);
  });

  test('has what older slices of the same cluster saw deleted, and no others', () => {
    const { newest } = newestFirst([
      at('1', 1, { changes: deleted('a') }),
      at('2', 1, { changes: deleted('b'), owner: 'west/a/b' }),
      at('3', 3, { changes: deleted('c') }),
      at('4', 2, { changes: deleted('d'), clusterUid: 'other' }),
      at('5', 2, { owner: 'west/a/b' }),
    ]);
    expect(newest.map(({ data }) => data.changes.map(({ name }) => name))).toEqual([
      ['a', 'c'],
      ['b'],
    ]);
  });
});

describe('attempts', () => {
  const attempt = (reason: string): { at: string; code: string; reason: string } => ({
    at: '2026-01-01T00:00:00Z',
    code: 'BIP503',
    reason,
  });
  test('of a message are kept until it is done, the newest twenty', () => {
    const attempts = createAttempts();
    for (let i = 1; i <= 21; i++) attempts.add('m', attempt(String(i)));
    const known = attempts.of('m').map(({ reason }) => Number(reason));
    expect([known.length, known[0], known.at(-1)]).toEqual([20, 2, 21]);
    attempts.forget('m');
    expect(attempts.of('m')).toEqual([]);
  });

  test('of a thousand messages are kept, the newest', () => {
    const attempts = createAttempts();
    for (let i = 1; i <= 1_001; i++) attempts.add(String(i), attempt('r'));
    expect([1, 2, 1_001].map((i) => attempts.of(String(i)).length)).toEqual([0, 1, 1]);
    attempts.forget('2');
    attempts.add('1002', attempt('r'));
    expect(attempts.of('3')).toHaveLength(1);
  });
});

describe('the pause before a retry', () => {
  const S = 1_000;
  const AWAY = { code: 'BIP501', fault: 'transient' } as const;
  const BUSY = { code: 'BIP503', fault: 'transient' } as const;
  const DEVICE = { code: 'BIP401', fault: 'device' } as const;
  test.each<[string, Parameters<typeof backoff>[0], number, number, number, number]>([
    ['of an unknown error begins with a second', undefined, 1, 0, 1_000 / 6, 1_000],
    ['of an unknown error is at most a minute', undefined, 20, 0, 10 * S, 60 * S],
    ['of a busy device doubles', BUSY, 2, 0, 10_000 / 7, 2_000],
    ['of a busy device is ten to fourteen seconds', BUSY, 20, 0, 10 * S, 14 * S],
    ['of an unreachable device is longer', AWAY, 1, 0, 1_000 / 3, 1_000],
    ['of an unreachable device is at most half a minute', AWAY, 20, 0, 10 * S, 30 * S],
    ['of a fault of the device begins with ten seconds', DEVICE, 1, 0, (10 * S) / 6, 10 * S],
    ['of a fault of the device is at most five minutes', DEVICE, 20, 0, 50 * S, 300 * S],
    ['grows to a tenth of the age', AWAY, 20, 3_600 * S, 120 * S, 360 * S],
    ['grows to ten minutes', AWAY, 30, 360_000 * S, 200 * S, 600 * S],
    ['is at least what the device asks for', { ...BUSY, after: 7 * S }, 1, 0, 7 * S, 7 * S],
  ])('%s', (_, error, attempt, age, least, most) => {
    const at = (random: number): number => backoff(error, { attempt, age }, () => random);
    expect([at(0), at(1)]).toEqual([Math.round(least), Math.round(most)]);
    expect(at(0.5)).toBe(Math.max(error?.after ?? 0, Math.round((least + most) / 2)));
  });

  test('is never longer than a queue can hide a message', () => {
    expect(backoff({ ...BUSY, after: 86_400 * S }, { attempt: 1, age: 0 }, () => 0)).toBe(900 * S);
  });
});
