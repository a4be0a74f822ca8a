/** PostgreSQL as a kind of queue. */
import type { QueueConfig } from '../../config/queue.ts';
import { postgresLocation } from '../../postgres/options.ts';
import type { QueueBackend } from '../backend.ts';
import { lazyQueues } from '../lazy-queues.ts';
import { QUEUE_MIGRATIONS } from './migrations.ts';

/** Queues of one schema. The client is imported with the first call. */
export function postgresBackend(server: Extract<QueueConfig, { kind: 'postgres' }>): QueueBackend {
  return {
    isLocal: false,
    server,
    open: ({ clock, secrets }) =>
      lazyQueues(async () => {
        const { connectPostgres } = await import('../../postgres/database.ts');
        const { createPostgresQueues } = await import('./queues.ts');
        const database = connectPostgres({
          server,
          secrets,
          clock,
          migrations: [QUEUE_MIGRATIONS],
        });
        const where = postgresLocation(server);
        return createPostgresQueues({ database, where, schema: server.schema, clock });
      }),
  };
}
