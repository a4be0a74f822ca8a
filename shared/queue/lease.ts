/** Keeps the messages of a running call hidden in short steps, so that those of a killed process come back soon. */
import type { EventSourceOptions } from './event-source.ts';
import type { QueueMessage } from './port.ts';

type Leased = Pick<EventSourceOptions, 'queue' | 'lease' | 'clock' | 'log'>;

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
        'a message in hand could not be kept hidden; somebody else may get it too',
      );
  }
}
