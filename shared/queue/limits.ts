/** Rules of SQS FIFO queues that every adapter keeps, so that what works on one host works on AWS. */
import { createHash } from 'node:crypto';
import { MAX_BODY_BYTES, QueueError, type OutgoingMessage, type QueueName } from './port.ts';

/** A repeated deduplication id within this time is swallowed. */
export const DEDUPLICATION_MS = 5 * 60_000;
/** Longer than any function hides a message or puts it off: where a file says more, the clock was set back since. */
export const LONGEST_HIDDEN_MS = 15 * 60_000;
export const RETENTION_MS = 14 * 24 * 60 * 60_000;
/** The most that SQS takes. A net for crashes and no clock: code decides on dead letters long before. */
export const MAX_RECEIVE_COUNT = 1_000;

const MAX_TOKEN = 128;
const TOKEN = /^[!-~]{1,128}$/;

/**
 * A group or deduplication id as SQS accepts it (1 to 128 printable ASCII characters). `cluster/namespace/service` can be longer,
 * so a longer one keeps its beginning for people and gets a hash for uniqueness.
 */
export function queueToken(text: string): string {
  if (TOKEN.test(text)) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const start = text.replaceAll(/[^!-~]/g, '_').slice(0, MAX_TOKEN - hash.length - 1);
  return `${start}~${hash}`;
}

/** Throws Q604 when the body is more than SQS takes. */
export function checkSize(queue: QueueName, message: OutgoingMessage): void {
  const bytes = Buffer.byteLength(message.body);
  if (bytes <= MAX_BODY_BYTES) return;
  throw new QueueError(
    'Q604',
    `The message ${message.deduplicationId} of group ${message.group} has ${bytes} bytes; queue ${queue} accepts ${MAX_BODY_BYTES}. Send less in one message.`,
  );
}

/** The dead-letter queue that belongs to a working queue; undefined for queues without one. */
export function deadQueueOf(name: QueueName): QueueName | undefined {
  return name === 'snapshots' || name === 'slices' ? `${name}-dead` : undefined;
}
