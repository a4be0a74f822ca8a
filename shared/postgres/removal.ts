/** Looks at the schema of Sluice without creating anything, and takes it away. */
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { Secrets } from '../config/secrets.ts';
import type { PostgresServer } from '../config/postgres.ts';
import { connectionOptions } from './options.ts';

/** What is in the schema. */
export interface SchemaContents {
  /** `table x.message`, `function x.send(…)`; what Sluice made. */
  readonly own: readonly string[];
  /** What others made there. */
  readonly others: readonly string[];
  /** Connections of running processes of Sluice, in words, by host and role. */
  readonly users: readonly string[];
  /** Roles of watchers (`sluice queue grant`). */
  readonly roles: readonly string[];
}

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly isOwn: boolean;
}

/** Functions have no list of their own: those of Sluice have its tables' owner and its names. */
const CONTENTS = `
  SELECT 'table' AS kind, c.oid::regclass::text AS name, c.relname = ANY ($2) AS "isOwn"
    FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, p.proname = ANY ($3)
    FROM pg_proc p WHERE p.pronamespace = to_regnamespace($1)
  ORDER BY 1 DESC, 2`;

/** Each process has several. */
const USERS = `SELECT format('%s from %s (role %s)', CASE count(*) WHEN 1 THEN '1 connection' ELSE count(*) || ' connections' END,
    coalesce(host(client_addr), 'this host'), usename) AS name
  FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sluice'
  GROUP BY client_addr, usename ORDER BY 1`;

/** The names of what migrations make, by kind. */
function namesIn(steps: readonly string[], kind: 'TABLE' | 'FUNCTION'): string[] {
  const made = new RegExp(`CREATE ${kind} (?:IF NOT EXISTS )?(\\w+)`, 'g');
  return steps.flatMap((step) => [...step.matchAll(made)].flatMap(([, name]) => name ?? []));
}

/** Where to look. */
export interface SchemaPlace {
  readonly server: PostgresServer;
  readonly secrets: Pick<Secrets, 'resolve'>;
  /** All steps of all migrations. */
  readonly steps: readonly string[];
}

/** A connection of its own, which is not one of a running Sluice. */
async function connected<T>(
  { server, secrets }: SchemaPlace,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    ...(await connectionOptions(server, secrets)),
    application_name: 'sluice-uninstall',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function contents(
  client: Client,
  { server: { schema }, steps }: SchemaPlace,
): Promise<readonly Row[]> {
  const values = [
    escapeIdentifier(schema),
    ['migration', ...namesIn(steps, 'TABLE')],
    namesIn(steps, 'FUNCTION'),
  ];
  return (await client.query<Row>(CONTENTS, values)).rows;
}

/** The server shows the connections of a process that ended for a moment more. */
async function lookForUsers(client: Client): Promise<readonly string[]> {
  const look = async (): Promise<readonly string[]> =>
    (await client.query<{ name: string }>(USERS)).rows.map(({ name }) => name);
  if ((await look()).length === 0) return [];
  await client.query('SELECT pg_sleep(1)');
  return look();
}

/** Undefined if there is no such schema. */
export function lookAtSchema(place: SchemaPlace): Promise<SchemaContents | undefined> {
  const schema = escapeIdentifier(place.server.schema);
  return connected(place, async (client) => {
    const { rows: found } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [
      place.server.schema,
    ]);
    if (found.length === 0) return undefined;
    const rows = await contents(client, place);
    const inWords = (isOwn: boolean): readonly string[] =>
      rows.filter((row) => row.isOwn === isOwn).map(({ kind, name }) => `${kind} ${name}`);
    const users = await lookForUsers(client);
    const hasRights = rows.some(({ isOwn, name }) => isOwn && name.endsWith('queue_right'));
    const roles = hasRights
      ? await client.query<{ role: string }>(
          `SELECT DISTINCT role FROM ${schema}.queue_right ORDER BY 1`,
        )
      : { rows: [] };
    return {
      own: inWords(true),
      others: inWords(false),
      users,
      roles: roles.rows.map(({ role }) => role),
    };
  });
}

/**
 * In one transaction: everything of Sluice, and the schema if nothing else is in it and this role owns
 * it.
 */
export function removeSchema(place: SchemaPlace): Promise<void> {
  return connected(place, async (client) => {
    await client.query('BEGIN');
    const rows = await contents(client, place);
    const own = rows.filter(({ isOwn }) => isOwn);
    for (const { kind, name } of own) await client.query(`DROP ${kind} IF EXISTS ${name}`);
    if (own.length === rows.length) await dropEmpty(client, place.server.schema);
    await client.query('COMMIT');
  });
}

/** A schema that was made for Sluice by another role stays. */
async function dropEmpty(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query(
    `SELECT FROM pg_namespace WHERE nspname = ${escapeLiteral(schema)} AND pg_has_role(nspowner, 'USAGE') AND nspname <> 'public'`,
  );
  if (rows.length > 0) await client.query(`DROP SCHEMA ${escapeIdentifier(schema)}`);
}
