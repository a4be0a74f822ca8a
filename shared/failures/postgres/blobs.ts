/** Blobs as rows of a table in PostgreSQL. */
import type { Database } from '../../postgres/database.ts';
import { POSTGRES_REMEDIES, postgresFault, postgresMessage } from '../../postgres/errors.ts';
import { isInRange } from '../blobs.ts';
import type { Blob, BlobEntry, BlobLineage, Blobs, Condition, KeyRange } from '../blobs.ts';
import { ReplayError } from '../error.ts';
import { checkedKey, checkedPrefix } from '../keys.ts';

/** Keys compare as texts of ASCII, whatever the language of the database. */
export const BLOB_MIGRATIONS = {
  part: 'failures',
  steps: [
    `CREATE TABLE blob (
      key text COLLATE "C" PRIMARY KEY,
      text text NOT NULL,
      tag text NOT NULL DEFAULT gen_random_uuid()::text,
      written timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (autovacuum_vacuum_scale_factor = 0.02)`,
  ],
};

const INSERT = 'INSERT INTO $schema.blob (key, text) VALUES ($1, $2) ON CONFLICT (key) DO';
const CHANGE = 'text = $2, tag = gen_random_uuid()::text, written = clock_timestamp()';

/** Each is one statement, so the condition is checked and the blob written in one step. */
function writing(condition: Condition): string {
  if (condition === undefined) return `${INSERT} UPDATE SET ${CHANGE} RETURNING tag`;
  if (condition === 'absent') return `${INSERT} NOTHING RETURNING tag`;
  return `UPDATE $schema.blob SET ${CHANGE} WHERE key = $1 AND tag = $3 RETURNING tag`;
}

/** Larger than every character of a key. */
const END = '\u007F';

/** Bounds that may hold a NUL, which PostgreSQL does not take, are widened; the caller checks them. */
const bound = (text: string | undefined): string | null => text?.replaceAll('\0', '') ?? null;

const LIST = `
  SELECT key, tag, trunc(extract(epoch FROM written) * 1000)::float8 AS written FROM $schema.blob
  WHERE key >= $1 AND key < $2 AND ($3::text IS NULL OR key >= $3) AND ($4::text IS NULL OR key <= $4)
  ORDER BY key`;

/** The timeline changes when a standby is promoted, and after a recovery to a point in time. */
const LINEAGE = `
  SELECT (SELECT system_identifier FROM pg_control_system()) || '/' ||
    left(pg_walfile_name(pg_current_wal_lsn()), 8) AS id,
    trim(current_setting('synchronous_standby_names')) <> '' AND
    current_setting('synchronous_commit') NOT IN ('off', 'local') AS waits`;

/** The opened database; `where` is its location, for messages. */
export function createPostgresBlobs(database: Database, where: string): Blobs {
  const run = async <Row extends object>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> => {
    try {
      return await database.call<Row>(text, values);
    } catch (error) {
      throw new ReplayError(
        'RPL700',
        `The failure store in ${where} cannot be used (${postgresMessage(error)}). ` +
          POSTGRES_REMEDIES[postgresFault(error)],
        { cause: error },
      );
    }
  };
  const list = async (prefix: string, range: KeyRange): Promise<readonly BlobEntry[]> => {
    const from = checkedPrefix(prefix, where);
    const bounds = [from, `${from}${END}`, bound(range.after), bound(range.before)];
    return (await run<BlobEntry>(LIST, bounds)).filter(({ key }) => isInRange(key, range));
  };
  return {
    where,
    get: async (key) => {
      const name = checkedKey(key, where);
      const [blob] = await run<Blob>('SELECT text, tag FROM $schema.blob WHERE key = $1', [name]);
      return blob;
    },
    put: async (key, text, condition) => {
      const tag = typeof condition === 'object' ? [condition.tag] : [];
      const values = [checkedKey(key, where), text, ...tag];
      const [blob] = await run<{ readonly tag: string }>(writing(condition), values);
      return blob?.tag;
    },
    delete: async (key) => {
      await run('DELETE FROM $schema.blob WHERE key = $1', [checkedKey(key, where)]);
    },
    list: (prefix, range = {}) => list(prefix, range),
    lineage: async () => (await run<BlobLineage>(LINEAGE, []))[0],
    close: () => database.close(),
  };
}
