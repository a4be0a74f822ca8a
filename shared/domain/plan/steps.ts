/** Splits the changes of a plan into declares. */

/**
 * What decides about the step of a change: whole exposures cost more of AS3's script than members.
 */
interface Change {
  readonly kind: string;
  readonly key: string;
  readonly membersOnly?: boolean;
}

/**
 * Members first: pods wait for them, and any step before a drain would enable its node again,
 * because it has the new version, but the members as they were. Then removals, so that no later
 * part waits for an address, and changes that cost less than a new exposure (`whole`).
 */
export function orderChanges<T extends Change>(
  changes: readonly T[],
  cost: (change: T) => number,
  whole: number,
): readonly T[] {
  const rank = (change: T): number => {
    if (change.membersOnly === true) return 0;
    if (change.kind === 'delete') return 1;
    return cost(change) < whole ? 2 : 3;
  };
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
