/** The handler interface of functions: Lambda and all other hosts call it in the same way. */
import { createHash } from 'node:crypto';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { QueueMessage } from './port.ts';

/** A message that a function returns unfinished. */
export type Returned = Pick<QueueMessage, 'id' | 'receipt'>;

/** The part of Lambda's context that functions use. */
export interface FunctionContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  /** For dead letters; `$LATEST` on hosts other than Lambda. */
  readonly functionVersion: string;
  /** Until the host ends the call. */
  getRemainingTimeInMillis(): number;
  /**
   * Whether the call is still the only one that has these messages, by id. It may not be after a
   * stall. Absent: it is.
   */
  readonly holds?: (ids: readonly string[]) => Promise<boolean>;
  /**
   * Returns a message to its queue, to be received again after `ms`; it is not renewed any more.
   * Absent: nothing renews it, so its visibility is changed at the queue.
   */
  readonly giveBack?: (message: Returned, ms: number) => Promise<void>;
}

/** Returns the messages to retry; all others are done. */
export type Handler = (
  event: SQSEvent,
  context: FunctionContext,
) => Promise<SQSBatchResponse | void>;

/** Converts a message to a Lambda SQS record. */
export function toRecord(message: QueueMessage, arn: string): SQSRecord {
  return {
    messageId: message.id,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      SenderId: message.sender ?? '',
      ApproximateFirstReceiveTimestamp: String(message.sentAt),
      MessageGroupId: message.group,
      MessageDeduplicationId: message.deduplicationId,
      ...(message.redriven === true
        ? { DeadLetterQueueSourceArn: arn.replace(/-dead(\.fifo)?$/, '$1') }
        : {}),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(message.body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: arn.split(':')[3] ?? '',
  };
}

/** SQS sets this attribute on messages that it moved to a dead-letter queue by itself. */
export function movedMark(sourceArn: string | undefined): Pick<QueueMessage, 'redriven'> {
  return sourceArn === undefined ? {} : { redriven: true };
}

/**
 * Converts a Lambda SQS record to a message. `sender` is the role id, the part of SenderId before
 * the colon.
 */
export function fromRecord(record: SQSRecord): QueueMessage {
  const { attributes } = record;
  const sender = attributes.SenderId.split(':')[0];
  return {
    id: record.messageId,
    receipt: record.receiptHandle,
    group: attributes.MessageGroupId ?? '',
    deduplicationId: attributes.MessageDeduplicationId ?? '',
    body: record.body,
    receiveCount: Number(attributes.ApproximateReceiveCount),
    sentAt: Number(attributes.SentTimestamp),
    ...(sender === undefined || sender === '' ? {} : { sender }),
    ...movedMark(attributes.DeadLetterQueueSourceArn),
  };
}
