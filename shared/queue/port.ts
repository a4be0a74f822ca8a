/**
 * The queue port: FIFO, at least once, ordered within a group. SQS has it, and SQLite in process; one contract suite covers both.
 * Times are in milliseconds.
 */

/** Logical names; an adapter maps them to URLs or tables. Every working queue `x` has the dead-letter queue `x-dead`. */
export type WorkQueueName = 'snapshots' | 'slices';
/** What feeds a function. What goes ahead on `express` goes stale in a minute, so nothing of it is dead-lettered or replayed: its slice says the same. */
export type FedQueueName = WorkQueueName | 'express' | `${WorkQueueName}-dead`;
export type QueueName = FedQueueName | `settled-${string}`;

export interface OutgoingMessage {
  /** Order is kept within a group, and one consumer at a time works on it. */
  readonly group: string;
  /** A repeated id within five minutes is swallowed by the queue. */
  readonly deduplicationId: string;
  readonly body: string;
}

export interface QueueMessage {
  readonly id: string;
  /** Needed to delete the message or to change its visibility; changes with every receive. */
  readonly receipt: string;
  readonly group: string;
  readonly deduplicationId: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  readonly sentAt: number;
  /** SQS `SenderId` (role id before the colon); absent where the queue knows no senders. */
  readonly sender?: string;
  /** The queue itself moved it to the dead letters: nothing of Sluice wrote or checked it since it was sent. */
  readonly redriven?: true;
}

export interface ReceiveOptions {
  /** 1 to 10. */
  readonly max: number;
  /** How long to wait for a first message; 0 to 20 000. */
  readonly wait: number;
  /** How long the received messages stay hidden. */
  readonly visibility: number;
  readonly signal?: AbortSignal;
}

export interface QueueDepth {
  readonly waiting: number;
  readonly inFlight: number;
  /** When the oldest message was sent, in flight or not; absent where there is none, or where the queue does not tell (SQS says it to CloudWatch only). */
  readonly oldest?: number;
}

export interface Queue {
  readonly name: QueueName;
  /** Resolves only when the queue has the message; rejects with {@link QueueError}. */
  send(message: OutgoingMessage): Promise<void>;
  /** Returns early with an empty list when the signal fires. */
  receive(options: ReceiveOptions): Promise<readonly QueueMessage[]>;
  /** Rejects with Q605 when the message's visibility has ended: somebody else may have it. */
  delete(receipt: string): Promise<void>;
  /** 0 makes the message visible at once; used for back-off. */
  changeVisibility(receipt: string, visibility: number): Promise<void>;
  depth(): Promise<QueueDepth>;
}

export interface Queues {
  queue(name: QueueName): Queue;
  close(): Promise<void>;
}

/** Largest body SQS accepts, in bytes. */
export const MAX_BODY_BYTES = 1_048_576;

export type QueueErrorCode = 'Q601' | 'Q602' | 'Q603' | 'Q604' | 'Q605';

/** Q601 unreachable, Q602 access refused, Q603 no such queue, Q604 message too large, Q605 the message is no longer ours. */
export class QueueError extends Error {
  readonly code: QueueErrorCode;
  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueueError';
    this.code = code;
  }
}
