/** The queue and the failure store in PostgreSQL, as `pg_dump` writes them. */
import { connectPostgres } from '../../../shared/postgres/database.ts';
import { BLOB_MIGRATIONS, createPostgresBlobs } from '../../../shared/failures/postgres/blobs.ts';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import type { PostgresServer } from '../../../shared/config/postgres.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import { startPostgres } from '../../fixtures/postgres/process.ts';
import { fillAdded, sendAll } from './inputs/added.ts';
import { fill, goldenFailures } from './inputs/failures.ts';

export const SCHEMA = 'sluice';

/** Blobs of a server on a socket, which asks for no password. */
export function openTestBlobs(server: PostgresServer): Blobs {
  const resolve = (): Promise<string> => Promise.resolve('');
  const database = connectPostgres({
    server,
    secrets: { resolve },
    clock: processClock,
    migrations: [BLOB_MIGRATIONS],
  });
  return createPostgresBlobs(database, 'golden');
}

/** Starts a server for it. */
export async function dumpedByPostgres(): Promise<string> {
  const server = await startPostgres();
  try {
    const queues = openTestQueues(server.config(SCHEMA));
    await sendAll(queues);
    const failures = goldenFailures(openTestBlobs(server.config(SCHEMA)));
    await fill(failures);
    await fillAdded(failures);
    await failures.close();
    await queues.close();
    return server.dump(SCHEMA);
  } finally {
    await server.stop();
  }
}
