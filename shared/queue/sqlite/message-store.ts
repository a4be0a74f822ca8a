/** The table operations of the queue. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  DEDUPLICATION_MS,
  deadQueueOf,
  LONGEST_HIDDEN_MS,
  queueToken,
  RETENTION_MS,
} from '../limits.ts';
import type { OutgoingMessage, QueueDepth, QueueMessage, QueueName } from '../port.ts';
import { transaction } from './database.ts';
import type { InHand } from './in-hand.ts';

/** Limits of one receive. `visibility` and `now` are in milliseconds. */
export interface ReceiveRequest {
  /** Messages at most. */
  readonly max: number;
  /** How long others do not see the messages. */
  readonly visibilityMs: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A message that was received so often goes to the dead letters. */
  readonly maxReceiveCount: number;
}

interface Row {
  /** Order of arrival, across groups. */
  readonly seq: number;
  readonly id: string;
  /** Group, within which the order is kept. */
  readonly grp: string;
  readonly dedup: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly sent_at: number;
  readonly receive_count: number;
}

/**
 * Whether a message is in flight according to the file. Implausible times are ignored, and receipts
 * that this process tracks itself are excluded.
 */
const BY_FILE =
  `visible_at > :now AND visible_at <= :now + ${LONGEST_HIDDEN_MS} AND receipt IS NOT NULL ` +
  'AND receipt NOT IN (SELECT value FROM json_each(:over))';
/** Messages that receivers of this process hold. */
const BY_HAND = 'receipt IN (SELECT value FROM json_each(:held))';

/** A group with a message in flight delivers nothing. Otherwise the oldest messages come first. */
const CANDIDATES = `
  SELECT seq, id, grp, dedup, body, sent_at, receive_count FROM message
  WHERE queue = :queue AND grp NOT IN (SELECT grp FROM message WHERE queue = :queue AND ${BY_FILE})
    AND grp NOT IN (SELECT grp FROM message WHERE queue = :queue AND ${BY_HAND})
  ORDER BY seq LIMIT :max`;

/**
 * A receipt that this process tracks is valid until its monotonic deadline; other receipts are
 * valid by the time in the file.
 */
const OURS = `receipt = :receipt AND (:held OR (visible_at > :now AND visible_at <= :now + ${LONGEST_HIDDEN_MS}))`;

interface Statements {
  /** Deduplication ids whose time is over, or lies too far ahead to be true. */
  readonly forget: StatementSync;
  readonly expire: StatementSync;
  /** Changes nothing if the deduplication id is known. */
  readonly see: StatementSync;
  readonly insert: StatementSync;
  readonly candidates: StatementSync;
  /** Marks a message as in flight. */
  readonly hand: StatementSync;
  readonly redrive: StatementSync;
  readonly drop: StatementSync;
  readonly remove: StatementSync;
  readonly hide: StatementSync;
  readonly depth: StatementSync;
  readonly next: StatementSync;
}

