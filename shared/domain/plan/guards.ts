import { CODES } from '../codes/index.ts';
import type { Slice } from '../exposure/exposure.ts';

interface Removal {
  readonly key: string;
  readonly gateways: readonly string[];
}

export interface Held {
  readonly code: string;
  readonly reason: string;
}

/** So many removals go through on the word of a complete list alone, without their deletion having been seen. */
export function removalAllowance(owned: number): number {
  return Math.max(3, Math.floor(owned * 0.2));
}

/** Which removals do not go through, and why; an ingress that was deleted as a whole takes everything with it. */
export function heldRemovals(slice: Slice, gone: readonly Removal[], owned: number): ReadonlyMap<string, Held> {
  if (slice.removed) return new Map();
  const mistaken = mistakes(slice, gone);
  const unproven = unprovenRemovals(slice, gone.filter((removal) => !mistaken.has(removal.key)), owned);
  return new Map([...mistaken, ...unproven]);
}

/** A mistake in an annotation or ConfigMap must not take down what ran before it was made. */
function mistakes(slice: Slice, gone: readonly Removal[]): ReadonlyMap<string, Held> {
  const faults = new Map(slice.servers.filter((s) => CODES[s.code]?.keepsRunning).map((s) => [s.gateway, s] as const));
  return new Map(
    gone.flatMap(({ key, gateways }) => {
      const fault = gateways.map((gateway) => faults.get(gateway)).find((report) => report !== undefined);
      return fault ? [[key, { code: fault.code, reason: `kept as it was last accepted, because ${fault.gateway} port ${fault.port} asks for something unusable: ${fault.reason}` }] as const] : [];
    }),
  );
}

/**
 * Absence must be proven: a removal counts as seen when every gateway behind it was seen to be deleted or changed. What is left goes
 * through up to the allowance; beyond it, exactly those removals are held.
 */
function unprovenRemovals(slice: Slice, gone: readonly Removal[], owned: number): ReadonlyMap<string, Held> {
  const touched = new Set(slice.changes.filter((c) => c.what !== 'added').map((c) => `${c.namespace}/${c.name}`));
  const unseen = gone.filter((removal) => !removal.gateways.every((gateway) => touched.has(gateway)));
  if (unseen.length <= removalAllowance(owned)) return new Map();
  const held: Held = { code: 'OWN310', reason: `not seen to be deleted, and ${unseen.length} of ${owned} exposures would go at once; apply and delete the gateways again to prove it` };
  return new Map(unseen.map((removal) => [removal.key, held]));
}
