/** A mutual exclusion between the processes of one host that dies with its holder: SQLite's file lock, without any table. */
import { DatabaseSync } from 'node:sqlite';
import { privateFile } from '../../runtime/private-files.ts';

/** How long one process waits for another; what is done under the lock takes milliseconds. */
const BUSY_MS = 10_000;

export interface Lock {
  hold<T>(work: () => T): T;
  close(): void;
}

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
