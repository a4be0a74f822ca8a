/** A BIG-IP node: the address behind pool members, in all pools at once. */
import type { Availability } from '../exposure/exposure.ts';
import type { OwnerKey } from '../ingress/snapshot.ts';
import type { DeclaredExposure, DeclaredState } from '../plan/declared.ts';
import type { Stamp } from './stamp.ts';
import { clusterOf } from './stamp.ts';

export interface LiveNode {
  readonly name: string;
  readonly address: string;
  /** `draining`: session disabled; `out`: forced down. */
  readonly availability: Availability;
  readonly stamp?: Stamp | undefined;
  /** Of the node, 1 where nobody gave it another. */
  readonly ratio?: number;
}

/** One request: state, stamp and ratio go together or not at all. */
export interface NodeWrite {
  readonly name: string;
  readonly address: string;
  readonly availability: Availability;
  readonly stamp: Stamp;
  /** Absent: as it is. */
  readonly ratio?: number;
}

/** One declared member at an address. */
export interface Use {
  readonly owner: OwnerKey;
  readonly availability: Availability;
}

/** Every declared use of every address of a partition; the same owner counts once for each availability. */
export function usesByAddress(state: DeclaredState): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Map<string, Use>>();
  for (const { owner, member } of Object.values(state.exposures).flatMap(declaredMembers)) {
    const availability = drainedTo(state, owner) ?? member.availability;
    const known = uses.get(member.address) ?? new Map<string, Use>();
    known.set(`${owner} ${availability}`, { owner, availability });
    uses.set(member.address, known);
  }
  return new Map([...uses].map(([address, found]) => [address, [...found.values()]]));
}

/** Somebody drains the whole cluster, whatever Kubernetes says of its members. */
export function isDrained(state: DeclaredState, owner: OwnerKey): boolean {
  return drainedTo(state, owner) !== undefined;
}

function drainedTo(state: DeclaredState, owner: OwnerKey): Availability | undefined {
  const drain = state.drains?.[clusterOf(owner)];
  return drain && (drain.mode === 'out' ? 'out' : 'draining');
}

function declaredMembers(exposure: DeclaredExposure): readonly { readonly owner: OwnerKey; readonly member: { readonly address: string; readonly availability: Availability } }[] {
  return exposure.contributions.flatMap(({ owner, members }) => members.map((member) => ({ owner, member })));
}
