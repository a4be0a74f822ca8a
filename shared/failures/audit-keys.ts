/** Finds the newest entries of the audit log, which keeps more than a year, by their names. */
import * as z from 'zod';
import type { Blobs } from './blobs.ts';

/** Prefix of the entries in the failure store. */
export const AUDIT_PREFIX = 'audit/';

const HOUR_MS = 3_600_000;
/** How much further back each listing reaches than the one before it. */
const GROWTH = 4;
/** Then all the rest is listed: entries stay for 400 days. */
const MAX_MS = 400 * 24 * HOUR_MS;

const textOf = (ms: number): string => new Date(ms).toISOString();

/** The time in a name; undefined for a file that somebody put there. */
export function timeInKey(key: string): string | undefined {
  const at = key.slice(AUDIT_PREFIX.length, AUDIT_PREFIX.length + new Date(0).toISOString().length);
  return z.iso.datetime().safeParse(at).data;
}

/** Which names are wanted. */
export interface WantedKeys {
  readonly count: number;
  /** Only those that sort before this name. */
  readonly before?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Newest first: all names of the newest hours, until there are `count` of them. The hours that are
 * looked at grow each time, so that a busy log lists little more than a page, and a quiet one needs
 * about ten listings at most.
 */
export async function newestKeys(
  blobs: Blobs,
  { count, before, now }: WantedKeys,
): Promise<readonly string[]> {
  const found: string[] = [];
  let upper = before === undefined ? undefined : `${AUDIT_PREFIX}${before}`;
  const newest = Date.parse((upper && timeInKey(upper)) ?? textOf(now));
  let from = Math.min(newest, now) - HOUR_MS;
  for (let span = HOUR_MS; ; span *= GROWTH) {
    const after = span > MAX_MS ? undefined : `${AUDIT_PREFIX}${textOf(from)}`;
    const entries = await blobs.list(AUDIT_PREFIX, { after, before: upper });
    found.push(...entries.map(({ key }) => key).toReversed());
    if (found.length >= count || after === undefined) return found;
    // The next name after it, so that a file of just this name is shown, too.
    const next = `${after}\0`;
    if (upper === undefined || next < upper) upper = next;
    from -= span * GROWTH;
  }
}
