/**
 * A lock between processes of one host that is released when its holder dies: SQLite's file lock,
 * without tables.
 */
import { DatabaseSync } from 'node:sqlite';
import { privateFile } from '../../runtime/private-files.ts';

/** Milliseconds to wait for another process; operations under the lock take milliseconds. */
const BUSY_MS = 10_000;
/** Milliseconds that a process that just ended may need to release it. */
const PATIENCE_MS = 500;

/** Runs work exclusively among the processes of one host. */
export interface Lock {
  hold<T>(work: () => T): T;
  close(): void;
}

function openLock(path: string, timeout: number): DatabaseSync {
  privateFile(path);
  return new DatabaseSync(path, { timeout });
}

/**
 * Creates the lock file if it does not exist. `hold` throws if the lock is not free within 10 s.
 */
export function createLock(path: string): Lock {
  const database = openLock(path, BUSY_MS);
  return {
    hold: (work) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        return work();
      } finally {
        database.exec('ROLLBACK');
      }
    },
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

function keep(database: DatabaseSync, statements: readonly string[]): () => void {
  try {
    for (const sql of statements) database.exec(sql);
  } catch (error) {
    database.close();
    throw error;
  }
  return () => {
    if (database.isOpen) database.close();
  };
}

/**
 * Says that this process uses what the lock guards, beside others; `Lock.hold` works meanwhile.
 * Returns how to end it.
 */
export function shareLock(path: string): () => void {
  // A transaction that has read something.
  return keep(openLock(path, BUSY_MS), ['BEGIN', 'SELECT count(*) FROM sqlite_schema']);
}

/** Keeps all other users out, until they are let in again; throws if there is one. */
export function takeLock(path: string): () => void {
  return keep(openLock(path, PATIENCE_MS), ['BEGIN EXCLUSIVE']);
}
