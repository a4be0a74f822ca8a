/**
 * A message that crashes its process is found and dead-lettered, and no other message waits for it
 * longer than two visibility timeouts. Red without the marks (`begin` does nothing): it is never
 * dead-lettered. Red without the order of `tryAll` (trial.ts): later messages are never handled.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { handleGroups } from '../../../shared/queue/batch.ts';
import { runAlone, runAmongOthers } from '../../../shared/queue/gate.ts';
import { toRecord, type FunctionContext } from '../../../shared/queue/handler.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import {
  createSuspects,
  NOT_RETRIED,
  type Marks,
  type Suspects,
} from '../../../shared/queue/suspects.ts';
import { handleBatch } from '../../../shared/queue/trial.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';
import { memoryMarks, QUIET } from '../../fixtures/marks.ts';

const ROOM = Symbol.for('sluice.room');
const CONTEXT: FunctionContext = {
  awsRequestId: 'r',
  functionName: 'f',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 1_000,
};
const NEVER = new Promise<never>(() => undefined);
const beginProcess = (): void => void delete (globalThis as { [ROOM]?: unknown })[ROOM];
beforeEach(beginProcess);

interface Site {
  /** Messages that were read, one list for each call of the handler. */
  readonly reads: (readonly string[])[];
  readonly givenUp: string[];
  /** Messages that the handler deleted itself, before it returned. */
  readonly deleted: string[];
  /** Messages that are hidden no longer than the one before them. */
  readonly returned: string[];
  left(): readonly string[];
  send(...ids: readonly string[]): void;
  /**
   * Delivers all remaining messages; false: the process crashed. A new process starts unless
   * `same`.
   */
  receive(same?: boolean): Promise<boolean>;
}

interface Options {
  readonly deadly?: readonly string[];
  /** Messages that request a retry the first time. */
  readonly later?: readonly string[];
  /** Messages that request a retry every time. */
  readonly always?: readonly string[];
  readonly marks?: Marks;
  /** Thrown instead of dead-lettering a message. */
  readonly noDeadLetters?: Error;
}

const messageOf = (id: string, receiveCount = 0): QueueMessage => ({
  id,
  receipt: id,
  group: id[0]!,
  deduplicationId: id,
  body: '',
  receiveCount,
  sentAt: 0,
});

function site(
  ids: readonly string[],
  { deadly = [], later = [], always = [], marks = memoryMarks(), noDeadLetters }: Options,
): Site {
  const left = new Map<string, QueueMessage>();
  const send = (...more: readonly string[]): void => {
    for (const id of more) left.set(id, messageOf(id));
  };
  send(...ids);
  const reads: (readonly string[])[] = [];
  const [givenUp, deleted, returned]: [string[], string[], string[]] = [[], [], []];
  const postponed = new Set(later);
  let died = Promise.withResolvers<false>();
  let suspects: Suspects = createSuspects(marks, QUIET);
  const remove = async (id: string): Promise<void> => {
    deleted.push(id);
    left.delete(id);
  };
  const create = (): ReturnType<typeof handleGroups> =>
    handleGroups({
      suspects,
      handle: async (_group, messages) => {
        reads.push(messages.map(({ id }) => id));
        for (const { id } of messages) {
          if (!deadly.includes(id)) continue;
          died.resolve(false);
          await NEVER;
        }
        return messages.filter(({ id }) => postponed.delete(id) || always.includes(id));
      },
      giveUp: async ({ id }, { code }) => {
        if (noDeadLetters) throw noDeadLetters;
        givenUp.push(`${id} ${code}`);
      },
      queue: () => ({
        changeVisibility: async (id, ms) => void (ms === 0 && returned.push(id)),
        delete: remove,
      }),
      onError: () => undefined,
    });
  return {
    reads,
    givenUp,
    deleted,
    returned,
    left: () => [...left.keys()],
    send,
    receive: async (same = false) => {
      if (!same) {
        beginProcess();
        suspects = createSuspects(marks, QUIET);
        died = Promise.withResolvers<false>();
      }
      for (const [id, message] of left)
        left.set(id, { ...message, receiveCount: message.receiveCount + 1 });
      const call = create()(
        {
          Records: [...left.values()].map((message) =>
            toRecord(message, 'arn:aws:sqs:local:0:q.fifo'),
          ),
        },
        CONTEXT,
      );
      const answer = await Promise.race([call, died.promise]);
      if (answer === false) return false;
      const failed = new Set(
        (answer ?? undefined)?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
      );
      for (const id of left.keys()) if (!failed.has(id)) left.delete(id);
      return true;
    },
  };
}

