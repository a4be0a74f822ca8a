/** What the queue does to its tables; every function here is one synchronous step. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DEDUPLICATION_MS, deadQueueOf, LONGEST_HIDDEN_MS, RETENTION_MS } from '../limits.ts';
import type { OutgoingMessage, QueueDepth, QueueMessage, QueueName } from '../port.ts';
import { transaction } from './database.ts';
import type { InHand } from './in-hand.ts';

export interface ReceiveRequest {
  readonly max: number;
  readonly visibility: number;
  readonly now: number;
  readonly maxReceiveCount: number;
}

export interface MessageStore {
  /** False when the deduplication id was seen within the last five minutes. */
  put(message: OutgoingMessage & { readonly id: string }, now: number): boolean;
  take(options: ReceiveRequest): readonly QueueMessage[];
  /** False when the receipt is not (any more) that of a message in flight. */
  remove(receipt: string, now: number): boolean;
  hide(receipt: string, visibility: number, now: number): boolean;
  depth(now: number): QueueDepth;
  /** When the next message in flight becomes visible by itself. */
  nextVisible(now: number): number | undefined;
}

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly grp: string;
  readonly dedup: string;
  readonly body: string;
  readonly sent_at: number;
  readonly receive_count: number;
}

/** In flight by the file's word, which is nobody's where the time is none that anybody gives, and not ours where we know better. */
const BY_FILE = `visible_at > :now AND visible_at <= :now + ${LONGEST_HIDDEN_MS} AND receipt IS NOT NULL AND receipt NOT IN (SELECT value FROM json_each(:over))`;
const BY_HAND = 'receipt IN (SELECT value FROM json_each(:held))';

/** A group with a message in flight gives nothing more; within a group, and over all, the oldest comes first. */
const CANDIDATES = `
  SELECT seq, id, grp, dedup, body, sent_at, receive_count FROM message
  WHERE queue = :queue AND grp NOT IN (SELECT grp FROM message WHERE queue = :queue AND ${BY_FILE})
    AND grp NOT IN (SELECT grp FROM message WHERE queue = :queue AND ${BY_HAND})
  ORDER BY seq LIMIT :max`;

/** Ours until its time is over, whatever the wall clock says; else by the file's word. */
const OURS = `receipt = :receipt AND (:held OR (visible_at > :now AND visible_at <= :now + ${LONGEST_HIDDEN_MS}))`;

interface Statements {
  readonly forget: StatementSync;
  readonly expire: StatementSync;
  readonly see: StatementSync;
  readonly insert: StatementSync;
  readonly candidates: StatementSync;
  readonly hand: StatementSync;
  readonly redrive: StatementSync;
  readonly remove: StatementSync;
  readonly hide: StatementSync;
  readonly depth: StatementSync;
  readonly next: StatementSync;
}

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
    // A new row, so that the dead-letter queue has its own order; retention starts again, as SQS does for FIFO.
    redrive: database.prepare(
      'INSERT INTO message (queue, grp, dedup, id, body, sent_at, visible_at) SELECT :dead, grp, id, id, body, :now, :now FROM message WHERE seq = :seq',
    ),
    remove: database.prepare(`DELETE FROM message WHERE ${OURS}`),
    hide: database.prepare(`UPDATE message SET visible_at = :until WHERE ${OURS}`),
    depth: database.prepare(
      `SELECT count(*) AS total, coalesce(sum((${BY_FILE}) OR coalesce(${BY_HAND}, 0)), 0) AS flying, min(sent_at) AS oldest FROM message WHERE queue = :queue`,
    ),
    next: database.prepare(
      'SELECT min(visible_at) AS at FROM message WHERE queue = ? AND visible_at > ?',
    ),
  };
}

export interface StoreOptions {
  readonly receiptId: () => string;
  readonly inHand: InHand;
  /** Whether what is too old may be deleted: the clock has not been set for a while. */
  readonly steady: () => boolean;
}

export function createMessageStore(
  database: DatabaseSync,
  name: QueueName,
  { receiptId, inHand, steady }: StoreOptions,
): MessageStore {
  const sql = prepare(database);
  const dead = deadQueueOf(name);
  const drop = database.prepare('DELETE FROM message WHERE seq = ?');
  const candidates = (now: number, max: number): readonly Row[] =>
    sql.candidates.all({ queue: name, now, max, ...inHand.lists() }) as unknown as Row[];

  function redrive(maxReceiveCount: number, { now, max }: ReceiveRequest): boolean {
    if (dead === undefined) return false;
    const spent = candidates(now, max).filter((row) => row.receive_count >= maxReceiveCount);
    for (const row of spent) {
      sql.redrive.run({ dead, now, seq: row.seq });
      drop.run(row.seq);
    }
    return spent.length > 0;
  }

  function hand(row: Row, { now, visibility }: ReceiveRequest): QueueMessage {
    const receipt = receiptId();
    sql.hand.run(now + visibility, receipt, row.seq);
    inHand.hold(receipt, visibility);
    // Only what was moved has its own id, which no sender knows, in the place of the sender's.
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

  return {
    put: (message, now) =>
      transaction(database, () => {
        sql.forget.run({ now, window: DEDUPLICATION_MS });
        if (sql.see.run(name, message.deduplicationId, now + DEDUPLICATION_MS).changes === 0)
          return false;
        sql.insert.run(
          name,
          message.group,
          message.deduplicationId,
          message.id,
          message.body,
          now,
          now,
        );
        return true;
      }),
    take: (options) => {
      // Looking first keeps an idle queue from writing at all.
      if (candidates(options.now, 1).length === 0) return [];
      return transaction(database, () => {
        if (steady()) sql.expire.run(options.now - RETENTION_MS);
        while (redrive(options.maxReceiveCount, options));
        return candidates(options.now, options.max).map((row) => hand(row, options));
      });
    },
    remove: (receipt, now) => {
      if (
        inHand.has(receipt) === false ||
        sql.remove.run({ receipt, now, held: Number(inHand.has(receipt) === true) }).changes === 0
      )
        return false;
      inHand.forget(receipt);
      return true;
    },
    hide: (receipt, visibility, now) => {
      if (
        inHand.has(receipt) === false ||
        sql.hide.run({
          receipt,
          now,
          until: now + visibility,
          held: Number(inHand.has(receipt) === true),
        }).changes === 0
      )
        return false;
      inHand.hold(receipt, visibility);
      return true;
    },
    depth: (now) => {
      const row = sql.depth.get({ now, queue: name, ...inHand.lists() }) as unknown as {
        total: number;
        flying: number;
        oldest: number | null;
      };
      return {
        waiting: row.total - row.flying,
        inFlight: row.flying,
        ...(row.oldest === null ? {} : { oldest: row.oldest }),
      };
    },
    nextVisible: (now) =>
      (sql.next.get(name, now) as { at: number | null } | undefined)?.at ?? undefined,
  };
}
