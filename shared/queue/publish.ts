import type { Clock } from '../runtime/clock.ts';
import type { EventMeta } from './envelope-types.ts';
import { serialiseEvent } from './envelope.ts';
import type { QueueName, Queues } from './port.ts';
import type { EventSigner } from './signature.ts';

/** What it takes to send an event. */
export interface PublishContext {
  readonly queues: Queues;
  readonly clock: Pick<Clock, 'now'>;
  /** A new unique id. */
  readonly id: () => string;
}

export interface Publication {
  readonly queue: QueueName;
  /** Order is kept within it. */
  readonly group: string;
  readonly type: string;
  readonly data: unknown;
  /** The cluster that the event is about, and so its source. */
  readonly cluster: string;
  readonly subject: string;
  /** Absent: a new one. The queue swallows a repeated one, so what may be sent twice derives it from its cause. */
  readonly id?: string | undefined;
  /** Milliseconds since 1970; absent: now. */
  readonly time?: number | undefined;
  /** W3C trace context, and where the content was before: those of the event that this one follows from. */
  readonly cause?: Pick<EventMeta, 'traceparent' | 'hops'> | undefined;
  /** The name of the function that sends it, to be added to the hops. */
  readonly hop?: string | undefined;
  readonly signer?: EventSigner | undefined;
}

/**
 * Puts an event on a queue; resolves only when the queue has it. Throws {@link QueueError}, with Q604 where even packed it is more than
 * a message takes.
 */
export async function publishEvent(
  { queues, clock, id: newId }: PublishContext,
  publication: Publication,
): Promise<void> {
  const { queue, group, type, data, cluster, subject, cause, hop, signer } = publication;
  const { id = newId(), time = clock.now() } = publication;
  const hops = [
    ...(cause?.hops ?? []),
    ...(hop === undefined ? [] : [{ at: timestamp(clock.now()), where: hop }]),
  ];
  const traceparent = cause?.traceparent;
  const meta: EventMeta = { id, cluster, subject, time: timestamp(time), traceparent, hops };
  const body = serialiseEvent(type, data, meta, signer);
  await queues.queue(queue).send({ group, deduplicationId: id, body });
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