describe('a message that crashes its process', () => {
  test('is handled alone after two visibility timeouts, and dead-lettered unread after three crashes', async () => {
    const here = site(['a1', 'a2', 'a3', 'b1', 'c1'], { deadly: ['a2'] });
    for (let i = 0; i < 3; i++) expect(await here.receive()).toBe(false);
    expect(here.left()).toEqual(['a2']);
    expect(await here.receive()).toBe(false);
    const before = here.reads.length;
    expect(await here.receive()).toBe(true);
    expect(here.reads).toHaveLength(before);
    expect([here.left(), here.givenUp]).toEqual([[], ['a2 Q617']]);
  });

  test('is found among several of them', async () => {
    const here = site(['a1', 'a2', 'b1', 'b2'], { deadly: ['a1', 'b1'] });
    for (let i = 0; i < 12 && here.left().length > 0; i++) await here.receive();
    expect(here.givenUp.toSorted()).toEqual(['a1 Q617', 'b1 Q617']);
    expect(here.reads.flat()).toEqual(expect.arrayContaining(['a2', 'b2']));
  });

  test('is never dead-lettered while its crashes cannot be counted; the others continue', async () => {
    const away = (): Promise<never> => Promise.reject(new Error('no answer'));
    const here = site(['a1', 'b1'], {
      deadly: ['a1'],
      marks: { get: away, set: away, clear: away, close: away },
    });
    for (let i = 0; i < 6; i++) expect(await here.receive()).toBe(false);
    expect(here.givenUp).toEqual([]);
    expect(here.reads.flat()).toContain('b1');
  });

  test('is dead-lettered unread the second time if the marks allow no second try', async () => {
    const here = site(['a1', 'b1'], { deadly: ['a1'], marks: NOT_RETRIED });
    expect(await here.receive()).toBe(false);
    expect(await here.receive()).toBe(true);
    expect(here.givenUp).toEqual(['a1 Q617', 'b1 Q617']);
  });
});

describe('a suspect', () => {
  test('that must be retried stays on the queue', async () => {
    const here = site(['a1'], { always: ['a1'] });
    for (let i = 0; i < 3; i++) await here.receive();
    expect([here.left(), here.reads.length]).toEqual([['a1'], 3]);
  });

  test('that was dead-lettered is no longer counted; otherwise it still is, and is not parsed again', async () => {
    const tries = new Map([['a1', 3]]);
    const marks = memoryMarks(tries);
    const away = site(['a1'], { always: ['a1'], marks, noDeadLetters: new Error('away') });
    for (let i = 0; i < 3; i++) await away.receive();
    expect([away.left(), [...tries], away.reads]).toEqual([['a1'], [['a1', 3]], [['a1']]]);
    const back = site(['a1'], { always: ['a1'], marks });
    for (let i = 0; i < 2; i++) await back.receive();
    expect([back.left(), [...tries], back.givenUp]).toEqual([[], [], ['a1 Q617']]);
  });

  test('does not affect new messages beside it: each is handled once, and none is given up', async () => {
    const here = site(['a1'], { deadly: ['a1'], marks: NOT_RETRIED });
    await here.receive();
    here.send('a2', 'b1');
    await here.receive();
    expect(here.givenUp).toEqual(['a1 Q617']);
    expect(here.reads.slice(1)).toEqual([['b1'], ['a2']]);
  });

  test('that crashed a process runs only after all finished messages are deleted, and no others', async () => {
    const here = site(['a1'], { deadly: ['a1'], always: ['b2', 'c1'] });
    await here.receive();
    await here.receive();
    here.send('b1', 'b2', 'c1', 'd1');
    await here.receive();
    expect(here.deleted.toSorted()).toEqual(['b1', 'd1']);
    expect(here.left()).toEqual(['a1', 'b2', 'c1']);
  });

  test('without a crash causes no early deletes: the host deletes finished messages', async () => {
    const here = site(['a1', 'a2', 'b1'], { later: ['a1', 'a2', 'b1'] });
    await here.receive();
    here.send('c1');
    await here.receive();
    expect([here.left(), here.deleted]).toEqual([[], []]);
  });
});

describe('a process remembers that it returned', () => {
  const filled = (count: number, own: readonly string[] = []): Suspects => {
    const suspects = createSuspects(memoryMarks(), QUIET);
    suspects.gaveBack([messageOf('first', 1)]);
    for (let i = 1; i < count; i++) suspects.gaveBack([messageOf(`m${i}`, 1)]);
    suspects.gaveBack(own.map((id) => messageOf(id, 2)));
    return suspects;
  };

  test('the last 5,000 messages', () => {
    expect(filled(5_000).isSuspect(messageOf('first', 2))).toBe(false);
    expect(filled(5_001).isSuspect(messageOf('first', 2))).toBe(true);
    expect(filled(5_001).isSuspect(messageOf('m1', 2))).toBe(false);
  });

  test('a message anew each time it returns it', () => {
    const suspects = filled(5_000, ['first']);
    suspects.gaveBack([messageOf('more', 1)]);
    expect(suspects.isSuspect(messageOf('first', 3))).toBe(false);
    expect(suspects.isSuspect(messageOf('m1', 2))).toBe(true);
  });
});

