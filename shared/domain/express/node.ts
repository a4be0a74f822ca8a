/** A BIG-IP node: the address of pool members, common to all pools. */
import type { Availability } from '../exposure/exposure.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import type { Drain } from '../declared/owner-record.ts';
import type { NodeStamp } from './stamp.ts';
import { clusterOfOwner } from '../text/owners.ts';

/** A node as read from the device. */
export interface LiveNode {
  readonly name: string;
  readonly address: string;
  /** `draining`: session disabled; `out`: forced down. */
  readonly availability: Availability;
  readonly stamp?: NodeStamp | undefined;
  /** Ratio of the node; 1 by default. */
  readonly ratio?: number;
}

/** One request, so that state, stamp and ratio are written atomically. */
export interface NodeWrite {
  readonly name: string;
  readonly address: string;
  readonly availability: Availability;
  readonly stamp: NodeStamp;
  /** Default: unchanged. */
  readonly ratio?: number;
}

/** One declared member at an address. */
export interface NodeUse {
  readonly owner: OwnerKey;
  readonly availability: Availability;
}

/** All declared uses of every address of a partition; an owner counts once per availability. */
export function usesByAddress(state: DeclaredState): ReadonlyMap<string, readonly NodeUse[]> {
  const uses = new Map<string, Map<string, NodeUse>>();
  for (const { owner, member } of Object.values(state.exposures).flatMap(declaredMembers)) {
    const availability = lessAvailable(member.availability, drainAvailability(state, owner));
    const known = uses.get(member.address) ?? new Map<string, NodeUse>();
    known.set(`${owner} ${availability}`, { owner, availability });
    uses.set(member.address, known);
  }
  return new Map([...uses].map(([address, found]) => [address, [...found.values()]]));
}

const BY_MODE = { drain: 'draining', out: 'out' } as const satisfies Record<
  Drain['mode'],
  Availability
>;

/** The state to which an order took the whole cluster out; undefined if none. */
export function drainAvailability(
  state: Pick<DeclaredState, 'drains'>,
  owner: OwnerKey,
): Exclude<Availability, 'ready'> | undefined {
  const drain = state.drains?.[clusterOfOwner(owner)];
  return drain && BY_MODE[drain.mode];
}

/** How far out of rotation; a higher rank is less available. */
const RANK: Readonly<Record<Availability, number>> = { ready: 0, draining: 1, out: 2 };

/** The less available of two states. */
export function lessAvailable(a: Availability, b: Availability | undefined): Availability {
  return b !== undefined && RANK[b] > RANK[a] ? b : a;
}

function declaredMembers(exposure: DeclaredExposure): readonly {
  readonly owner: OwnerKey;
  readonly member: { readonly address: string; readonly availability: Availability };
}[] {
  return exposure.contributions.flatMap(({ owner, members }) =>
    members.map((member) => ({ owner, member })),
  );
}
