import type { QueueConfig } from '../../config/schema.ts';
import type { QueueBackend } from '../backend.ts';
import { createSqliteQueues } from './queues.ts';

export function sqliteBackend({ path }: Extract<QueueConfig, { kind: 'sqlite' }>): QueueBackend {
  return {
    isLocal: true,
    file: path,
    open: ({ clock, id }) => createSqliteQueues({ path, clock, id }),
  };
}
