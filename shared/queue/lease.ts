/** Keeps the messages of a running call hidden in short steps, so that those of a killed process come back soon. */
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Queue, QueueMessage } from './port.ts';

export interface Leased {
  readonly queue: Queue;
  /**
   * Where the host itself may be killed: messages are hidden for this long only, and kept hidden while the call lasts. Lambda has no such
   * thing; there the visibility outlasts the function.
   */
  readonly lease?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Renews at a third of the lease until `over` fires; a renewal that fails is tried again at the next step. */
export async function renewLease(
  { queue, lease, clock, log }: Leased,
  batch: readonly QueueMessage[],
  over: AbortSignal,
): Promise<void> {
  if (lease === undefined) return;
  for (;;) {
    await clock.sleep(lease / 3, over);
    if (over.aborted) return;
    const renewals = await Promise.allSettled(
      batch.map((message) => queue.changeVisibility(message.receipt, lease)),
    );
    const lost = renewals.filter((r) => r.status === 'rejected').length;
    if (lost > 0)
      log.warn(
        { queue: queue.name, lost },
        'the visibility of a message in progress could not be extended; another receiver may get it too',
      );
  }
}
