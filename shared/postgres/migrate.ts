/** Creates and changes tables, once for all processes. */
import { escapeIdentifier } from 'pg';
import type { Pool, PoolClient } from 'pg';
import { UnfitDatabaseError } from './errors.ts';
import { inTransaction } from './transaction.ts';

/** Steps that are carried out in their order. A released step never changes. */
export interface Migrations {
  /** Name of the tables in the list of steps that were carried out. */
  readonly part: string;
  readonly steps: readonly string[];
}

/** Held until the transaction ends, whichever process has it. */
const LOCK = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';

const STEPS = `
  CREATE TABLE IF NOT EXISTS migration (
    part text NOT NULL,
    step integer NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (part, step)
  )`;

/** Steps of the part that were carried out. */
async function done(client: PoolClient, schema: string, part: string): Promise<number> {
  const table = `${escapeIdentifier(schema)}.migration`;
  const { rows: there } = await client.query<{ found: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [table],
  );
  if (there[0]?.found !== true) return 0;
  const { rows } = await client.query<{ step: number }>(
    `SELECT coalesce(max(step), 0) AS step FROM ${table} WHERE part = $1`,
    [part],
  );
  return rows[0]?.step ?? 0;
}

/** Text of another encoding could not hold every event. */
async function refuseEncoding(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  const encoding = rows[0]?.encoding;
  if (encoding === 'UTF8') return;
  throw new UnfitDatabaseError(
    `the database has the encoding ${encoding}; create one with ENCODING 'UTF8' for Sluice`,
  );
}

/** A role that may not create schemas can use one that was made for it. */
async function makeSchema(client: PoolClient, schema: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  const name = escapeIdentifier(schema);
  if (rowCount === 0) await client.query(`CREATE SCHEMA ${name}`);
  await client.query(`SET LOCAL search_path = ${name}, pg_temp; ${STEPS}`);
}

/**
 * Does nothing if all steps were carried out, which needs no rights to create anything. Steps of a
 * newer version stay: they only add.
 */
export async function migrate(
  pool: Pool,
  schema: string,
  { part, steps }: Migrations,
): Promise<void> {
  const before = await inTransaction(pool, (client) => done(client, schema, part));
  if (before >= steps.length) return;
  await inTransaction(pool, async (client) => {
    await client.query(LOCK, [`sluice ${schema}`]);
    await refuseEncoding(client);
    await makeSchema(client, schema);
    const from = await done(client, schema, part);
    for (const [i, step] of steps.entries()) {
      if (i < from) continue;
      await client.query(step);
      await client.query('INSERT INTO migration (part, step) VALUES ($1, $2)', [part, i + 1]);
    }
  });
}
