import type { Slice } from '../exposure/exposure.ts';

interface Removal {
  readonly key: string;
  readonly gateways: readonly string[];
}

/** So many removals go through on the word of a complete list alone, without their deletion having been seen. */
export function removalAllowance(owned: number): number {
  return Math.max(3, Math.floor(owned * 0.2));
}

/**
 * Absence must be proven: a removal counts as seen when the ingress itself was deleted, or when every gateway behind it was
 * seen to be deleted or changed. What is left goes through up to the allowance; beyond it, exactly those removals are held.
 */
export function unprovenRemovals(slice: Slice, gone: readonly Removal[], owned: number): ReadonlySet<string> {
  if (slice.removed) return new Set();
  const touched = new Set(slice.changes.filter((c) => c.what !== 'added').map((c) => `${c.namespace}/${c.name}`));
  const unseen = gone.filter((removal) => !removal.gateways.every((gateway) => touched.has(gateway)));
  return unseen.length <= removalAllowance(owned) ? new Set() : new Set(unseen.map((removal) => removal.key));
}
