/** The messages of a queue file that is left for another place. */
import { accessSync, constants } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { markMoved } from '../../runtime/moved-mark.ts';
import { describeErrorCode, errorCode, errorMessage } from '../../telemetry/errors.ts';
import { inPages, MoveRefusal } from '../../postgres/moving.ts';
import type { MovedItem, MoveSource } from '../../postgres/moving.ts';
import { queueMark } from './database.ts';

/** A message as it lies in the file; `kind` is its queue. */
export interface MovedMessage extends MovedItem {
  readonly group: string;
  readonly deduplicationId: string;
  readonly id: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly receiveCount: number;
}

/** Milliseconds that a process that just ended may need to release the file. */
const PATIENCE_MS = 500;

/** All queues, in the order of arrival. */
const ALL = `
  SELECT queue, grp, dedup, id, body, octet_length(body) AS bytes, sent_at, receive_count
  FROM message ORDER BY seq`;

interface Row {
  readonly queue: string;
  readonly grp: string;
  readonly dedup: string;
  readonly id: string;
  readonly body: string;
  /** Of the body. */
  readonly bytes: number;
  readonly sent_at: number;
  readonly receive_count: number;
}

function toItem(row: Row, path: string): MovedMessage {
  const name = `message ${row.id} of ${row.queue}`;
  if (Buffer.byteLength(row.body) !== row.bytes)
    throw new MoveRefusal(
      `${name} in ${path} is no UTF-8 text, which PostgreSQL cannot hold; let "sluice up" with the ` +
        'old configuration handle it first, or delete it',
    );
  return {
    kind: row.queue,
    name,
    group: row.grp,
    deduplicationId: row.dedup,
    id: row.id,
    body: row.body,
    sentAt: row.sent_at,
    receiveCount: row.receive_count,
  };
}

/**
 * Keeps every other connection out until it is closed: in WAL mode a connection has a shared lock
 * as long as it is open, whatever it does.
 */
function openAlone(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: PATIENCE_MS });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    database.prepare(ALL);
    return database;
  } catch (error) {
    database.close();
    const isLocked = /locked|busy/.test(errorMessage(error));
    throw new MoveRefusal(
      isLocked
        ? `the queue file ${path} is in use; stop "sluice up" and all other processes that use it`
        : `the queue file ${path} cannot be read (${errorMessage(error)}); ` +
            'check that it is the queue of "sluice up", and its permissions',
      { cause: error },
    );
  }
}

/** SQLite would create a file that is missing. */
function refuseUnreachable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new MoveRefusal(
      errorCode(error) === 'ENOENT'
        ? `the queue file ${path} does not exist; a relative path is relative to the current ` +
            'directory, so run this where "sluice up" ran'
        : `the queue file ${path} cannot be opened (${describeErrorCode(errorCode(error) ?? errorMessage(error))}); ` +
            'run this as the user that runs "sluice up"',
      { cause: error },
    );
  }
}

/** Throws if there is no such file, if another process has it open, or if it is no queue file. */
export function leaveSqlite(path: string): MoveSource<MovedMessage> {
  refuseUnreachable(path);
  const database = openAlone(path);
  return {
    pages: () =>
      inPages(
        (function* () {
          for (const row of database.prepare(ALL).iterate())
            yield toItem(row as unknown as Row, path);
        })(),
      ),
    mark: (to) => markMoved(queueMark(path), to),
    close: async () => database.close(),
  };
}
