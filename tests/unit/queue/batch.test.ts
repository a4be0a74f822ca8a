import { describe, expect, test } from '@jest/globals';
import { handleGroups, type BatchWork, type MessageVerdict } from '../../../shared/queue/batch.ts';
import { toRecord, type FunctionContext } from '../../../shared/queue/handler.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import { memoryMarks, QUIET } from '../../fixtures/marks.ts';
import { QueueError, type QueueMessage } from '../../../shared/queue/port.ts';

const context: FunctionContext = {
  awsRequestId: 'r',
  functionName: 'f',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 30_000,
};

interface Site {
  readonly calls: string[][];
  readonly givenUp: (readonly [id: string, verdict: MessageVerdict])[];
  readonly released: string[];
  readonly deleted: string[];
  run(ids: readonly string[]): Promise<readonly string[]>;
}

/**
 * `a1` and `a2` are of group a. An error that `fails` throws for an id is thrown by every call that
 * contains it.
 */
function site(fails: Readonly<Record<string, unknown>>, over: Partial<BatchWork> = {}): Site {
  const [calls, givenUp, released, deleted]: [
    string[][],
    (readonly [string, MessageVerdict])[],
    string[],
    string[],
  ] = [[], [], [], []];
  const handler = handleGroups({
    handle: async (_group, messages) => {
      const ids = messages.map(({ id }) => id);
      calls.push(ids);
      const bad = ids.find((id) => id in fails);
      if (bad !== undefined) throw fails[bad];
      return [];
    },
    giveUp: async ({ id }, verdict) => void givenUp.push([id, verdict]),
    queue: () => ({
      changeVisibility: async (receipt) => void released.push(receipt),
      delete: async (receipt) => void deleted.push(receipt),
    }),
    suspects: createSuspects(memoryMarks(), QUIET),
    onError: () => undefined,
    ...over,
  });
  const run: Site['run'] = async (ids) => {
    const records = ids.map((id) =>
      toRecord(
        {
          id,
          receipt: id,
          group: id[0]!,
          deduplicationId: id,
          body: '',
          receiveCount: 1,
          sentAt: 0,
        } satisfies QueueMessage,
        'arn:aws:sqs:local:0:q.fifo',
      ),
    );
    const answer = await handler({ Records: records }, context);
    return (answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  };
  return { calls, givenUp, released, deleted, run };
}

/**
 * Red without `handleAlone` (batch.ts): the queue retries the whole group until all of it is
 * dead-lettered.
 */
describe('a message that throws', () => {
  test.each<[string, unknown]>([
    ['a stack overflow', new RangeError('Maximum call stack size exceeded')],
    ['a bug in Sluice', new TypeError("Cannot read properties of undefined (reading 'x')")],
    [
      'an error of Node about an argument',
      Object.assign(new TypeError('The argument'), { code: 'ERR_INVALID_ARG_TYPE' }),
    ],
    ['a thrown value that is not an Error', 'nonsense'],
    ['null', null],
  ])(
    '(%s) is given up alone in the same call, and its neighbours of all groups are done',
    async (_, error) => {
      const here = site({ a2: error });
      expect(await here.run(['a1', 'a2', 'a3', 'b1'])).toEqual([]);
      expect(here.givenUp).toMatchObject([['a2', { code: 'Q616' }]]);
      expect(here.calls.filter((ids) => ids.length === 1).flat()).toEqual(
        expect.arrayContaining(['a1', 'a2', 'a3', 'b1']),
      );
    },
  );

  test('because its result is too large for a message keeps that code', async () => {
    const here = site({ a1: new QueueError('Q604', 'too large; split it') });
    expect(await here.run(['a1'])).toEqual([]);
    expect(here.givenUp).toEqual([['a1', { code: 'Q604', reason: 'too large; split it' }]]);
  });

  test('is retried if it cannot even be dead-lettered, and later messages of its group wait', async () => {
    const here = site(
      { a1: new Error('x') },
      { single: true, giveUp: () => Promise.reject(new QueueError('Q601', 'away')) },
    );
    expect(await here.run(['a1', 'a2', 'b1'])).toEqual(['a1', 'a2']);
    expect(here.released).toEqual(['a2']);
  });

  test('is reported with a short description of the error', async () => {
    const here = site({ a1: new Error('x'.repeat(400_000)) });
    await here.run(['a1']);
    expect(here.givenUp[0]?.[1].reason.length).toBeLessThan(1_000);
  });
});

describe('an unreachable service', () => {
  test.each<[string, unknown]>([
    ['the queue', new QueueError('Q601', 'away')],
    [
      'a device, by the name of its error',
      Object.assign(new Error('busy'), { name: 'DeviceError' }),
    ],
    ['the network', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
    ['the HTTP client', Object.assign(new Error('late'), { code: 'UND_ERR_HEADERS_TIMEOUT' })],
    ['the disk', Object.assign(new Error('full'), { code: 'ENOSPC' })],
    ['AWS', Object.assign(new Error('slow down'), { $metadata: {} })],
  ])('(%s) causes a redelivery of the group in order, and loses no message', async (_, error) => {
    const here = site({ a2: error });
    expect(await here.run(['a1', 'a2', 'a3', 'b1'])).toEqual(['a1', 'a2', 'a3']);
    const one = site({ a2: error }, { single: true });
    expect(await one.run(['a1', 'a2', 'a3', 'b1'])).toEqual(['a2', 'a3']);
    expect([...here.givenUp, ...one.givenUp]).toEqual([]);
  });
});

describe('an error', () => {
  const told = (fails: Record<string, unknown>, over: Partial<BatchWork> = {}) => {
    const errors: string[] = [];
    const at = site(fails, {
      ...over,
      onError: (group, error) => void errors.push(`${group}: ${(error as Error).message}`),
    });
    return { at, errors };
  };

  test('is logged with its group: for the batch, the single message and the dead letter', async () => {
    const { at, errors } = told(
      { a1: new TypeError('a fault') },
      { giveUp: () => Promise.reject(new Error('no dead letters')) },
    );
    await at.run(['a1', 'a2']);
    expect(errors).toEqual(['a: a fault', 'a: a fault', 'a: no dead letters']);
  });

  test('with the only message of a group is tried and logged once', async () => {
    const { at, errors } = told({ a1: new TypeError('a fault') });
    await at.run(['a1']);
    expect([at.calls, errors]).toEqual([[['a1']], ['a: a fault']]);
  });
});
