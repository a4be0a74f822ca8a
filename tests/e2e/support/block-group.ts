/** A group of a queue that is blocked, as by a receiver that does not end. */
import { DatabaseSync } from 'node:sqlite';

const BLOCKED_MS = 600_000;

/**
 * Puts a message into the SQLite file that is in flight from the start: one statement, because a
 * running process receives a message between a send and a receive of the test. The function that
 * is returned removes the message.
 */
export function blockGroup(path: string, queue: string, group: string): () => void {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  const now = Date.now();
  database
    .prepare(
      'INSERT INTO message (queue, grp, dedup, id, body, sent_at, visible_at, receipt) ' +
        "VALUES (?, ?, 'blocker', 'blocker', '', ?, ?, 'blocker')",
    )
    .run(queue, group, now, now + BLOCKED_MS);
  return () => {
    database.exec("DELETE FROM message WHERE receipt = 'blocker'");
    database.close();
  };
}
