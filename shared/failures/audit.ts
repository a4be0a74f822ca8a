/**
 * The audit log of operators: append-only, one blob per entry, so that a later write cannot change
 * earlier entries.
 */
import * as z from 'zod';
import type { Blobs } from './blobs.ts';
import { ReplayError } from './error.ts';
import { readInBatches } from './read-in-batches.ts';

/** Who changed what, when, why, and with which result. */
export const AuditEntry = z.strictObject({
  at: z.iso.datetime(),
  who: z.string(),
  /** For instance `failures archive` or `replay cancel`. */
  action: z.string(),
  /** The target: a filter, ids or a job. */
  selection: z.string(),
  why: z.string(),
  result: z.string(),
});
export type AuditEntry = Readonly<z.infer<typeof AuditEntry>>;

/**
 * `append` adds the time. It rejects with RPL700 if the id is taken, instead of replacing an entry.
 */
export interface AuditLog {
  append(entry: Omit<AuditEntry, 'at'>): Promise<AuditEntry>;
  /** Oldest first. */
  list(): Promise<readonly AuditEntry[]>;
}

/** The keys sort by time; `id` distinguishes entries of the same millisecond. */
export function createAudit(blobs: Blobs, now: () => number, id: () => string): AuditLog {
  return {
    append: async (entry) => {
      const whole = { at: new Date(now()).toISOString(), ...entry };
      const key = `audit/${whole.at}-${id()}.json`;
      if ((await blobs.put(key, JSON.stringify(whole), 'absent')) === undefined)
        throw new ReplayError(
          'RPL700',
          `The audit log ${blobs.where} already has an entry ${key}; check the source of ids.`,
        );
      return whole;
    },
    list: async () => {
      const found = await readInBatches(await blobs.list('audit/'), ({ key }) => blobs.get(key));
      return found.flatMap((blob) =>
        blob === undefined ? [] : [AuditEntry.parse(JSON.parse(blob.text))],
      );
    },
  };
}
