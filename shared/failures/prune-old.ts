/** How what people left goes away in time, by one rule for every part of the store. */
import type { Blobs } from './blobs.ts';
import { readInBatches } from './read.ts';

/** What is removed. */
export interface OldBlobs {
  readonly prefix: string;
  /** Milliseconds since 1970. */
  readonly before: number;
  /** The age as the content tells it; undefined: another version wrote it. */
  readonly timeIn: (text: string) => number | undefined;
}

/**
 * Removes blobs from before `before`. One that another version wrote counts from its last write: a
 * newer version may still need it, and nobody needs it for ever. Resolves with their number.
 */
export async function pruneOld(
  blobs: Blobs,
  { prefix, before, timeIn }: OldBlobs,
): Promise<number> {
  const entries = await blobs.list(prefix);
  const found = await readInBatches(entries, async ({ key, written }) => {
    const blob = await blobs.get(key);
    return { key, at: blob === undefined ? Infinity : (timeIn(blob.text) ?? written) };
  });
  const old = found.filter(({ at }) => at < before);
  for (const { key } of old) await blobs.delete(key);
  return old.length;
}
