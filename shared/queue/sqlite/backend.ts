import type { QueueConfig } from '../../config/queue.ts';
import type { QueueBackend } from '../backend.ts';
import { depthBefore } from './files.ts';
import { createSqliteQueues } from './queues.ts';

/**
 * Opens the file at `queue.path`. Local: only processes of this host can use the queue, because
 * SQLite's locks do not hold on network file systems.
 */
export function sqliteBackend({ path }: Extract<QueueConfig, { kind: 'sqlite' }>): QueueBackend {
  return {
    isLocal: true,
    file: path,
    depthBefore: () => depthBefore(path),
    open: ({ clock, id }) => createSqliteQueues({ path, clock, id }),
  };
}
