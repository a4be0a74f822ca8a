/**
 * Which parts of a slice or an order become a dead letter, which are only logged, and which wait.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Arrived } from '../../../functions/apply/arrivals.ts';
import { createAttempts } from '../../../functions/apply/attempts.ts';
import type { PartitionResult, Rejection } from '../../../functions/apply/job.ts';
import {
  parkForgotten,
  parkMessage,
  parkRejected,
  logLeftOut,
} from '../../../functions/apply/park.ts';
import type { Scope } from '../../../functions/apply/scope.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeviceErrorCode } from '../../../shared/device/errors.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { changeId, type PlanEntry } from '../../../shared/domain/plan/plan.ts';
import type { ForgetOrder } from '../../../shared/domain/steering/steering.ts';
import { type DeadLetter, DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { logTo } from '../../fixtures/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';

const { owner } = slice(1, []);
const WEST = 'west/istio-system/istio-ingressgateway';
const KEY = '172.16.100.195:32400/tcp';

let lines: Record<string, unknown>[];
let queues: ReturnType<typeof memoryQueues>;
let kept: unknown[][];
let scope: Scope;
beforeEach(() => {
  lines = [];
  kept = [];
  const clock = virtualClock();
  queues = memoryQueues(clock);
  const log = logTo(lines);
  scope = {
    runtime: runtimeWith({ config: {} as SluiceConfig, queues, clock, log }),
    context: { functionVersion: '7' },
    attempts: createAttempts(),
    waiting: { keep: (...given: unknown[]) => Promise.resolve(void kept.push(given)) },
  } as unknown as Scope;
});

const messageOf = (receiveCount = 1): QueueMessage => ({
  id: 'm',
  receipt: 'r',
  group: 'bigip-1',
  deduplicationId: 'd',
  body: '{}',
  receiveCount,
  sentAt: 5,
});
const arrivalOf = <T>(data: T, receiveCount = 1): Arrived<T> => ({
  message: messageOf(receiveCount),
  meta: { traceparent: undefined } as unknown as EventMeta,
  data,
});
const entry = (kind: PlanEntry['kind'], more: Partial<PlanEntry> = {}): PlanEntry => ({
  owner,
  key: KEY,
  kind,
  code: 'BIP421',
  reason: 'the device refuses it',
  gateways: ['ns/a', 'ns/b'],
  ...more,
});
const rejection = (news: boolean, more: Partial<Rejection> = {}): Rejection => ({
  error: new DeviceError('BIP421', 'content', 'm', { response: '01070734:3' }),
  attempts: [{ at: '2026-01-01T00:00:00Z', code: 'BIP421', reason: 'first' }],
  news,
  ...more,
});
const result = (
  entries: readonly PlanEntry[],
  rejections: readonly (readonly [PlanEntry, Rejection])[] = [],
  more: Partial<PartitionResult> = {},
): PartitionResult => ({
  partition: 'k8s',
  entries: new Map(entries.map((one) => [changeId(one), one])),
  rejections: new Map(rejections.map(([one, why]) => [changeId(one), why])),
  approved: [],
  declared: EMPTY_STATE,
  ...more,
});
const letters = (): readonly DeadLetter[] =>
  queues.sent('slices-dead').map(({ body }) => {
    const opened = parseEvent(body, DEAD_LETTER_EVENTS);
    if (!('ok' in opened)) throw new Error(opened.refused.reason);
    return opened.ok.data;
  });

describe('a message that cannot be used', () => {
  test('is a dead letter with its reason, and its attempts are forgotten', async () => {
    scope.attempts.add('m', { at: '2026-01-01T00:00:00Z', code: 'BIP503', reason: 'busy' });
    await parkMessage(scope, messageOf(), { code: 'Q611', reason: 'no event', subject: owner });
    expect(letters()).toMatchObject([
      {
        code: 'Q611',
        reason: 'no event',
        queue: 'slices',
        owner,
        device: 'bigip-1',
        functionVersion: '7',
        original: { id: 'm', body: '{}', sentAt: 5 },
      },
    ]);
    expect(lines).toMatchObject([{ level: 'error', said: 'dead letter', code: 'Q611' }]);
    expect(scope.attempts.of('m')).toEqual([]);
  });
});

describe('of a slice', () => {
  const park = async (
    results: readonly PartitionResult[],
    {
      receiveCount = 1,
      exposures = [exposure()],
    }: { receiveCount?: number; exposures?: Slice['exposures'] } = {},
  ): Promise<readonly DeadLetter[]> => {
    await parkRejected(scope, arrivalOf(slice(1, exposures), receiveCount), results);
    return letters();
  };

  test('a new refusal is a dead letter with everything that is known about it', async () => {
    const [bad, other] = [entry('rejected'), entry('create', { key: 'other', code: 'OK' })];
    scope.attempts.add('m', { at: '2026-01-01T00:00:00Z', code: 'BIP503', reason: 'busy' });
    const found = await park([
      result(
        [bad, other, entry('unchanged', { key: 'x' }), entry('create', { owner: WEST })],
        [[bad, rejection(true)]],
      ),
    ]);
    expect(found).toMatchObject([
      {
        code: 'BIP421',
        reason: `${KEY} of ns/a, ns/b in partition k8s: the device refuses it`,
        owner,
        device: 'bigip-1',
        partition: 'k8s',
        exposure: KEY,
        response: '01070734:3',
        revision: { epoch: 1, counter: 1 },
        attempts: [{ code: 'BIP503' }, { code: 'BIP421' }],
      },
    ]);
    expect(found[0]?.plan?.map(({ key, kind }) => `${key} ${kind}`)).toEqual([
      `${KEY} rejected`,
      'other create',
    ]);
    expect(lines).toMatchObject([{ level: 'error', said: 'dead letter', exposure: KEY }]);
  });

  test.each<[string, PlanEntry, Rejection | undefined, number, number]>([
    ['is reported', entry('rejected'), rejection(true), 1, 1],
    ['is not reported again after a repetition', entry('rejected'), rejection(false), 1, 0],
    ['is not reported while it is in quarantine', entry('rejected'), undefined, 1, 0],
    [
      'may be reported again, if the message is redelivered',
      entry('rejected'),
      rejection(false),
      2,
      1,
    ],
    ['may be reported again, although it is in quarantine', entry('rejected'), undefined, 2, 1],
    ['of another owner is not reported', entry('rejected', { owner: WEST }), rejection(true), 2, 0],
    [
      'for a fault of the device is not reported',
      entry('rejected', { code: 'BIP509' }),
      rejection(true),
      2,
      0,
    ],
    ['that is only held is not reported', entry('held'), rejection(true), 2, 0],
  ])('a refusal %s', async (_, one, why, receiveCount, count) => {
    const results = [result([one], why === undefined ? [] : [[one, why]])];
    const found = await park(results, { receiveCount });
    expect(found).toHaveLength(count);
    if (count > 0 && why === undefined)
      expect(found[0]).toMatchObject({ response: 'the device refuses it' });
  });

  test.each<[string, readonly PartitionResult[], readonly string[]]>([
    ['that is written has none', [result([])], []],
    [
      'that Sluice may not write has one, whatever the number of exposures',
      [result([], [], { refused: { code: 'OWN305', reason: 'not ours' } })],
      ['OWN305 k8s not ours'],
    ],
    [
      'that is not configured has one that says so',
      [result([], [], { partition: 'edge' })],
      [
        'OWN303 k8s partition k8s is not in devices[].partitions of bigip-1; add it, or request another partition',
      ],
    ],
  ])('a partition %s', async (_, results, expected) => {
    const found = await park(results, { exposures: [exposure(), exposure({ port: 1 })] });
    expect(found.map(({ code, partition, reason }) => `${code} ${partition} ${reason}`)).toEqual(
      expected,
    );
    expect(found.every(({ attempts, code }) => attempts[0]?.code === code)).toBe(true);
  });

  test('a refusal lists at most fifty planned changes of its owner', async () => {
    const all = Array.from({ length: 60 }, (_, i) => entry('rejected', { key: `key-${i}` }));
    const [found] = await park([result(all, [[all[0]!, rejection(true)]])]);
    expect(found?.plan).toHaveLength(50);
  });
});

describe('a change that an internal fault keeps out', () => {
  const fault = (code: DeviceErrorCode, inner?: { method: string; path: string }): Rejection =>
    rejection(true, {
      error: new DeviceError(
        code,
        'ambiguous',
        'm',
        (inner === undefined ? {} : { inner }) as never,
      ),
    });
  test.each<[string, PlanEntry, Rejection | undefined, number]>([
    ['is logged', entry('rejected', { code: 'BIP509' }), fault('BIP509'), 1],
    [
      'of another owner is not',
      entry('rejected', { code: 'BIP509', owner: WEST }),
      fault('BIP509'),
      0,
    ],
    ['that was tried before is not', entry('rejected', { code: 'BIP509' }), undefined, 0],
    ['that is held is not', entry('held', { code: 'BIP509' }), fault('BIP509'), 0],
    ['that was refused for its content is not', entry('rejected'), fault('BIP421'), 0],
  ])('%s', (_, one, why, count) => {
    logLeftOut(scope, arrivalOf(slice(1, [])), [result([one], why ? [[one, why]] : [])]);
    expect(lines).toHaveLength(count);
    if (count > 0)
      expect(lines[0]).toMatchObject({
        level: 'error',
        said: 'left out: the device fails with this change',
        owner,
        partition: 'k8s',
        exposure: KEY,
        reason: 'the device refuses it',
      });
  });
});

describe('an ordered removal', () => {
  const order: ForgetOrder = {
    action: 'forget',
    device: 'bigip-1',
    cluster: 'east',
    upTo: { [owner]: { epoch: 1, counter: 1, generation: 1 } },
    whole: false,
  };
  const forget = (...results: readonly PartitionResult[]): Promise<void> =>
    parkForgotten(scope, arrivalOf(order), results);
  const inner = (key: string): PlanEntry => entry('rejected', { key, code: 'BIP509' });

  test.each<[string, readonly PlanEntry[]]>([
    ['is carried out', [entry('delete')]],
    ['is held', [entry('held')]],
    ['of another owner is refused', [entry('rejected', { owner: WEST })]],
  ])('that %s is reported nowhere', async (_, entries) => {
    await forget(result(entries));
    expect([letters(), lines, kept]).toEqual([[], [], []]);
  });

  test('that the device refuses is a dead letter', async () => {
    await forget(result([entry('rejected')]));
    expect(letters()).toMatchObject([
      {
        code: 'BIP421',
        owner: 'east',
        reason:
          `${KEY} of ${owner} in partition k8s cannot be removed: the device refuses it; ` +
          'correct the cause, then give the order again',
      },
    ]);
  });

  test('that it refuses for some changes counts the others', async () => {
    await forget(
      result([entry('rejected'), inner('x')]),
      result([inner('y')], [], { partition: 'edge' }),
    );
    expect(letters().map(({ reason }) => reason)).toEqual([
      expect.stringContaining('the device refuses it, and 2 more; correct the cause'),
    ]);
    expect(kept).toEqual([]);
  });

  test('waits in the store, if only faults of the device prevent it', async () => {
    await forget(result([inner('x'), inner('y')]));
    expect(letters()).toEqual([]);
    expect(kept).toMatchObject([
      [
        'bigip-1',
        { kind: 'order', data: order },
        [{ code: 'BIP509', reason: 'the device refuses it' }],
      ],
    ]);
    expect(lines).toMatchObject([{ level: 'warn', action: 'forget', code: 'BIP509' }]);
    expect(scope.attempts.of('m')).toEqual([]);
  });
});
