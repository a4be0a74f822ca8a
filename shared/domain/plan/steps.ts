/** Splits the changes of a plan into declares. */

interface Change {
  readonly kind: string;
  readonly key: string;
}

/**
 * Removals first, so that no later part waits for an address; then changes that cost less than a
 * new exposure (`whole`), so that pods do not wait for new exposures.
 */
export function orderChanges<T extends Change>(
  changes: readonly T[],
  cost: (change: T) => number,
  whole: number,
): readonly T[] {
  const rank = (change: T): number => (change.kind === 'delete' ? 0 : cost(change) < whole ? 1 : 2);
  return changes.toSorted((a, b) => rank(a) - rank(b));
}

/** Number of changes from the start that fit into one declare of this cost; at least one. */
export function countFitting<T extends Change>(
  changes: readonly T[],
  cost: (change: T) => number,
  most: number,
): number {
  let sum = 0;
  const over = changes.findIndex((change) => (sum += cost(change)) > most);
  return over < 0 ? changes.length : Math.max(1, over);
}
