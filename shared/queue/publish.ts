/** The one way to send an event: serialised, with id and time. */
import type { Clock } from '../runtime/clock.ts';
import type { EventMeta } from './envelope-types.ts';
import { serialiseEvent } from './envelope.ts';
import type { QueueName, Queues } from './port.ts';
import type { EventSigner } from './signature.ts';

/** Dependencies for sending an event. */
export interface PublishContext {
  readonly queues: Queues;
  readonly clock: Pick<Clock, 'now'>;
  /** A new unique id. */
  readonly id: () => string;
}

/** An event to send. */
export interface Publication {
  readonly queue: QueueName;
  /** Group within which order is kept. */
  readonly group: string;
  readonly type: string;
  readonly data: unknown;
  /** Cluster that the event is about, used as its source. */
  readonly cluster: string;
  readonly subject: string;
  /**
   * Default: a new id. The queue drops duplicates, so derive the id from the cause if the event may
   * be sent twice.
   */
  readonly id?: string | undefined;
  /** Milliseconds since 1970; default: now. */
  readonly time?: number | undefined;
  /** The event that caused this one; its W3C trace context and hops are copied. */
  readonly cause?: Pick<EventMeta, 'traceparent' | 'hops'> | undefined;
  /** Name of the sending function, added to the hops. */
  readonly hop?: string | undefined;
  readonly signer?: EventSigner | undefined;
}

/**
 * Sends an event; resolves when the queue has stored it. Throws {@link QueueError}; Q604 if it is
 * too large even when packed.
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
