/**
 * Feeds a handler from a queue with the semantics of Lambda's SQS FIFO event source, for hosts
 * other than Lambda.
 */
import { type Leased, receiptOf, renewLease } from './lease.ts';
import { invoke, type BatchOutcome, type Invocation } from './invocation.ts';
import { QueueError, type QueueMessage } from './port.ts';

/** Settings of the event source; times in milliseconds. */
export interface EventSourceOptions extends Invocation, Leased {
  /** Messages per call, 1 to 10. */
  readonly batchSize: number;
  /** Parallel calls. A group is never in two calls at the same time. */
  readonly concurrency: number;
  /** Milliseconds for which a received message is hidden; at least the timeout. */
  readonly visibilityMs: number;
  /** Milliseconds of one long poll; default 20 s. */
  readonly waitMs?: number;
  /** Equivalent to `stop()`. */
  readonly signal?: AbortSignal;
}

/** A running event source. */
export interface EventSource {
  /** Stops receiving, and resolves when all calls in progress have finished. */
  stop(): Promise<void>;
}

const DEFAULT_WAIT_MS = 20_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

function check(options: EventSourceOptions): void {
  const { functionName: name, batchSize, concurrency, timeout, visibilityMs: visibility } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 10)
    throw new RangeError(
      `The batch size of function ${name} is ${batchSize}; FIFO queues deliver 1 to 10 messages.`,
    );
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError(
      `The concurrency of function ${name} is ${concurrency}; it must be a whole number of 1 or more.`,
    );
  if (visibility < timeout)
    throw new RangeError(
      `The visibility timeout of ${visibility} ms is shorter than the timeout of ` +
        `${timeout} ms of function ${name}, ` +
        'so a message could be handled twice at the same time.',
    );
}

async function remove(
  { queue, log }: EventSourceOptions,
  message: QueueMessage,
  receipt: string,
): Promise<void> {
  try {
    await queue.delete(receipt);
  } catch (error) {
    // The message is redelivered, and handlers are idempotent.
    log.warn(
      {
        queue: queue.name,
        message: message.id,
        code: error instanceof QueueError ? error.code : undefined,
        err: error,
      },
      'a processed message could not be deleted',
    );
  }
}

/** What this process has in progress. */
interface InProgress {
  /** The newest receipt of each message, by id. */
  readonly receipts: Map<string, string>;
  /** The last call of each group; resolves with the ids of the messages that are done. */
  readonly calls: Map<string, Promise<ReadonlySet<string>>>;
}

/**
 * Deletes successful messages. Failed ones stay hidden until their visibility timeout ends, which
 * the handler may have changed. Resolves with the ids of the successful ones.
 */
async function settle(
  options: EventSourceOptions,
  { batch, receipts }: { readonly batch: readonly QueueMessage[] } & Pick<InProgress, 'receipts'>,
  verdict: BatchOutcome,
): Promise<ReadonlySet<string>> {
  const { queue, log, functionName } = options;
  if (verdict.kind === 'failed') {
    log.error(
      {
        queue: queue.name,
        function: functionName,
        messages: batch.map((m) => m.id),
        err: verdict.cause,
      },
      `the batch failed: ${verdict.reason}`,
    );
    return new Set();
  }
  const done = batch.filter((message) => !verdict.retry.has(message.id));
  await Promise.all(done.map((message) => remove(options, message, receiptOf(receipts, message))));
  return new Set(done.map(({ id }) => id));
}

/**
 * One call, after those that have the same groups. A message of a group in progress arrives if its
 * lease ended while the process stood still: it is renewed with its new receipt, and handled only
 * if the call that has it does not finish it.
 */
async function work(
  options: EventSourceOptions,
  batch: readonly QueueMessage[],
  { receipts, calls }: InProgress,
): Promise<ReadonlySet<string>> {
  const before = [...new Set(batch.flatMap(({ group }) => calls.get(group) ?? []))];
  for (const { id, receipt } of batch) receipts.set(id, receipt);
  const over = new AbortController();
  const renewing = renewLease(options, batch, { receipts, over: over.signal });
  const finished = new Set((await Promise.all(before)).flatMap((ids) => [...ids]));
  const left = batch.filter(({ id }) => !finished.has(id));
  const verdict: BatchOutcome =
    left.length === 0 ? { kind: 'done', retry: new Set() } : await invoke(options, left);
  over.abort();
  await renewing;
  const done = await settle(options, { batch: left, receipts }, verdict);
  for (const { id, receipt } of batch) if (receipts.get(id) === receipt) receipts.delete(id);
  return done;
}

async function poll(
  options: EventSourceOptions,
  signal: AbortSignal,
): Promise<readonly QueueMessage[]> {
  const {
    queue,
    batchSize: max,
    visibilityMs: visibility,
    waitMs: wait = DEFAULT_WAIT_MS,
    clock,
    log,
  } = options;
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await queue.receive({
        max,
        waitMs: wait,
        visibilityMs: options.lease ?? visibility,
        signal,
      });
    } catch (error) {
      log.error(
        {
          queue: queue.name,
          code: error instanceof QueueError ? error.code : undefined,
          err: error,
          retryInMs: pause,
        },
        'the queue could not be read',
      );
      await clock.sleep(pause, signal);
    }
  }
  return [];
}

/** Notes the call for its groups while it runs. */
async function start(
  options: EventSourceOptions,
  batch: readonly QueueMessage[],
  inProgress: InProgress,
): Promise<void> {
  const { calls } = inProgress;
  const call = work(options, batch, inProgress);
  const groups = new Set(batch.map(({ group }) => group));
  for (const group of groups) calls.set(group, call);
  await call;
  for (const group of groups) if (calls.get(group) === call) calls.delete(group);
}

async function run(options: EventSourceOptions, signal: AbortSignal): Promise<void> {
  const busy = new Set<Promise<void>>();
  const inProgress: InProgress = { receipts: new Map(), calls: new Map() };
  while (!signal.aborted) {
    const batch = await poll(options, signal);
    if (batch.length === 0) continue;
    const call = start(options, batch, inProgress).finally(() => busy.delete(call));
    busy.add(call);
    if (busy.size >= options.concurrency) await Promise.race(busy);
  }
  await Promise.all(busy);
}

/** Throws for an invalid batch size, concurrency or visibility timeout. */
export function startEventSource(options: EventSourceOptions): EventSource {
  check(options);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted) stop();
  const running = run(options, stopping.signal).finally(() =>
    options.signal?.removeEventListener('abort', stop),
  );
  return {
    stop: () => {
      stop();
      return running;
    },
  };
}
