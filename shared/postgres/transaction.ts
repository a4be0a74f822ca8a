/** The transactions of a call. */
import type { Pool, PoolClient } from 'pg';

/** Milliseconds of one statement, by the server. */
export const STATEMENT_MS = 15_000;

/**
 * The second limit is for a host that dies between two statements: without it, the server would
 * keep its locks until TCP notices, after hours.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = ${STATEMENT_MS};
  SET LOCAL idle_in_transaction_session_timeout = ${STATEMENT_MS};
  SELECT pg_is_in_recovery() AS standby`;

/** What a standby says is old, and an address may lead to one after a failover. */
async function begin(client: PoolClient): Promise<void> {
  // Several statements have several results, which the types do not tell.
  const results = (await client.query(BEGIN)) as unknown as readonly {
    readonly rows: readonly { readonly standby: boolean }[];
  }[];
  if (results.at(-1)?.rows[0]?.standby === true)
    throw new Error('the server is a standby; the address must lead to the primary');
}

/** Of a warning, which commits have for one reason. */
const WARNING = '01000';

/**
 * When the time for a commit ends before a synchronous standby has it, the server answers with
 * success and a warning.
 */
async function commit(client: PoolClient): Promise<void> {
  let isSure = true;
  const hear = ({ code }: { readonly code?: string | undefined }): void => {
    if (code === WARNING) isSure = false;
  };
  client.on('notice', hear);
  try {
    await client.query('COMMIT');
  } finally {
    client.off('notice', hear);
  }
  if (!isSure) throw new Error('no standby has confirmed it in time, so a failover could lose it');
}

const ignore = (): void => undefined;

/** Any error closes the connection, which undoes the transaction. */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks between two statements is found by the next one.
  client.on('error', ignore);
  let failed = true;
  try {
    await begin(client);
    const result = await work(client);
    await commit(client);
    failed = false;
    return result;
  } finally {
    client.off('error', ignore);
    client.release(failed);
  }
}
