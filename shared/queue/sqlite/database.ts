import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { narrow, privateFile } from '../../runtime/private-files.ts';
import { QueueError } from '../port.ts';
import { errorMessage } from '../../telemetry/errors.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    grp TEXT NOT NULL,
    dedup TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL DEFAULT 0,
    receipt TEXT UNIQUE
  ) STRICT;
  CREATE INDEX IF NOT EXISTS message_by_queue ON message (queue, seq);
  CREATE INDEX IF NOT EXISTS message_by_visibility ON message (queue, visible_at);
  CREATE INDEX IF NOT EXISTS message_by_age ON message (sent_at);
  CREATE TABLE IF NOT EXISTS seen (
    queue TEXT NOT NULL,
    dedup TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (queue, dedup)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS seen_by_age ON seen (until);
`;

/** How long one process waits for another that is writing. */
const BUSY_MS = 10_000;

/** SQLite gives the files beside it the rights of this one; those of an older Sluice lose theirs here. The folder may be anybody's. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  privateFile(path);
  for (const beside of ['-wal', '-shm']) narrow(`${path}${beside}`);
}

/** Opens (and creates) the queue file. `FULL` so that a confirmed send survives a power cut, not only a killed process. */
export function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') makeFile(path);
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    throw new QueueError(
      'Q601',
      `The queue file ${path} cannot be opened: ${errorMessage(error)}. Check queue.path, the permissions of the file and the free space.`,
      { cause: error },
    );
  }
}

/** Runs `work` in a write transaction; nothing of it stays when it throws. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
