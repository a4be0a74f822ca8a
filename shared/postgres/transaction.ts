/** The transactions of a call. */
import type { Pool, PoolClient } from 'pg';

/** Milliseconds of one statement, by the server. */
export const STATEMENT_MS = 15_000;

/**
 * The second limit is for a host that dies between two statements: without it, the server would
 * keep its locks until TCP notices, after hours.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = ${STATEMENT_MS};
  SET LOCAL idle_in_transaction_session_timeout = ${STATEMENT_MS}`;

/** Any error closes the connection, which undoes the transaction. */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let failed = true;
  try {
    await client.query(BEGIN);
    const result = await work(client);
    await client.query('COMMIT');
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}
