/**
 * Messages that cannot be carried out now: when they are retried, what is reported, and what is
 * stored.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Arrival } from '../../../functions/apply/arrivals.ts';
import { createAttempts } from '../../../functions/apply/attempts.ts';
import { moveToWaiting, postpone, release } from '../../../functions/apply/postpone.ts';
import type { Scope } from '../../../functions/apply/scope.ts';
import { OutOfTime } from '../../../functions/apply/outage.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { newMark } from '../../../shared/failures/waiting/away.ts';
import type { DeviceMark } from '../../../shared/failures/waiting/entry.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SETTLED_EVENTS } from '../../../shared/queue/events.ts';
import type { Queue } from '../../../shared/queue/port.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { logTo } from '../../fixtures/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';

const DEVICE = 'bigip-1';
const { owner } = slice(1, []);
const HOUR = 60 * 60_000;
const BUSY = new DeviceError('BIP503', 'transient', 'busy');
const FAULT = new DeviceError('BIP509', 'transient', 'an internal fault', {
  inner: { method: 'PATCH', endpoint: '/mgmt/x' },
});

let clock: ReturnType<typeof virtualClock>;
let queues: ReturnType<typeof memoryQueues>;
let lines: Record<string, unknown>[];
/** Receipts of the hidden messages, with their pause. */
let hidden: [string, number][];
/** What was written to the history, and what was requested from and stored by the waiting place. */
let told: unknown[][];
let asked: string[];
let kept: unknown[][];
/** The response of the waiting place. */
let mark: DeviceMark | undefined;
let isFull: (arrival: Arrival) => boolean;
let scope: Scope;
beforeEach(() => {
  clock = virtualClock();
  queues = memoryQueues(clock);
  [lines, hidden, told, asked, kept, mark] = [[], [], [], [], [], undefined];
  isFull = () => false;
  const log = logTo(lines);
  const slices = {
    changeVisibility: async (receipt: string, ms: number) => void hidden.push([receipt, ms]),
  } as unknown as Queue;
  scope = {
    runtime: runtimeWith({
      config: {} as SluiceConfig,
      queues: {
        ...queues,
        queue: (name) => (name === 'slices' ? slices : queues.queue(name)),
      },
      clock,
      log,
      random: () => 1,
    }),
    context: {},
    attempts: createAttempts(),
    recorder: { tell: async (...given: unknown[]) => void told.push(given) },
    waiting: {
      leave: async (...given: unknown[]) => {
        asked.push(JSON.stringify(given[2]));
        return mark;
      },
      keep: async (device: string, arrival: Arrival, attempts: readonly unknown[]) => {
        if (isFull(arrival)) throw new Error('the disk is full');
        kept.push([device, arrival.message.id, attempts.length]);
      },
    },
  } as unknown as Scope;
});

const arrival = (
  id: string,
  {
    receiveCount = 1,
    age = 0,
    data = slice(1, [exposure()]),
  }: {
    readonly receiveCount?: number;
    readonly age?: number;
    readonly data?: Slice;
  } = {},
): Arrival => ({
  kind: 'slice',
  message: {
    id,
    receipt: `receipt of ${id}`,
    group: DEVICE,
    deduplicationId: id,
    body: '{}',
    receiveCount,
    sentAt: clock.now() - age,
  },
  meta: {
    id,
    cluster: 'east',
    subject: owner,
    time: '2026-01-01T00:00:00Z',
    hops: [],
  },
  data,
});
const settled = (): readonly Settled[] =>
  queues.sent('settled-east').flatMap(({ body }) => {
    const opened = parseEvent(body, SETTLED_EVENTS);
    return 'ok' in opened ? [opened.ok.data] : [];
  });

describe('the pause', () => {
  const pauseFor = async (error: unknown, receiveCount: number, age: number): Promise<number> => {
    const one = arrival('m', { receiveCount, age });
    expect(await postpone(scope, DEVICE, [one], error)).toEqual([one.message]);
    expect(hidden).toEqual([['receipt of m', expect.any(Number)]]);
    return hidden[0]![1];
  };

  test.each<[string, unknown, number, number]>([
    ['grows to a tenth of the age of a message', BUSY, 20, 360_000],
    ['is short at first, whatever the age', BUSY, 1, 1_000],
    ['does not grow with the age if only the time ran out', new OutOfTime(DEVICE), 20, 30_000],
  ])('%s', async (_, error, receiveCount, pause) => {
    expect(await pauseFor(error, receiveCount, HOUR)).toBe(pause);
  });

  test('is the same for all messages, by the oldest and the one that was received most', async () => {
    const all = [arrival('a', { age: HOUR }), arrival('b', { receiveCount: 20 })];
    await postpone(scope, DEVICE, all, BUSY);
    expect(hidden).toEqual([
      ['receipt of a', 360_000],
      ['receipt of b', 360_000],
    ]);
  });
});

test('a call that has the messages returns them itself, so that nothing renews them', async () => {
  const returned: [string, number][] = [];
  const giveBack = async ({ id }: { readonly id: string }, ms: number): Promise<void> =>
    void returned.push([id, ms]);
  const held = { ...scope, context: { ...scope.context, giveBack } };
  await postpone(held, DEVICE, [arrival('a', { receiveCount: 20, age: HOUR })], BUSY);
  await release(held, DEVICE, [arrival('b')]);
  expect(returned).toEqual([
    ['a', 360_000],
    ['b', 0],
  ]);
  expect(hidden).toEqual([]);
});

