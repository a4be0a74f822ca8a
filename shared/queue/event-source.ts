/**
 * Feeds a handler from a queue with the semantics of Lambda's SQS FIFO event source, for hosts
 * other than Lambda.
 */
import { momentOf, type Moment } from '../runtime/clock.ts';
import { type Leased, Leases } from './lease.ts';
import { invoke, type BatchOutcome, type Invocation } from './invocation.ts';
import { QueueError, type QueueMessage } from './port.ts';

/** Settings of the event source; times in milliseconds. */
export interface EventSourceOptions extends Invocation, Leased {
  /** Messages per call, 1 to 10. */
  readonly batchSize: number;
  /** Parallel calls. A group is never in two calls at the same time. */
  readonly concurrency: number;
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

/** The longest wait that SQS accepts in one receive. */
const DEFAULT_WAIT_MS = 20_000;
/** After an error of the queue; doubled with each further one. */
const FIRST_PAUSE_MS = 250;
/** A queue that is unreachable for long is asked twice a minute. */
const LONGEST_PAUSE_MS = 30_000;

/** Throws a RangeError for invalid settings. */
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

/** Deletes a handled message; a failure is only logged. */
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
  readonly leases: Leases;
  /** The last call of each group; resolves with the ids of the messages that are done. */
  readonly calls: Map<string, Promise<ReadonlySet<string>>>;
}

/**
 * Deletes successful messages. Failed ones stay hidden until their visibility timeout ends, which
 * the handler may have changed. Resolves with the ids of the successful ones.
 */
async function settle(
  options: EventSourceOptions,
  { batch, leases }: { readonly batch: readonly QueueMessage[] } & Pick<InProgress, 'leases'>,
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
  await Promise.all(done.map((message) => remove(options, message, leases.receiptOf(message))));
  return new Set(done.map(({ id }) => id));
}

/**
 * One call, after those that have the same groups. A message of a group in progress arrives if its
 * lease ended while the process stood still: it is renewed with its new receipt, and handled only
 * if the call that has it does not finish it.
 */
async function work(
  options: EventSourceOptions,
  { batch, asked }: Received,
  { leases, calls }: InProgress,
): Promise<ReadonlySet<string>> {
  const before = [...new Set(batch.flatMap(({ group }) => calls.get(group) ?? []))];
  const lease = leases.begin(batch, asked);
  const finished = new Set((await Promise.all(before)).flatMap((ids) => [...ids]));
  const left = batch.filter(({ id }) => !finished.has(id));
  const verdict: BatchOutcome =
    left.length === 0 ? { kind: 'done', retry: new Set() } : await invoke(options, left, lease);
  await lease.end();
  const done = await settle(options, { batch: left, leases }, verdict);
  leases.forget(batch);
  // A later call of the group waits only for this one.
  return new Set(batch.map(({ id }) => id).filter((id) => finished.has(id) || done.has(id)));
}

/** Messages, and the time before they were asked for. */
interface Received {
  readonly batch: readonly QueueMessage[];
  readonly asked: Moment;
}

/** Receives one batch, again after errors with growing pauses; an empty one once stopped. */
async function poll(options: EventSourceOptions, signal: AbortSignal): Promise<Received> {
  const {
    queue,
    batchSize: max,
    visibilityMs: visibility,
    waitMs: wait = DEFAULT_WAIT_MS,
    clock,
    log,
  } = options;
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const asked = momentOf(clock);
    try {
      const visibilityMs = options.lease ?? visibility;
      return { batch: await queue.receive({ max, waitMs: wait, visibilityMs, signal }), asked };
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
  return { batch: [], asked: momentOf(clock) };
}

/** Notes the call for its groups while it runs. */
async function start(
  options: EventSourceOptions,
  received: Received,
  inProgress: InProgress,
): Promise<void> {
  const { calls } = inProgress;
  const call = work(options, received, inProgress);
  const groups = new Set(received.batch.map(({ group }) => group));
  for (const group of groups) calls.set(group, call);
  await call;
  for (const group of groups) if (calls.get(group) === call) calls.delete(group);
}

/**
 * Polls until the signal, with at most `concurrency` calls of the handler at a time; then waits for
 * those under way.
 */
async function run(options: EventSourceOptions, signal: AbortSignal): Promise<void> {
  const busy = new Set<Promise<void>>();
  const inProgress: InProgress = { leases: new Leases(options), calls: new Map() };
  while (!signal.aborted) {
    const received = await poll(options, signal);
    if (received.batch.length === 0) continue;
    const call = start(options, received, inProgress).finally(() => busy.delete(call));
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
