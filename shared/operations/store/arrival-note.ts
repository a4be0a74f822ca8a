/** The note in the new place that a move ended, written in the same transaction as what it moved. */
import * as z from 'zod';
import type { DatabaseCall } from '../../postgres/database.ts';
import type { StoreName } from './parts.ts';

export const ARRIVAL_TABLE = 'arrival';

export const ARRIVAL_MIGRATIONS = {
  part: 'arrival',
  steps: [
    `CREATE TABLE ${ARRIVAL_TABLE} (
      part text PRIMARY KEY,
      source text NOT NULL,
      digest text NOT NULL,
      counts jsonb NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`,
  ],
};

/** A move that ended. */
export interface ArrivalNote {
  /** Location of the old place. */
  readonly source: string;
  /** Of everything that was moved. */
  readonly digest: string;
  /** Numbers of items by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** RFC 3339. */
  readonly at: string;
}

const Row = z.object({
  source: z.string(),
  digest: z.string(),
  counts: z.record(z.string(), z.int()),
  at: z.date().transform((at) => at.toISOString()),
});

/** Undefined if nothing was moved there. */
export async function readArrivalNote(
  call: DatabaseCall,
  part: StoreName,
): Promise<ArrivalNote | undefined> {
  const [row] = await call(
    `SELECT source, digest, counts, at FROM $schema.${ARRIVAL_TABLE} WHERE part = $1`,
    [part],
  );
  return row === undefined ? undefined : Row.parse(row);
}

export async function writeArrivalNote(
  call: DatabaseCall,
  part: StoreName,
  { source, digest, counts }: Omit<ArrivalNote, 'at'>,
): Promise<void> {
  await call(
    `INSERT INTO $schema.${ARRIVAL_TABLE} (part, source, digest, counts) VALUES ($1, $2, $3, $4)`,
    [part, source, digest, JSON.stringify(counts)],
  );
}
