import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import {
  startEventSource,
  type EventSource,
  type EventSourceOptions,
} from '../../../shared/queue/event-source.ts';
import { fromRecord, type FunctionContext } from '../../../shared/queue/handler.ts';
import { readBatchResponse } from '../../../shared/queue/invocation.ts';
import { QueueError, type Queue, type Queues } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createManualClock, idle, type ManualClock } from '../../contract/queue/manual-clock.ts';

interface Call {
  readonly bodies: readonly string[];
  readonly event: SQSEvent;
  readonly context: FunctionContext;
  /** Ends the call. */
  answer(response?: SQSBatchResponse | void): void;
  fail(error: Error): void;
}

let clock: ManualClock;
let queues: Queues;
let queue: Queue;
let calls: Call[];
let lines: string[];
let sources: EventSource[];

const log: Logger = {
  debug: (_fields, message) => lines.push(message),
  info: (_fields, message) => lines.push(message),
  warn: (_fields, message) => lines.push(message),
  error: (_fields, message) => lines.push(message),
  child: () => log,
};

beforeEach(() => {
  clock = createManualClock();
  queues = createSqliteQueues({ path: ':memory:', clock, id: randomUUID });
  queue = queues.queue('snapshots');
  calls = [];
  lines = [];
  sources = [];
});
afterEach(async () => {
  for (const pending of calls) pending.answer();
  const stopping = Promise.all(sources.map((source) => source.stop()));
  await clock.pass(1_000_000);
  await stopping;
  await queues.close();
});

const OPTIONS = {
  functionName: 'map',
  batchSize: 10,
  concurrency: 2,
  timeout: 30_000,
  visibilityMs: 60_000,
  id: randomUUID,
  log,
};

const handler: EventSourceOptions['handler'] = (event, context) => {
  const { promise, resolve, reject } = Promise.withResolvers<SQSBatchResponse | void>();
  calls.push({
    bodies: event.Records.map((r) => r.body),
    event,
    context,
    answer: resolve,
    fail: reject,
  });
  return promise;
};

function start(change: Partial<EventSourceOptions> = {}): EventSource {
  const source = startEventSource({
    ...OPTIONS,
    functionVersion: '7',
    queue,
    handler,
    clock,
    ...change,
  });
  sources.push(source);
  return source;
}

async function send(...bodies: readonly string[]): Promise<void> {
  for (const body of bodies)
    await queue.send({ group: body[0] ?? '', deduplicationId: randomUUID(), body });
}

function call(index: number): Call {
  const found = calls[index];
  if (found === undefined) throw new Error(`there were only ${calls.length} calls`);
  return found;
}
const failing = (at: Call, ...bodies: readonly string[]): SQSBatchResponse => ({
  batchItemFailures: at.event.Records.filter((r) => bodies.includes(r.body)).map((r) => ({
    itemIdentifier: r.messageId,
  })),
});
const depth = async (): Promise<number> => {
  const { waiting, inFlight } = await queue.depth();
  return waiting + inFlight;
};

