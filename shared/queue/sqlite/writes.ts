/** Hears from the operating system that some process wrote to the queue file. */
import { watch } from 'node:fs';

/**
 * Calls `heard` after each write, possibly before its transaction can be read, until the returned
 * function is called. The database must be open: then its WAL file exists, to which every
 * transaction writes. Only a hint: nothing is heard in memory, or if the operating system has no
 * watch left.
 */
export function listenToWrites(path: string, heard: () => void): () => void {
  try {
    const watcher = watch(`${path}-wal`, { persistent: false }, heard);
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}
