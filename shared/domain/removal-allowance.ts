/**
 * Number of removals allowed without an observed deletion, because they are missing from a complete
 * list.
 */
export function removalAllowance(owned: number): number {
  return Math.max(3, Math.floor(owned * 0.2));
}