describe('a redelivered message', () => {
  test('that a function returned is no suspect: it is handled with the others', async () => {
    const here = site(['a1', 'a2'], { later: ['a1', 'a2'] });
    await here.receive();
    await here.receive(true);
    expect(here.reads).toEqual([
      ['a1', 'a2'],
      ['a1', 'a2'],
    ]);
  });

  test('in a process that does not know it is handled alone, without counting a crash', async () => {
    const tries = new Map<string, number>();
    const here = site(['a1', 'a2'], { later: ['a1', 'a2'], marks: memoryMarks(tries) });
    await here.receive();
    await here.receive();
    expect(here.reads.slice(1)).toEqual([['a1'], ['a2']]);
    expect([here.left(), [...tries]]).toEqual([[], []]);
  });

  test('that must wait there, too, keeps the others of its group untried: what it waits for keeps them', async () => {
    const here = site(['a1', 'a2', 'b1'], { always: ['a1', 'a2', 'b1'] });
    await here.receive();
    const before = here.reads.length;
    await here.receive();
    expect(here.reads.slice(before)).toEqual([['a1'], ['b1']]);
    expect(here.left()).toEqual(['a1', 'a2', 'b1']);
    expect(here.returned).toEqual(['a2']);
  });
});

describe('on trial', () => {
  const patience = { clock: { sleep: () => NEVER }, ms: 1 };

  test('all other messages wait for its end, and it waits for those in progress', async () => {
    const [first, trial] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const order: string[] = [];
    const working = runAmongOthers(() => first.promise.then(() => order.push('first')));
    const tried = runAlone(() => trial.promise.then(() => order.push('trial')), patience);
    const next = runAmongOthers(async () => order.push('next'));
    trial.resolve();
    await Promise.resolve();
    expect(order).toEqual([]);
    first.resolve();
    await Promise.all([working, tried, next]);
    expect(order).toEqual(['first', 'trial', 'next']);
  });

  test('suspects are not handled while the others take too long, and those continue', async () => {
    const busy = Promise.withResolvers<void>();
    const working = runAmongOthers(() => busy.promise);
    expect(
      await runAlone(() => Promise.resolve('tried'), {
        clock: { sleep: () => Promise.resolve() },
        ms: 1,
      }),
    ).toBeUndefined();
    expect(await runAmongOthers(() => Promise.resolve('next'))).toBe('next');
    busy.resolve();
    await working;
  });

  test('a suspect runs at once if nothing else does, however little time is left', async () => {
    await runAmongOthers(() => Promise.resolve());
    const late = { clock: { sleep: () => Promise.resolve() }, ms: 0 };
    expect(await runAlone(() => Promise.resolve('tried'), late)).toBe('tried');
  });

  test('suspects wait for each other even if nothing else runs', async () => {
    const first = Promise.withResolvers<void>();
    const order: string[] = [];
    const one = runAlone(() => first.promise.then(() => order.push('first')), patience);
    const other = runAlone(async () => order.push('second'), patience);
    await Promise.resolve();
    expect(order).toEqual([]);
    first.resolve();
    await Promise.all([one, other]);
    expect(order).toEqual(['first', 'second']);
  });

  test('a batch that has only suspects is returned in time while another suspect runs', async () => {
    const running = runAlone(() => NEVER, patience);
    const message = messageOf('a1', 2);
    const failed = await handleBatch(
      {
        suspects: createSuspects(memoryMarks(), {
          ...QUIET,
          clock: { sleep: () => Promise.resolve() },
        }),
        context: { ...CONTEXT, getRemainingTimeInMillis: () => 0 },
        calm: () => Promise.resolve([]),
        one: () => Promise.resolve(true),
        giveUp: () => Promise.resolve(true),
        behind: () => Promise.resolve(),
        done: () => Promise.resolve(),
      },
      [message],
    );
    expect(failed).toEqual([message]);
    void running;
  });

  test('a suspect that gets its turn leaves no timer behind', async () => {
    const clock = createManualClock();
    const busy = Promise.withResolvers<void>();
    const working = runAmongOthers(() => busy.promise);
    const tried = runAlone(() => Promise.resolve('tried'), { clock, ms: 60_000 });
    busy.resolve();
    expect([await tried, await working]).toEqual(['tried', undefined]);
    expect(clock.sleeping()).toBe(0);
  });
});
