/**
 * A lock between processes of one host that is released when its holder dies: SQLite's file lock,
 * without tables.
 */
import { DatabaseSync } from 'node:sqlite';
import { privateFile } from '../../runtime/private-files.ts';

/** Milliseconds to wait for another process; operations under the lock take milliseconds. */
const BUSY_MS = 10_000;

/** Runs work exclusively among the processes of one host. */
export interface Lock {
  hold<T>(work: () => T): T;
  close(): void;
}

/**
 * Creates the lock file if it does not exist. `hold` throws if the lock is not free within 10 s.
 */
export function createLock(path: string): Lock {
  privateFile(path);
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
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
