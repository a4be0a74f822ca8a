/** The SQLite file of a queue: schema, transactions, and changes by other processes. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../runtime/clock.ts';
import { whyMoved } from '../../runtime/moved-mark.ts';
import { VERSION } from '../../runtime/version.ts';
import { restrictMode, privateFile } from '../../runtime/private-files.ts';
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

/**
 * Format of the file, in `user_version`. 0 is that of 0.1.0, and tables and columns that are only
 * added keep it. A later format is refused before anything is changed.
 */
const FORMAT = 0;

/** Milliseconds that a process waits for another writer. */
const BUSY_MS = 10_000;

/**
 * SQLite copies the permissions of this file to its journal files. Files of older versions are
 * restricted here. The directory may be shared.
 */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  privateFile(path);
  for (const beside of ['-wal', '-shm']) restrictMode(`${path}${beside}`);
}

/** Its presence says that the messages are elsewhere. */
export const queueMark = (path: string): string => `${path}.moved`;

/** Closes a file that it refuses. */
function refuseNewer(database: DatabaseSync, path: string): void {
  const format = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (format <= FORMAT) return;
  database.close();
  throw new QueueError(
    'Q601',
    `The queue file ${path} has format ${format} of a newer Sluice, and ${VERSION} knows format ` +
      `${FORMAT}. Nothing was changed. Use the newer version again, or let it empty the queue first.`,
  );
}

function openFile(path: string): DatabaseSync {
  if (path !== ':memory:') makeFile(path);
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  refuseNewer(database, path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec(SCHEMA);
  // Now that the file is open, it cannot be moved any more.
  const why = whyMoved(`The queue file ${path}`, queueMark(path));
  if (why === undefined) return database;
  database.close();
  throw new QueueError('Q606', why);
}

/**
 * Opens or creates the queue file. `synchronous = FULL`, so that a confirmed message survives a
 * power failure. Throws Q606 if it was moved elsewhere.
 */
export function openDatabase(path: string): DatabaseSync {
  try {
    return openFile(path);
  } catch (error) {
    if (error instanceof QueueError) throw error;
    throw new QueueError(
      'Q601',
      `The queue file ${path} cannot be opened: ${errorMessage(error)}. ` +
        'Check queue.path, the permissions of the file and the free space, ' +
        'and that no "sluice store move" runs.',
      { cause: error },
    );
  }
}

/** The wall clock was set if it differs this much from the monotonic clock since the last look. */
const STEP_MS = 1_000;

/**
 * Whether receivers should look at the file again: another connection changed it since the last
 * call, the wall clock was set, on which the visibility of messages of other processes depends, or
 * the file cannot be read, which they then report.
 */
export function createChangeDetector(
  database: DatabaseSync,
  clock: Pick<Clock, 'now' | 'monotonic'>,
): () => boolean {
  // Changes only with commits of other connections (https://sqlite.org/pragma.html#pragma_data_version).
  const statement = database.prepare('PRAGMA data_version');
  const version = (): unknown => statement.get()?.['data_version'];
  const apart = (): number => clock.now() - clock.monotonic();
  let seen = { version: version(), apart: apart() };
  return () => {
    try {
      const before = seen;
      seen = { version: version(), apart: apart() };
      return seen.version !== before.version || Math.abs(seen.apart - before.apart) > STEP_MS;
    } catch {
      return true;
    }
  };
}

/** Runs `work` in a write transaction, which is rolled back if it throws. */
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
