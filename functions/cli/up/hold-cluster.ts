/** One `sluice up` for each cluster on one queue file: two watchers of one cluster would contradict each other without end. */
import { DatabaseSync } from 'node:sqlite';
import { privateFile } from '../../../shared/runtime/private-files.ts';

/** Milliseconds a process that was just killed may need to let go. */
const PATIENCE = 2_000;

/** Held by the process itself, so that nothing is left behind when it is killed. Returns what lets go. */
export function holdCluster(queueFile: string, clusterId: string): () => void {
  const lock = `${queueFile}.${clusterId}.lock`;
  privateFile(lock);
  const database = new DatabaseSync(lock, { timeout: PATIENCE });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new Error(
      `another "sluice up" serves cluster ${clusterId} with the queue ${queueFile}; stop it first, or start this one with another queue.path and another cluster`,
      { cause: error },
    );
  }
  return () => database.close();
}
