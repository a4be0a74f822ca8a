/** Hears from the operating system that some process wrote to the queue file. */
import { watch } from 'node:fs';

/** Who is told. */
export interface WriteListener {
  /** Some process wrote; possibly before its transaction can be read. */
  heard(): void;
  /** Nothing will be heard any more. */
  deafened(): void;
}

/**
 * Tells of each write until the returned function is called. The database must be open: then its
 * WAL file exists, to which every transaction writes. Only a hint: nothing is heard in memory, or if
 * the operating system has no watch left, or takes it away.
 */
export function listenToWrites(
  path: string,
  listener: WriteListener,
  open: typeof watch = watch,
): () => void {
  try {
    const watcher = open(`${path}-wal`, { persistent: false }, () => listener.heard());
    watcher.on('error', () => {
      watcher.close();
      listener.deafened();
    });
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}
