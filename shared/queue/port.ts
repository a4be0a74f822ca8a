/**
 * The queue port: FIFO, at-least-once delivery, ordered within a group. Implemented by SQLite,
 * PostgreSQL and SQS; one contract test suite covers both. Times are in milliseconds.
 */

/**
 * Logical names, which an adapter maps to URLs or tables. Every working queue `x` has the
 * dead-letter queue `x-dead`.
 */
export type WorkQueueName = 'snapshots' | 'slices';
/**
 * Queues that feed a function. Events on `express` expire after a minute, so they are never
 * dead-lettered or replayed; the slice contains the same change.
 */
export type FedQueueName = WorkQueueName | 'express' | `${WorkQueueName}-dead`;
/** Each cluster has its own settled queue. */
export type QueueName = FedQueueName | `settled-${string}`;

/** A message to send. */
export interface OutgoingMessage {
  /** Messages of a group are delivered in order, to one consumer at a time. */
  readonly group: string;
  /** The queue drops a message with an id that was used in the last five minutes. */
  readonly deduplicationId: string;
  readonly body: string;
}

/** A received message. */
export interface QueueMessage {
  /** Given by the queue. */
  readonly id: string;
  /** Required to delete the message or to change its visibility; changes with every receive. */
  readonly receipt: string;
  /** Messages of one group are received in their order. */
  readonly group: string;
  /** A second message with it within five minutes is dropped. */
  readonly deduplicationId: string;
  readonly body: string;
  /** Number of receives, including this one. */
  readonly receiveCount: number;
  /** By the clock of the queue; milliseconds since 1970. */
  readonly sentAt: number;
  /** SQS `SenderId` (role id before the colon), or the role of PostgreSQL; absent if the queue does not report senders. */
  readonly sender?: string;
  /**
   * The queue itself moved the message to the dead letters, so Sluice has not checked it since it
   * was sent.
   */
  readonly redriven?: true;
}

/** Options of one poll. */
export interface ReceiveOptions {
  /** 1 to 10. */
  readonly max: number;
  /** Milliseconds to wait for the first message; 0 to 20 000. */
  readonly waitMs: number;
  /** Milliseconds for which the received messages are hidden. */
  readonly visibilityMs: number;
  readonly signal?: AbortSignal;
}

/** Approximate numbers with SQS. */
export interface QueueDepth {
  /** Messages that nobody holds. */
  readonly waiting: number;
  /** Messages that a receiver holds. */
  readonly inFlight: number;
  /**
   * Time at which the oldest message was sent, in flight or not; absent if there is none or the
   * queue does not report it (SQS reports it only to CloudWatch).
   */
  readonly oldest?: number;
  /** There is no queue file yet, which the first message creates. */
  readonly isAbsent?: true;
}

/** One queue. All methods reject with a QueueError. */
export interface Queue {
  readonly name: QueueName;
  /** Resolves when the queue has stored the message; rejects with {@link QueueError}. */
  send(message: OutgoingMessage): Promise<void>;
  /** Returns early with an empty list when the signal fires. */
  receive(options: ReceiveOptions): Promise<readonly QueueMessage[]>;
  /**
   * Rejects with Q605 if the visibility timeout has ended: another receiver may have the message.
   */
  delete(receipt: string): Promise<void>;
  /** 0 makes the message visible at once; used for retries. */
  changeVisibility(receipt: string, visibility: number): Promise<void>;
  /** Of one group, if one is named and the queue can tell; otherwise of the whole queue. */
  depth(group?: string): Promise<QueueDepth>;
}

/** Access to all queues by logical name. */
export interface Queues {
  queue(name: QueueName): Queue;
  close(): Promise<void>;
}

/** Largest body SQS accepts, in bytes. */
export const MAX_BODY_BYTES = 1_048_576;

/** Codes that an error of a queue can have; the code table explains them. */
export type QueueErrorCode = 'Q601' | 'Q602' | 'Q603' | 'Q604' | 'Q605' | 'Q606';

/**
 * Q601 unreachable, Q602 access denied, Q603 no such queue, Q604 message too large, Q605 receipt no
 * longer valid, Q606 moved elsewhere.
 */
export class QueueError extends Error {
  readonly code: QueueErrorCode;
  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueueError';
    this.code = code;
  }
}