describe('an attempt', () => {
  test.each<[string, unknown, string, string]>([
    ['that the device prevented has its code and message', BUSY, 'BIP503', 'busy'],
    ['that another error prevented has none', new Error('full'), 'unknown', 'Error: full'],
  ])('%s', async (_, error, code, reason) => {
    await postpone(scope, DEVICE, [arrival('m')], error);
    expect(scope.attempts.of('m')).toEqual([{ at: '2026-01-01T00:00:00.000Z', code, reason }]);
  });
});

describe('messages that were tried', () => {
  const known: DeviceMark = {
    ...newMark(DEVICE, 0),
    state: 'away',
    code: 'BIP501',
    reason: 'not reachable',
  };

  test('wait in the store if it takes them, since the first attempt', async () => {
    mark = known;
    await postpone(scope, DEVICE, [arrival('m')], new Error('full'));
    hidden = [];
    clock.advance(HOUR);
    expect(await postpone(scope, DEVICE, [arrival('m')], BUSY)).toEqual([]);
    expect(asked).toEqual([
      JSON.stringify({
        code: 'BIP503',
        reason: 'busy',
        since: clock.now() - HOUR,
      }),
    ]);
    expect([kept, hidden, scope.attempts.of('m')]).toEqual([[[DEVICE, 'm', 2]], [], []]);
  });

  test.each<[string, unknown]>([
    ['is not an error of the device', new Error('full')],
    ['is a timeout of the function', new OutOfTime(DEVICE)],
  ])('stay in the queue if the error %s', async (_, error) => {
    mark = known;
    const one = arrival('m');
    expect(await postpone(scope, DEVICE, [one], error)).toEqual([one.message]);
    expect([asked, kept]).toEqual([[], []]);
  });

  test('stay in the queue from the first that the store does not take', async () => {
    isFull = ({ message }) => message.id === 'b';
    const all = ['a', 'b', 'c'].map((id) => arrival(id));
    for (const { message } of all)
      scope.attempts.add(message.id, { at: '', code: 'BIP501', reason: 'r' });
    const left = await moveToWaiting(scope, all, known);
    expect(left.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(hidden.map(([receipt]) => receipt)).toEqual(['receipt of b', 'receipt of c']);
    expect(['a', 'b', 'c'].map((id) => scope.attempts.of(id).length)).toEqual([0, 1, 1]);
    expect(lines).toMatchObject([
      {
        said: 'retry',
        error: 'Error: the failure store cannot keep the waiting changes: the disk is full',
      },
    ]);
    expect(settled()).toEqual([]);
  });

  test('are reported to their clusters, with a message that stays the same', async () => {
    await moveToWaiting(scope, [arrival('m')], {
      ...known,
      since: clock.now(),
    });
    expect(settled().flatMap(({ exposures }) => exposures)).toMatchObject([
      {
        outcome: 'retry',
        code: 'BIP501',
        message:
          'not reachable. The change has been waiting since 2026-01-01T00:00:00.000Z; ' +
          'Sluice applies it as soon as bigip-1 works again',
      },
    ]);
    expect(told).toHaveLength(1);
    expect(lines).toMatchObject([{ level: 'warn', code: 'BIP510', because: 'BIP501' }]);
  });
});

describe('at the first, second, fourth and eighth attempt', () => {
  const attempts = [1, 2, 3, 4, 5, 6, 7, 8];
  const at = async (error: unknown, seen: () => number): Promise<readonly number[]> => {
    const found: number[] = [];
    for (const receiveCount of attempts) {
      const before = seen();
      await postpone(scope, DEVICE, [arrival('m', { receiveCount })], error);
      if (seen() > before) found.push(receiveCount);
    }
    return found;
  };

  test('the clusters and the history get a report', async () => {
    expect(await at(BUSY, () => settled().length)).toEqual([1, 2, 4, 8]);
    expect(told.map(([one, way]) => [one, way])).toHaveLength(4);
    expect(settled()[0]?.exposures).toMatchObject([{ outcome: 'retry', code: 'BIP503' }]);
  });

  test('an internal fault of the device raises an alarm that names the call', async () => {
    const alarms = (): readonly object[] => lines.filter(({ level }) => level === 'error');
    expect(await at(FAULT, () => alarms().length)).toEqual([1, 2, 4, 8]);
    const plain = new DeviceError('BIP509', 'transient', 'an internal fault');
    await postpone(scope, DEVICE, [arrival('n')], plain);
    expect(alarms().at(-1)).not.toHaveProperty('call');
    expect(alarms()[0]).toMatchObject({
      code: 'BIP509',
      call: expect.stringContaining('PATCH /mgmt/x'),
    });
  });

  test('no other error raises an alarm, and none of a queue is reported', async () => {
    const alarms = (): number => lines.filter(({ level }) => level === 'error').length;
    expect(await at(BUSY, alarms)).toEqual([]);
    const before = settled().length;
    expect(await at(new Error('full'), alarms)).toEqual([]);
    expect(settled()).toHaveLength(before);
  });
});

test('only the newest slice of an owner is reported, and no order', async () => {
  const [old, newer] = [1, 2].map((counter) =>
    arrival(`m${counter}`, { data: slice(counter, [exposure()]) }),
  );
  const order = { ...old!, kind: 'order', data: { action: 'drain' } } as unknown as Arrival;
  await postpone(scope, DEVICE, [old!, newer!, order], BUSY);
  expect(settled().map(({ version }) => version.counter)).toEqual([2]);
});
