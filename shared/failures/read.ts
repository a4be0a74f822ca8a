/** Reads what the store contains: many items, and texts that another version may have written. */

/** Bounds how much of a store is in memory, and how many requests S3 has to answer at once. */
const MAX_PARALLEL_READS = 32;

/** Reads all items, a bounded number of them at once; results are in the order of the items. */
export async function readInBatches<T, R>(
  items: readonly T[],
  read: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += MAX_PARALLEL_READS)
    results.push(...(await Promise.all(items.slice(i, i + MAX_PARALLEL_READS).map(read))));
  return results;
}

/** Undefined if the text is no JSON: what another version wrote counts as absent. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