/** All statements, prepared once for each connection. */
function prepare(database: DatabaseSync): Statements {
  return {
    forget: database.prepare('DELETE FROM seen WHERE until <= :now OR until > :now + :window'),
    expire: database.prepare('DELETE FROM message WHERE sent_at <= ?'),
    see: database.prepare(
      'INSERT INTO seen (queue, dedup, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    insert: database.prepare(
      'INSERT INTO message (queue, grp, dedup, id, body, sent_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    candidates: database.prepare(CANDIDATES),
    hand: database.prepare(
      'UPDATE message SET visible_at = ?, receive_count = receive_count + 1, receipt = ? WHERE seq = ?',
    ),
    // Inserted as a new row, so that the dead-letter queue has its own order and the retention
    // period restarts, as in SQS FIFO.
    redrive: database.prepare(
      'INSERT INTO message (queue, grp, dedup, id, body, sent_at, visible_at) ' +
        'SELECT :dead, grp, id, id, body, :now, :now FROM message WHERE seq = :seq',
    ),
    drop: database.prepare('DELETE FROM message WHERE seq = ?'),
    remove: database.prepare(`DELETE FROM message WHERE ${OURS}`),
    hide: database.prepare(`UPDATE message SET visible_at = :until WHERE ${OURS}`),
    depth: database.prepare(
      'SELECT count(*) AS total, min(sent_at) AS oldest, ' +
        `coalesce(sum((${BY_FILE}) OR coalesce(${BY_HAND}, 0)), 0) AS flying ` +
        'FROM message WHERE queue = :queue AND (:grp IS NULL OR grp = :grp)',
    ),
    next: database.prepare(
      'SELECT min(visible_at) AS at FROM message WHERE queue = ? AND visible_at > ?',
    ),
  };
}

/** What the table operations need from the process. */
export interface StoreOptions {
  /** A new id for each delivery; deleting a message needs the newest. */
  readonly receiptId: () => string;
  /** Receipts of this process, whose times no change of the clock can touch. */
  readonly inHand: InHand;
  /** Whether expired messages may be deleted: the clock was not set recently. */
  readonly steady: () => boolean;
}

/** The messages of one queue. Each method is one synchronous step. */
export class MessageStore {
  readonly #database: DatabaseSync;
  readonly #name: QueueName;
  readonly #dead: QueueName | undefined;
  readonly #sql: Statements;
  readonly #options: StoreOptions;

  constructor(database: DatabaseSync, name: QueueName, options: StoreOptions) {
    this.#database = database;
    this.#name = name;
    this.#dead = deadQueueOf(name);
    this.#sql = prepare(database);
    this.#options = options;
  }

  /** False if the deduplication id was used within the last five minutes. */
  put(message: OutgoingMessage & { readonly id: string }, now: number): boolean {
    const { group, deduplicationId, id, body } = message;
    return transaction(this.#database, () => {
      this.#sql.forget.run({ now, window: DEDUPLICATION_MS });
      const seen = this.#sql.see.run(this.#name, deduplicationId, now + DEDUPLICATION_MS);
      if (seen.changes === 0) return false;
      this.#sql.insert.run(this.#name, group, deduplicationId, id, body, now, now);
      return true;
    });
  }

  /**
   * Takes messages in one transaction: expires old ones, moves those that were received too often,
   * and hides the others.
   */
  take(request: ReceiveRequest): readonly QueueMessage[] {
    const { now, max } = request;
    // Query first, so that an idle queue does not write.
    if (this.#candidates(now, 1).length === 0) return [];
    return transaction(this.#database, () => {
      if (this.#options.steady()) this.#sql.expire.run(now - RETENTION_MS);
      while (this.#redrive(request));
      return this.#candidates(now, max).map((row) => this.#hand(row, request));
    });
  }

  /** False if the receipt does not belong to a message in flight. */
  remove(receipt: string, now: number): boolean {
    const { inHand } = this.#options;
    const held = inHand.has(receipt);
    if (held === false) return false;
    const removed = this.#sql.remove.run({ receipt, now, held: Number(held === true) });
    if (removed.changes === 0) return false;
    inHand.forget(receipt);
    return true;
  }

  /** False if the receipt does not belong to a message in flight. */
  hide(receipt: string, visibility: number, now: number): boolean {
    const { inHand } = this.#options;
    const held = inHand.has(receipt);
    if (held === false) return false;
    const until = now + visibility;
    const hidden = this.#sql.hide.run({ receipt, now, until, held: Number(held === true) });
    if (hidden.changes === 0) return false;
    inHand.hold(receipt, visibility);
    return true;
  }

  /** Of one group, or of all. */
  depth(now: number, group?: string): QueueDepth {
    const { total, flying, oldest } = this.#sql.depth.get({
      now,
      queue: this.#name,
      grp: group === undefined ? null : queueToken(group),
      ...this.#options.inHand.lists(),
    }) as unknown as { total: number; flying: number; oldest: number | null };
    return {
      waiting: total - flying,
      inFlight: flying,
      ...(oldest === null ? {} : { oldest }),
    };
  }

  /** Time at which the next message in flight becomes visible; infinite if there is none. */
  nextVisible(now: number): number {
    const row = this.#sql.next.get(this.#name, now) as { at: number | null } | undefined;
    return row?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The first visible message of each group that no message in hand blocks, at most `max`. */
  #candidates(now: number, max: number): readonly Row[] {
    const held = this.#options.inHand.lists();
    return this.#sql.candidates.all({
      queue: this.#name,
      now,
      max,
      ...held,
    }) as unknown as readonly Row[];
  }

  /** Moves messages with too many receives to the dead-letter queue; true if there were any. */
  #redrive({ now, max, maxReceiveCount }: ReceiveRequest): boolean {
    if (this.#dead === undefined) return false;
    const spent = this.#candidates(now, max).filter((row) => row.receive_count >= maxReceiveCount);
    for (const { seq } of spent) {
      this.#sql.redrive.run({ dead: this.#dead, now, seq });
      this.#sql.drop.run(seq);
    }
    return spent.length > 0;
  }

  /** Hides a message for the caller under a new receipt. */
  #hand(row: Row, { now, visibilityMs: visibility }: ReceiveRequest): QueueMessage {
    const { receiptId, inHand } = this.#options;
    const receipt = receiptId();
    this.#sql.hand.run(now + visibility, receipt, row.seq);
    inHand.hold(receipt, visibility);
    // The queue replaces the sender's deduplication id only in messages that it moved here.
    const moved = row.dedup === row.id ? { redriven: true as const } : {};
    return {
      id: row.id,
      receipt,
      group: row.grp,
      deduplicationId: row.dedup,
      body: row.body,
      receiveCount: row.receive_count + 1,
      sentAt: row.sent_at,
      ...moved,
    };
  }
}
