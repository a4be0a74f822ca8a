/**
 * Notices that the failure store continues from an older state: a standby took over, or a backup
 * was restored. Nobody can say what is missing, because what would say so is missing, too.
 */
import * as z from 'zod';
import { stillHolds } from '../runtime/clock.ts';
import type { BlobLineage, Blobs } from './blobs.ts';
import { readJson } from './read.ts';

const KEY = 'lineage.json';

/** Milliseconds between two signs of life: how exactly the loss can be told. */
const SIGN_MS = 50_000;
/** Milliseconds for which it is shown. */
const SHOWN_MS = 24 * 3_600_000;

/** What was confirmed in between may be lost; milliseconds since 1970. */
const Rollback = z.strictObject({
  /** The last sign of life that is there. */
  since: z.number(),
  /** When another state was found. */
  until: z.number(),
  /** Commits waited for a standby, so nothing is lost if that one took over. */
  waited: z.boolean(),
});
export type Rollback = Readonly<z.infer<typeof Rollback>>;

const LineageBlob = z.strictObject({
  format: z.literal(1),
  /** As {@link Blobs.lineage} tells it. */
  lineage: z.string(),
  waits: z.boolean(),
  /** Time of the last sign of life. */
  at: z.number(),
  last: Rollback.optional(),
});
type LineageBlob = Readonly<z.infer<typeof LineageBlob>>;

/** Both reject with a ReplayError RPL700 if the storage is unavailable. */
export interface Lineage {
  /** Gives a sign of life. Resolves with a rollback, for one process only. */
  note(): Promise<Rollback | undefined>;
  /** The last one, for a day. */
  recent(): Promise<Rollback | undefined>;
}

/** Only databases tell their lineage; other storages never have a rollback. */
export function createLineage(blobs: Blobs, now: () => number): Lineage {
  const read = async (): Promise<{ readonly tag?: string; readonly known?: LineageBlob }> => {
    const blob = await blobs.get(KEY);
    if (blob === undefined) return {};
    // What another version wrote is replaced.
    const { data } = LineageBlob.safeParse(readJson(blob.text));
    return { tag: blob.tag, ...(data && { known: data }) };
  };
  return {
    note: async () => {
      const present = await blobs.lineage?.();
      if (present === undefined) return undefined;
      const { tag, known } = await read();
      const at = now();
      const rollback = rollbackOf(known, present, at);
      if (known && !rollback && stillHolds(known.at + SIGN_MS, at, SIGN_MS)) return undefined;
      const next = signOf(present, at, rollback ?? known?.last);
      const condition = tag === undefined ? 'absent' : { tag };
      const won = (await blobs.put(KEY, JSON.stringify(next), condition)) !== undefined;
      return won ? rollback : undefined;
    },
    recent: async () => {
      const { known } = await read();
      return known?.last && stillHolds(known.last.until + SHOWN_MS, now(), SHOWN_MS)
        ? known.last
        : undefined;
    },
  };
}

function rollbackOf(
  known: LineageBlob | undefined,
  present: BlobLineage,
  until: number,
): Rollback | undefined {
  if (known === undefined || known.lineage === present.id) return undefined;
  return { since: known.at, until, waited: known.waits };
}

function signOf(
  { id: lineage, waits }: BlobLineage,
  at: number,
  last: Rollback | undefined,
): LineageBlob {
  return { format: 1, lineage, waits, at, ...(last && { last }) };
}

const iso = (at: number): string => new Date(at).toISOString();

/** What people should know and do. */
export function describeRollback({ since, until, waited }: Rollback): string {
  const what =
    `The database continues from an older state, found at ${iso(until)}: ` +
    'a standby took over, or a backup was restored';
  if (waited)
    return `${what}. Commits waited for a standby, so nothing is lost if it was that one.`;
  return (
    `${what}. What was confirmed after ${iso(since)} may be lost: ` +
    'orders, approvals, replays and entries of the audit log.'
  );
}
