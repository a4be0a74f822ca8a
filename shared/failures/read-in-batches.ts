/** Bounds how much of a store is read at once. */

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
