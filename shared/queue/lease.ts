/**
 * Extends the visibility of messages during a call in short steps, so that the messages of a killed
 * process return soon.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Queue, QueueMessage } from './port.ts';

/** Visibility that is renewed while a call runs. */
export interface Leased {
  readonly queue: Queue;
  /**
   * Milliseconds of visibility, renewed while the call runs. For hosts that may be killed
   * themselves. On Lambda the visibility timeout exceeds the function timeout instead.
   */
  readonly lease?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The newest receipt of each message in progress, by id: another receive makes the last invalid. */
export type Receipts = ReadonlyMap<string, string>;

/** The receipt with which a message can be renewed and deleted now. */
export function receiptOf(receipts: Receipts, { id, receipt }: QueueMessage): string {
  return receipts.get(id) ?? receipt;
}

/**
 * Renews at a third of the lease until `over` fires; a failed renewal is retried at the next step.
 */
export async function renewLease(
  { queue, lease, clock, log }: Leased,
  batch: readonly QueueMessage[],
  { receipts, over }: { readonly receipts: Receipts; readonly over: AbortSignal },
): Promise<void> {
  if (lease === undefined) return;
  for (;;) {
    await clock.sleep(lease / 3, over);
    if (over.aborted) return;
    const renewals = await Promise.allSettled(
      batch.map((message) => queue.changeVisibility(receiptOf(receipts, message), lease)),
    );
    const lost = renewals.filter((r) => r.status === 'rejected').length;
    if (lost > 0)
      log.warn(
        { queue: queue.name, lost },
        'the visibility of a message in progress could not be extended; another receiver may get it too',
      );
  }
}
