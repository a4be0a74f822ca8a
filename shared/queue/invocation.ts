/** Calls a function with one batch. */
import type { SQSBatchResponse } from 'aws-lambda';
import type { Clock } from '../runtime/clock.ts';
import { type Handler, toRecord, type FunctionContext } from './handler.ts';
import type { CallLease } from './lease.ts';
import type { Queue, QueueMessage } from './port.ts';
import { errorMessage } from '../telemetry/errors.ts';

/** `retry` holds the ids of the reported messages; `failed` means the whole batch. */
export type BatchOutcome =
  | { readonly kind: 'done'; readonly retry: ReadonlySet<string> }
  | { readonly kind: 'failed'; readonly reason: string; readonly cause?: unknown };

/** A function and the settings of its calls. */
export interface Invocation {
  readonly queue: Queue;
  readonly handler: Handler;
  readonly functionName: string;
  readonly functionVersion?: string;
  /** Milliseconds; a call that takes longer counts as failed. */
  readonly timeout: number;
  /** `ReportBatchItemFailures`. If false, the response is ignored. Default true. */
  readonly reportFailures?: boolean;
  readonly clock: Clock;
  /** A new unique id. */
  readonly id: () => string;
}

/**
 * Interprets a response as Lambda does: an empty report means success, and an unknown id fails the
 * whole batch.
 */
export function readBatchResponse(
  answer: SQSBatchResponse | void,
  batch: readonly QueueMessage[],
): BatchOutcome {
  const reported: unknown = answer?.batchItemFailures ?? [];
  if (!Array.isArray(reported))
    return { kind: 'failed', reason: 'batchItemFailures is not a list' };
  const ids = reported.map(
    (item: unknown) => (item as { itemIdentifier?: unknown } | null)?.itemIdentifier,
  );
  const stranger = ids.findIndex((id) => !batch.some((message) => message.id === id));
  if (stranger !== -1)
    return {
      kind: 'failed',
      reason: `the reported item ${JSON.stringify(ids[stranger]) ?? 'without an id'} is not in the batch`,
    };
  return { kind: 'done', retry: new Set(ids as string[]) };
}

/** The context of Lambda for a function on a host. `deadline` by the monotonic clock. */
function context(
  { id, functionName, functionVersion = '$LATEST', clock }: Invocation,
  deadline: number,
  lease: Pick<CallLease, 'holds' | 'giveBack'>,
): FunctionContext {
  const left = (): number => Math.max(0, deadline - clock.monotonic());
  return {
    awsRequestId: id(),
    functionName,
    functionVersion,
    getRemainingTimeInMillis: left,
    // A handler that exceeded its timeout runs on, but its messages come again.
    holds: async (ids) => left() > 0 && (await lease.holds(ids)) && left() > 0,
    giveBack: (message, ms) => lease.giveBack(message, ms),
  };
}

/** Calls the handler as Lambda does; never rejects. */
async function call(
  options: Invocation,
  batch: readonly QueueMessage[],
  given: FunctionContext,
): Promise<BatchOutcome> {
  const arn = `arn:aws:sqs:local:000000000000:${options.queue.name}.fifo`;
  try {
    const answer = await options.handler(
      { Records: batch.map((message) => toRecord(message, arn)) },
      given,
    );
    return options.reportFailures === false
      ? { kind: 'done', retry: new Set() }
      : readBatchResponse(answer, batch);
  } catch (cause) {
    return { kind: 'failed', reason: errorMessage(cause), cause };
  }
}

/** After the timeout, the result of the call is ignored. */
export async function invoke(
  options: Invocation,
  batch: readonly QueueMessage[],
  lease: Pick<CallLease, 'holds' | 'giveBack'>,
): Promise<BatchOutcome> {
  const { clock, timeout } = options;
  const over = new AbortController();
  const late = clock.sleep(timeout, over.signal).then((): BatchOutcome => ({
    kind: 'failed',
    reason: `function ${options.functionName} did not finish within ${timeout} ms`,
  }));
  const given = context(options, clock.monotonic() + timeout, lease);
  const verdict = await Promise.race([call(options, batch, given), late]);
  over.abort();
  return verdict;
}
