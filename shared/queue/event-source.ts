/**
 * Feeds a handler from a queue with the semantics of Lambda's SQS FIFO event source, for hosts
 * other than Lambda.
 */
import { type Leased, renewLease } from './lease.ts';
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

async function remove({ queue, log }: EventSourceOptions, message: QueueMessage): Promise<void> {
  try {
    await queue.delete(message.receipt);
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

/**
 * Deletes successful messages. Failed ones stay hidden until their visibility timeout ends, which
 * the handler may have changed.
 */
async function settle(
  options: EventSourceOptions,
  batch: readonly QueueMessage[],
  verdict: BatchOutcome,
): Promise<void> {
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
    return;
  }
  await Promise.all(
    batch
      .filter((message) => !verdict.retry.has(message.id))
      .map((message) => remove(options, message)),
  );
}

async function work(options: EventSourceOptions, batch: readonly QueueMessage[]): Promise<void> {
  const over = new AbortController();
  const renewing = renewLease(options, batch, over.signal);
  const verdict = await invoke(options, batch);
  over.abort();
  await renewing;
  await settle(options, batch, verdict);
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

async function run(options: EventSourceOptions, signal: AbortSignal): Promise<void> {
  const busy = new Set<Promise<void>>();
  while (!signal.aborted) {
    const batch = await poll(options, signal);
    if (batch.length === 0) continue;
    const call = work(options, batch).finally(() => busy.delete(call));
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
