/**
 * Node addresses that other partitions of the device use. BIG-IP accepts a node address in one
 * partition only, unless it is in /Common (as3.md §3.2). Pure.
 */
import type { Member } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';

/** A partition that uses a node address, and where it keeps its nodes. */
export interface NodeHolder {
  readonly partition: string;
  /** In /Common. */
  readonly shared: boolean;
  /** Number of its pools with members. */
  readonly pools: number;
}

/** By node address: the other partition of the device that uses it. */
export type NodesElsewhere = ReadonlyMap<string, NodeHolder>;

/** The addresses that other partitions use, and the partitions that would have to share them. */
export interface NodesInUse {
  readonly addresses: readonly string[];
  /** Partitions that use them now. */
  readonly usedIn: readonly string[];
  /** Partitions whose nodes would have to move to /Common, in order. */
  readonly moving: readonly Pick<NodeHolder, 'partition' | 'pools'>[];
}

const NONE: NodesElsewhere = new Map();

/** The node addresses of all partitions but this one. A holder with unshared nodes comes first. */
export function nodesElsewhere(
  partition: string,
  states: ReadonlyMap<string, DeclaredState>,
): NodesElsewhere {
  if (states.size < 2) return NONE;
  const nodes = new Map<string, NodeHolder>();
  for (const [other, state] of states) {
    if (other === partition) continue;
    const holder = { partition: other, shared: sharesNodes(state), pools: countPools(state) };
    for (const address of nodesOf(state))
      if (nodes.get(address)?.shared !== false) nodes.set(address, holder);
  }
  return nodes;
}

/** Nodes of a partition without members are nowhere, so it is not bound. */
export function sharesNodes(state: DeclaredState): boolean {
  return state.shareNodes === true && Object.keys(state.exposures).length > 0;
}

/** A partition, its declared state, and where it keeps its nodes. */
export interface NodePlace {
  readonly partition: string;
  /** The state of the partition. */
  readonly declared: DeclaredState;
  /** Whether its nodes are, or will be, in /Common. */
  readonly shared: boolean;
}

/** Undefined if the members can be declared there as things are. */
export function nodesInUse(
  members: readonly Pick<Member, 'address'>[],
  { partition, declared, shared }: NodePlace,
  elsewhere: NodesElsewhere,
): NodesInUse | undefined {
  const hits = [...new Set(members.map(({ address }) => address))].flatMap((address) => {
    const holder = elsewhere.get(address);
    return holder === undefined || (holder.shared && shared) ? [] : [{ address, holder }];
  });
  if (hits.length === 0) return undefined;
  const own = nodesOf(declared);
  const found = hits.filter(({ address }) => !own.has(address));
  if (found.length === 0) return undefined;
  const holders = [...new Map(found.map(({ holder }) => [holder.partition, holder])).values()];
  const here = { partition, pools: countPools(declared) };
  return {
    addresses: found.map(({ address }) => address),
    usedIn: holders.map((holder) => holder.partition),
    moving: [
      ...holders.filter((holder) => !holder.shared),
      ...(shared || Object.keys(declared.exposures).length === 0 ? [] : [here]),
    ].map(({ partition: name, pools }) => ({ partition: name, pools })),
  };
}

/** Why an exposure is held, and what its approval would interrupt. */
export function heldInWords(
  { owner, key }: { readonly owner: string; readonly key: string },
  used: NodesInUse,
): string {
  const { addresses, usedIn } = used;
  const [first = ''] = addresses;
  const which = addresses.length === 1 ? first : `${first} and ${addresses.length - 1} more`;
  return (
    `partition ${usedIn.join(' and ')} also has ${which} as ` +
    `${addresses.length === 1 ? 'a member' : 'members'}, and BIG-IP accepts a node address ` +
    `in several partitions only if its node is in /Common. ${interruptionInWords(used.moving)} ` +
    `To do this, run "sluice approve ${owner} --keys ${key}"`
  );
}

/** What a move to /Common interrupts. */
export function interruptionInWords(moving: NodesInUse['moving']): string {
  const pools = moving.reduce((sum, one) => sum + one.pools, 0);
  const names = moving.map(({ partition }) => partition).join(' and ');
  return (
    `Moving the nodes of ${names} there empties ${pools === 1 ? '1 pool' : `${pools} pools`} ` +
    'for a moment, which cuts their connections.'
  );
}

/** The node addresses of a partition. */
export function nodesOf({ exposures }: DeclaredState): ReadonlySet<string> {
  return new Set(
    Object.values(exposures).flatMap(({ contributions }) =>
      contributions.flatMap(({ members }) => members.map(({ address }) => address)),
    ),
  );
}

/** Number of pools with members. */
export function countPools({ exposures }: DeclaredState): number {
  return Object.values(exposures).filter(({ contributions }) =>
    contributions.some(({ members }) => members.length > 0),
  ).length;
}
