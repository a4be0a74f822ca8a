/**
 * Limits of SQS FIFO queues. All adapters enforce them, so that everything that works on one host
 * works on AWS.
 */
import { createHash } from 'node:crypto';
import { MAX_BODY_BYTES, QueueError, type OutgoingMessage, type QueueName } from './port.ts';

/** Messages with the same deduplication id within this time are dropped. */
export const DEDUPLICATION_MS = 5 * 60_000;
/**
 * Longer than any function hides a message. A stored value beyond it was written before the clock
 * was set back.
 */
export const LONGEST_HIDDEN_MS = 15 * 60_000;
/** Retention period of all queues, the maximum of SQS. */
export const RETENTION_MS = 14 * 24 * 60 * 60_000;
/** The maximum of SQS. A safety net for crashes; the code dead-letters messages long before. */
export const MAX_RECEIVE_COUNT = 1_000;

const MAX_TOKEN_CHARACTERS = 128;
/** What SQS accepts as group and deduplication id. */
const TOKEN = /^[!-~]{1,128}$/;

/**
 * Converts text to a valid group or deduplication id of SQS (1 to 128 printable ASCII characters).
 * Longer text, such as some `cluster/namespace/service`, keeps its beginning and gets a hash.
 */
export function queueToken(text: string): string {
  if (TOKEN.test(text)) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const start = text.replaceAll(/[^!-~]/g, '_').slice(0, MAX_TOKEN_CHARACTERS - hash.length - 1);
  return `${start}~${hash}`;
}

/** Throws Q604 if the body exceeds the limit of SQS. */
export function checkSize(queue: QueueName, message: OutgoingMessage): void {
  const bytes = Buffer.byteLength(message.body);
  if (bytes <= MAX_BODY_BYTES) return;
  throw new QueueError(
    'Q604',
    `The message ${message.deduplicationId} of group ${message.group} has ${bytes} bytes; ` +
      `queue ${queue} accepts ${MAX_BODY_BYTES}. Send less in one message.`,
  );
}

/** The dead-letter queue of a working queue; undefined for queues without one. */
export function deadQueueOf(name: QueueName): QueueName | undefined {
  return name === 'snapshots' || name === 'slices' ? `${name}-dead` : undefined;
}
