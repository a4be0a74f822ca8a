/**
 * Allows one `sluice up` per cluster and queue file: two watchers of one cluster would overwrite
 * each other's events.
 */
import { DatabaseSync } from 'node:sqlite';
import { privateFile } from '../../../shared/runtime/private-files.ts';

/** Milliseconds that a killed process may need to release the lock. */
const PATIENCE_MS = 2_000;

/** Released automatically when the process dies. Returns the release function. */
export function holdCluster(queueFile: string, clusterId: string): () => void {
  const lock = `${queueFile}.${clusterId}.lock`;
  privateFile(lock);
  const database = new DatabaseSync(lock, { timeout: PATIENCE_MS });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new Error(
      `another "sluice up" serves cluster ${clusterId} with the queue ${queueFile}; ` +
        'stop it first, or start this one with another queue.path and another cluster',
      { cause: error },
    );
  }
  return () => database.close();
}
