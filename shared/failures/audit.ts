/**
 * The audit log of operators: one blob per entry, so that a later write cannot change earlier
 * entries. Only the result of an act replaces the mark with which its own entry began.
 */
import * as z from 'zod';
import { errorMessage } from '../telemetry/errors.ts';
import { AUDIT_PREFIX, newestKeys, timeInKey } from './audit-keys.ts';
import type { Blobs } from './blobs.ts';
import { ReplayError } from './error.ts';
import { readInBatches, readJson } from './read.ts';

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
  /**
   * Writes the entry, acts, and completes the entry with the result of the act or with its error.
   * Without an entry nothing is done. An act that ended is not repeated because of its entry: if
   * that cannot be completed, it keeps {@link BEGUN}, and is shown as unknown after half an hour.
   */
  record<T>(
    entry: Omit<AuditEntry, 'at' | 'result'>,
    act: () => Promise<{ readonly result: string; readonly value: T }>,
  ): Promise<T>;
  /** Oldest first. */
  list(): Promise<readonly AuditEntry[]>;
  /** Without reading them. */
  count(): Promise<number>;
  /** Newest first. `before`: the cursor of the previous page. */
  page(limit: number, before?: string): Promise<AuditPage>;
  /**
   * Removes entries that are older than `retention` milliseconds, counted from the newest entry, so
   * that a wrong clock removes nothing. Resolves with their number.
   */
  prune(retention: number): Promise<number>;
}

/** A part of the log. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Of the next page; absent if there is none. */
  readonly next?: string;
}

/** The result of an act that has not ended. */
export const BEGUN = 'begun';

/** Milliseconds within which every act ends; AWS stops a function after half of it. */
const LEASE_MS = 30 * 60_000;

/** What is shown instead of {@link BEGUN} then. It is not written, so that a late end still is. */
const UNKNOWN = 'unknown: it was stopped before its result was recorded; look at what it names';

const withEnd = (entry: AuditEntry, now: number): AuditEntry =>
  entry.result === BEGUN && now - Date.parse(entry.at) >= LEASE_MS
    ? { ...entry, result: UNKNOWN }
    : entry;

/** Characters; an approval of a thousand exposures has 40,000. */
const MAX_ENTRY = 262_144;

/** An entry that nobody can read is shown as such, so that it hides no other one. */
function entryOf(key: string, text: string): AuditEntry {
  const { data } = AuditEntry.safeParse(text.length > MAX_ENTRY ? undefined : readJson(text));
  return (
    data ?? {
      at: timeInKey(key) ?? new Date(0).toISOString(),
      who: 'unknown',
      action: 'unreadable',
      selection: key,
      why: '-',
      result: 'this is no entry of the audit log; look at the file',
    }
  );
}

/** The keys sort by time; `id` distinguishes entries of the same millisecond. */
export function createAudit(blobs: Blobs, now: () => number, id: () => string): AuditLog {
  const write = async (entry: Omit<AuditEntry, 'at'>) => {
    const whole = { at: new Date(now()).toISOString(), ...entry };
    const key = `${AUDIT_PREFIX}${whole.at}-${id()}.json`;
    const tag = await blobs.put(key, JSON.stringify(whole), 'absent');
    if (tag === undefined)
      throw new ReplayError(
        'RPL700',
        `The audit log ${blobs.where} already has an entry ${key}; check the source of ids.`,
      );
    return { key, tag, whole };
  };
  const read = async (keys: readonly string[]) =>
    (await readInBatches(keys, async (key) => ({ key, blob: await blobs.get(key) }))).flatMap(
      ({ key, blob }) => (blob === undefined ? [] : [withEnd(entryOf(key, blob.text), now())]),
    );
  return {
    append: async (entry) => (await write(entry)).whole,
    record: async (entry, act) => {
      const { key, tag, whole } = await write({ ...entry, result: BEGUN });
      const complete = async (result: string): Promise<void> => {
        try {
          await blobs.put(key, JSON.stringify({ ...whole, result }), { tag });
        } catch (error) {
          // The act is done, whatever becomes of its entry.
          if (!(error instanceof ReplayError)) throw error;
        }
      };
      try {
        const { result, value } = await act();
        await complete(result);
        return value;
      } catch (error) {
        await complete(`failed: ${errorMessage(error)}`);
        throw error;
      }
    },
    list: async () => read((await blobs.list(AUDIT_PREFIX)).map(({ key }) => key)),
    count: async () => (await blobs.list(AUDIT_PREFIX)).length,
    page: async (limit, before) => {
      const keys = await newestKeys(blobs, { count: limit + 1, before, now: now() });
      const shown = keys.slice(0, limit);
      const last = keys.length > limit ? shown.at(-1) : undefined;
      return {
        entries: await read(shown),
        ...(last !== undefined && { next: last.slice(AUDIT_PREFIX.length) }),
      };
    },
    prune: async (retention) => {
      const dated = (await blobs.list(AUDIT_PREFIX)).flatMap(({ key }) => {
        const at = timeInKey(key);
        return at === undefined ? [] : [{ key, at: Date.parse(at) }];
      });
      const newest = Math.min(now(), dated.at(-1)?.at ?? 0);
      const old = dated.filter(({ at }) => at < newest - retention);
      for (const { key } of old) await blobs.delete(key);
      return old.length;
    },
  };
}