describe('an event source', () => {
  test('calls a handler as Lambda does', async () => {
    await send('a1');
    start();
    await idle();
    const { event, context } = call(0);
    expect(event.Records[0]).toMatchObject({
      body: 'a1',
      eventSource: 'aws:sqs',
      messageAttributes: {},
      attributes: {
        MessageGroupId: 'a',
        ApproximateReceiveCount: '1',
        SentTimestamp: String(clock.now()),
      },
    });
    expect(fromRecord(event.Records[0]!)).toMatchObject({
      body: 'a1',
      group: 'a',
      receiveCount: 1,
      sentAt: clock.now(),
    });
    expect(context).toMatchObject({ functionName: 'map', functionVersion: '7' });
    expect(context.getRemainingTimeInMillis()).toBe(30_000);
    await clock.pass(10_000);
    expect(context.getRemainingTimeInMillis()).toBe(20_000);
  });

  test('deletes a batch whose handler returns nothing, an empty list, or no list', async () => {
    for (const answer of [undefined, { batchItemFailures: [] }, {} as SQSBatchResponse]) {
      await send('a1', 'b1');
      const source = start();
      await idle();
      calls.pop()?.answer(answer);
      await source.stop();
      expect(await depth()).toBe(0);
    }
  });

  test('keeps only reported messages, and redelivers them when their visibility ends', async () => {
    await send('a1', 'b1', 'c1');
    start();
    await idle();
    call(0).answer(failing(call(0), 'b1'));
    await clock.pass(59_000);
    expect(calls).toHaveLength(1);
    await clock.pass(2_000);
    expect(call(1).bodies).toEqual(['b1']);
    expect(call(1).event.Records[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  test('with a lease, a long call keeps its messages; those of a killed host return with its end', async () => {
    await queue.send({ group: 'a', deduplicationId: '1', body: 'one' });
    // A host that was killed while it held the message.
    await queue.receive({ max: 1, waitMs: 0, visibilityMs: 6_000 });
    start({ lease: 6_000 });
    await clock.pass(5_000);
    expect(calls).toHaveLength(0);
    await clock.pass(2_000);
    expect(calls.map((c) => c.bodies)).toEqual([['one']]);
    // A second host would receive the message if the lease were not renewed.
    start({ lease: 6_000 });
    await clock.pass(25_000);
    expect(calls).toHaveLength(1);
  });

  test('a message whose lease ended during its call is not handled again, but renewed', async () => {
    let isStill = false;
    const standing: Queue = {
      ...queue,
      changeVisibility: (...args) =>
        isStill ? Promise.reject(new QueueError('Q605', 'late')) : queue.changeVisibility(...args),
    };
    await send('a1', 'a2');
    start({ lease: 6_000, batchSize: 1, queue: standing });
    await idle();
    isStill = true;
    await clock.pass(8_000);
    isStill = false;
    await clock.pass(12_000);
    expect(calls.map((c) => c.bodies)).toEqual([['a1']]);
    call(0).answer();
    await clock.pass(1_000);
    expect(calls.map((c) => c.bodies)).toEqual([['a1'], ['a2']]);
    call(1).answer();
    await clock.pass(1_000);
    expect(await depth()).toBe(0);
  });

  test('a message whose lease ended more than once during its call is not handled again', async () => {
    const receipts: string[] = [];
    const receiving: Queue = {
      ...queue,
      receive: async (options) => {
        const messages = await queue.receive(options);
        receipts.push(...messages.map(({ receipt }) => receipt));
        return messages;
      },
    };
    await send('a1');
    start({ lease: 6_000, concurrency: 3, queue: receiving });
    await idle();
    for (const count of [1, 2]) {
      expect(receipts).toHaveLength(count);
      await queue.changeVisibility(receipts.at(-1) ?? '', 0);
      await clock.pass(100);
    }
    expect(receipts).toHaveLength(3);
    call(0).answer();
    await clock.pass(100);
    expect(calls).toHaveLength(1);
    expect(await depth()).toBe(0);
  });

  test('one that its call does not finish is handled again after it', async () => {
    await send('a1');
    start({ lease: 6_000 });
    await idle();
    // As a handler that returns the message at once.
    await queue.changeVisibility(call(0).event.Records[0]?.receiptHandle ?? '', 0);
    await clock.pass(100);
    expect(calls).toHaveLength(1);
    call(0).answer(failing(call(0), 'a1'));
    await clock.pass(100);
    expect(calls.map((c) => c.bodies)).toEqual([['a1'], ['a1']]);
    // The second call has the message now, and a third delivery waits for it.
    const { messageId, receiptHandle } = call(1).event.Records[0]!;
    expect(await call(1).context.holds?.([messageId])).toBe(true);
    await queue.changeVisibility(receiptHandle, 0);
    await clock.pass(100);
    expect(calls).toHaveLength(2);
  });

  test('a reported message whose visibility the handler changed is redelivered at that time', async () => {
    await send('a1');
    start();
    await idle();
    await queue.changeVisibility(call(0).event.Records[0]?.receiptHandle ?? '', 5_000);
    call(0).answer(failing(call(0), 'a1'));
    await clock.pass(4_000);
    expect(calls).toHaveLength(1);
    await clock.pass(2_000);
    expect(call(1).bodies).toEqual(['a1']);
  });

  test('a message that a call returns is not renewed any more, and is received again at the requested time', async () => {
    await send('a1', 'b1');
    start({ lease: 6_000 });
    await idle();
    const { event, context } = call(0);
    await context.giveBack?.(fromRecord(event.Records[0]!), 20_000);
    await clock.pass(10_000);
    call(0).answer(failing(call(0), 'a1'));
    await clock.pass(9_000);
    expect(calls).toHaveLength(1);
    await clock.pass(2_000);
    expect(call(1).bodies).toEqual(['a1']);
    expect(lines).toEqual([]);
  });

  test('a message that a call returns and finishes nevertheless is deleted', async () => {
    await send('a1');
    start({ lease: 6_000 });
    await idle();
    await call(0).context.giveBack?.(fromRecord(call(0).event.Records[0]!), 20_000);
    call(0).answer();
    await idle();
    expect([await depth(), lines]).toEqual([0, []]);
  });

  test('after its timeout a handler returns nothing: its messages come when their visibility ends', async () => {
    await send('a1');
    start();
    await clock.pass(30_000);
    await call(0).context.giveBack?.(fromRecord(call(0).event.Records[0]!), 0);
    await clock.pass(29_000);
    expect(calls).toHaveLength(1);
    await clock.pass(2_000);
    expect(calls).toHaveLength(2);
  });

  test('the whole batch is redelivered when the handler throws', async () => {
    await send('a1', 'b1');
    start();
    await idle();
    call(0).fail(new Error('boom'));
    await clock.pass(61_000);
    expect(call(1).bodies).toEqual(['a1', 'b1']);
    expect(lines).toEqual(['the batch failed: boom']);
  });

  test('the whole batch is redelivered when a handler throws synchronously', async () => {
    await send('a1');
    let tries = 0;
    start({
      handler: () => {
        tries += 1;
        throw new Error('at once');
      },
    });
    await clock.pass(61_000);
    expect(tries).toBe(2);
  });

  test('the whole batch is redelivered when an unknown message is reported', async () => {
    await send('a1', 'b1');
    start();
    await idle();
    call(0).answer({ batchItemFailures: [{ itemIdentifier: 'who' }] });
    await clock.pass(61_000);
    expect(call(1).bodies).toEqual(['a1', 'b1']);
    expect(lines).toEqual(['the batch failed: the reported item "who" is not in the batch']);
  });

  test('a handler that exceeds its timeout fails its batch, and its late result is ignored', async () => {
    await send('a1');
    start();
    await clock.pass(30_000);
    expect(lines).toEqual(['the batch failed: function map did not finish within 30000 ms']);
    call(0).answer();
    await idle();
    expect(await depth()).toBe(1);
    await clock.pass(31_000);
    expect(call(1).bodies).toEqual(['a1']);
  });

  test('after its timeout a handler holds nothing, and its lease ends on time', async () => {
    await send('a1');
    start({ lease: 6_000 });
    await idle();
    const { holds } = call(0).context;
    const ids = call(0).event.Records.map(({ messageId }) => messageId);
    await clock.pass(29_000);
    expect(await holds?.(ids)).toBe(true);
    await clock.pass(1_000);
    expect(await holds?.(ids)).toBe(false);
    // Renewed for the last time before the end, after a third of the lease.
    await clock.pass(6_000);
    expect(calls).toHaveLength(2);
    expect(await holds?.(ids)).toBe(false);
    expect(await call(1).context.holds?.(ids)).toBe(true);
  });

  test('a poll that took long leaves less of a lease, so the queue is asked', async () => {
    const asked: string[] = [];
    const counting: Queue = {
      ...queue,
      changeVisibility: (receipt, ms) => {
        asked.push(receipt);
        return queue.changeVisibility(receipt, ms);
      },
    };
    start({ lease: 24_000, queue: counting });
    await clock.pass(17_000);
    await send('a1');
    await idle();
    const { messageId, receiptHandle } = call(0).event.Records[0]!;
    expect(await call(0).context.holds?.([messageId])).toBe(true);
    expect(asked).toEqual([receiptHandle]);
  });

  test('without partial failures reported messages count as done', async () => {
    await send('a1');
    const source = start({ reportFailures: false });
    await idle();
    call(0).answer(failing(call(0), 'a1'));
    await source.stop();
    expect(await depth()).toBe(0);
  });

  test('never has one group in two calls, and keeps its order', async () => {
    await send('a1', 'a2', 'a3');
    start({ batchSize: 2 });
    await idle();
    expect(calls.map((c) => c.bodies)).toEqual([['a1', 'a2']]);
    await send('b1');
    await idle();
    expect(calls.map((c) => c.bodies)).toEqual([['a1', 'a2'], ['b1']]);
    call(0).answer();
    await idle();
    expect(call(2).bodies).toEqual(['a3']);
  });

  test('never exceeds the configured concurrency', async () => {
    await send('a1', 'b1', 'c1', 'd1');
    start({ batchSize: 1, concurrency: 3 });
    await clock.pass(5_000);
    expect(calls.map((c) => c.bodies)).toEqual([['a1'], ['b1'], ['c1']]);
    call(1).answer();
    await idle();
    expect(call(3).bodies).toEqual(['d1']);
  });

  test('receives a new message at once', async () => {
    start();
    await clock.pass(1_000);
    const before = clock.now();
    await send('a1');
    await idle();
    expect(call(0).bodies).toEqual(['a1']);
    expect(clock.now()).toBe(before);
  });

  test('continues after a queue error, with growing pauses', async () => {
    let broken = true;
    const times: number[] = [];
    const flaky: Queue = {
      ...queue,
      receive: (options) => {
        if (!broken) return queue.receive(options);
        times.push(clock.now());
        return Promise.reject(new QueueError('Q601', 'away'));
      },
    };
    await send('a1');
    start({ queue: flaky });
    await clock.pass(5_000);
    const pauses = times.slice(1).map((at, i) => at - times[i]!);
    expect(pauses).toEqual([250, 500, 1_000, 2_000]);
    broken = false;
    await clock.pass(4_000);
    expect(call(0).bodies).toEqual(['a1']);
  });

  test('a message that cannot be deleted is logged, and redelivered', async () => {
    await send('a1', 'b1');
    const stubborn: Queue = {
      ...queue,
      delete: () => Promise.reject(new QueueError('Q601', 'away')),
    };
    start({ queue: stubborn });
    await idle();
    call(0).answer();
    await clock.pass(61_000);
    expect(call(1).bodies).toEqual(['a1', 'b1']);
    expect(lines).toEqual([
      'a processed message could not be deleted',
      'a processed message could not be deleted',
    ]);
  });

  test.each([
    ['stop()', (source: EventSource, _ending: AbortController) => source.stop()],
    [
      'its signal',
      (source: EventSource, ending: AbortController) => {
        ending.abort();
        return source.stop();
      },
    ],
  ])('%s finishes messages in flight and takes no more', async (_how, end) => {
    const ending = new AbortController();
    await send('a1');
    const source = start({ signal: ending.signal });
    await idle();
    let over = false;
    const stopped = end(source, ending).then(() => {
      over = true;
    });
    await send('b1');
    await clock.pass(5_000);
    expect(over).toBe(false);
    call(0).answer();
    await stopped;
    expect(calls).toHaveLength(1);
    expect(await queue.depth()).toMatchObject({ waiting: 1, inFlight: 0 });
  });

  test.each([{ batchSize: 2.5 }, { batchSize: 11 }, { concurrency: 1.5 }, { concurrency: 0 }])(
    'refuses %j, which no queue or host supports',
    (change) => {
      expect(() => start(change)).toThrow(RangeError);
    },
  );

  test('accepts a visibility equal to the timeout, and a concurrency of one', async () => {
    start({ visibilityMs: 30_000, timeout: 30_000, concurrency: 1 });
    await queue.send({ group: 'g', deduplicationId: 'a', body: 'a' });
    await clock.pass(100);
    expect(calls.map(({ bodies }) => bodies)).toEqual([['a']]);
  });

  test('uses the lease as the first visibility, if there is one', async () => {
    const asked: number[] = [];
    const seen: Queue = {
      ...queue,
      name: queue.name,
      receive: (options) => {
        asked.push(options.visibilityMs);
        return queue.receive(options);
      },
    };
    start({ queue: seen, lease: 5_000 });
    await clock.pass(100);
    expect(asked).toEqual([5_000]);
  });

  test('receives nothing if it was stopped before it started', async () => {
    const over = new AbortController();
    over.abort();
    start({ signal: over.signal });
    await queue.send({ group: 'g', deduplicationId: 'a', body: 'a' });
    await idle();
    expect([calls, await queue.depth()]).toMatchObject([[], { waiting: 1, inFlight: 0 }]);
  });

  test.each<[Error, string | undefined]>([
    [new QueueError('Q601', 'away'), 'Q601'],
    [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), undefined],
  ])('logs the code of a queue error, and no code that is not Sluice’s', async (error, code) => {
    const told: object[] = [];
    const away: Queue = { ...queue, name: queue.name, receive: () => Promise.reject(error) };
    start({ queue: away, log: { ...log, error: (fields) => told.push(fields) } });
    await clock.pass(10);
    expect(told[0]).toMatchObject({ code, err: error });
  });

  test.each<[Error, string | undefined]>([
    [new QueueError('Q605', 'late'), 'Q605'],
    [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), undefined],
  ])('names the code of a delete that failed likewise', async (error, code) => {
    const told: object[] = [];
    const stubborn: Queue = { ...queue, name: queue.name, delete: () => Promise.reject(error) };
    await send('a1');
    start({ queue: stubborn, log: { ...log, warn: (fields) => told.push(fields) } });
    await idle();
    call(0).answer();
    await idle();
    expect(told).toMatchObject([{ code, err: error }]);
  });

  test.each([{}, { lease: 6_000 }])(
    'leaves no timer behind when a call is over: %j',
    async (change) => {
      await send('a1');
      const source = start(change);
      await idle();
      call(0).answer();
      await source.stop();
      expect(clock.sleeping()).toBe(0);
    },
  );

  test('uses $LATEST if the function has no version', async () => {
    await send('a1');
    sources.push(startEventSource({ ...OPTIONS, queue, handler, clock }));
    await idle();
    expect(call(0).context.functionVersion).toBe('$LATEST');
  });

  test('ends at once if it is stopped while it waits', async () => {
    const source = start();
    await clock.pass(1_000);
    const before = clock.now();
    await source.stop();
    expect(clock.now()).toBe(before);
    expect(clock.sleeping()).toBe(0);
  });

  test('a message that always fails ends in the dead-letter queue, and the rest of its group is handled', async () => {
    const strict = createSqliteQueues({
      path: ':memory:',
      clock,
      id: randomUUID,
      maxReceiveCount: 3,
    });
    const poisoned = strict.queue('snapshots');
    for (const body of ['poison', 'good'])
      await poisoned.send({ group: 'a', deduplicationId: body, body });
    const handled: string[] = [];
    const source = start({
      queue: poisoned,
      batchSize: 1,
      handler: async (event) => {
        const [record] = event.Records;
        if (record?.body === 'poison')
          return { batchItemFailures: [{ itemIdentifier: record.messageId }] };
        handled.push(record?.body ?? '');
        return undefined;
      },
    });
    await clock.pass(250_000);
    expect(handled).toEqual(['good']);
    expect(await strict.queue('snapshots-dead').depth()).toMatchObject({ waiting: 1, inFlight: 0 });
    await source.stop();
    await strict.close();
  });

  test.each([
    [{ batchSize: 0 }, /batch size of function map is 0/],
    [{ batchSize: 11 }, /1 to 10/],
    [{ concurrency: 0 }, /concurrency of function map is 0/],
    [
      { timeout: 60_000, visibilityMs: 59_999 },
      /visibility timeout of 59999 ms is shorter than the timeout of 60000 ms/,
    ],
  ])('refuses %j', (change, message) => {
    expect(() => start(change)).toThrow(message);
  });
});

describe("a handler's answer", () => {
  const batch = [
    {
      id: 'm-1',
      receipt: '',
      group: '',
      deduplicationId: '',
      body: '',
      receiveCount: 1,
      sentAt: 0,
    },
  ];
  test.each([
    [{ batchItemFailures: [{ itemIdentifier: '' }] }],
    [{ batchItemFailures: [{ itemIdentifier: null }] }],
    [{ batchItemFailures: [{ wrongKey: 'm-1' }] }],
    [{ batchItemFailures: [null] }],
    [{ batchItemFailures: 'm-1' }],
  ])('%j fails the batch, as on Lambda', (answer) => {
    expect(readBatchResponse(answer as unknown as SQSBatchResponse, batch)).toMatchObject({
      kind: 'failed',
    });
  });

  test('without an id is refused', () => {
    const answer = { batchItemFailures: [{}] } as unknown as SQSBatchResponse;
    expect(readBatchResponse(answer, batch)).toMatchObject({
      reason: 'the reported item without an id is not in the batch',
    });
  });

  test.each([
    [undefined],
    [null],
    [{}],
    [{ batchItemFailures: null }],
    [{ batchItemFailures: [] }],
  ])('%j is success, as on Lambda', (answer) => {
    expect(readBatchResponse(answer as SQSBatchResponse, batch)).toEqual({
      kind: 'done',
      retry: new Set(),
    });
  });
});
