/**
 * Node ratios in fleets of mode ratio. A cluster's weight is independent of its number of members,
 * so each of its nodes gets the weight divided by their number. It is set at the node, because AS3
 * changes a member by deleting it and never reads the ratio of a node. Pure.
 */
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import { drainAvailability } from './node.ts';

/**
 * BIG-IP's maximum ratio, assigned to the largest share, so that a pod of any other owner changes
 * only that owner's nodes.
 */
const MAX_RATIO = 100;

/**
 * By address. Owners that share a virtual server, directly or indirectly, are weighed against each
 * other; if all shares are equal, the ratio is 1. Empty for nodes shared by partitions, which are
 * not written.
 */
export function nodeRatios(state: DeclaredState): ReadonlyMap<string, number> {
  if (state.shareNodes === true) return new Map();
  const shared = Object.values(state.exposures).filter(isWeighed);
  if (shared.length === 0) return new Map();
  const ready = readyAddresses(state, shared);
  const given = groupsOf(shared).flatMap((group) =>
    weighed([...group].sort().flatMap((owner) => ready.get(owner) ?? [])),
  );
  // An address with two owners gets the ratio of the first.
  return new Map(given.toReversed());
}

/**
 * Ratios of addresses: a cluster's weight is divided among its members, and scaled so that the
 * largest share is MAX_RATIO. Equal shares are 1. BIG-IP accepts no ratio below 1.
 */
function weighed(owners: readonly Ready[]): readonly (readonly [string, number])[] {
  const serving = owners
    .filter(({ addresses }) => addresses.size > 0)
    .map(({ weight, addresses }) => ({
      addresses: [...addresses],
      share: weight / addresses.size,
    }));
  const largest = Math.max(...serving.map(({ share }) => share));
  const isEven = serving.every(({ share }) => share === largest);
  return serving.flatMap(({ addresses, share }) =>
    addresses.map(
      (address) =>
        [address, isEven ? 1 : Math.max(1, Math.round((share / largest) * MAX_RATIO))] as const,
    ),
  );
}

function isWeighed({ contributions }: DeclaredExposure): boolean {
  return contributions.length > 1 && contributions.every((c) => c.weight !== undefined);
}

/** The members of one owner that are ready, and its weight in the fleet. */
interface Ready {
  readonly weight: number;
  readonly addresses: ReadonlySet<string>;
}

/** Ready addresses by owner. */
function readyAddresses(
  state: DeclaredState,
  shared: readonly DeclaredExposure[],
): ReadonlyMap<string, Ready> {
  const found = new Map<string, { readonly weight: number; readonly addresses: Set<string> }>();
  for (const { owner, weight = 1, members } of shared.flatMap((e) => e.contributions)) {
    const known = found.get(owner) ?? { weight, addresses: new Set<string>() };
    found.set(owner, known);
    if (drainAvailability(state, owner) !== undefined) continue;
    for (const member of members)
      if (member.availability === 'ready') known.addresses.add(member.address);
  }
  return found;
}

/** Groups of owners connected by shared exposures. */
function groupsOf(shared: readonly DeclaredExposure[]): readonly ReadonlySet<string>[] {
  const groupOf = new Map<string, Set<string>>();
  for (const { contributions } of shared) {
    const owners = contributions.map((c) => c.owner);
    const known = new Set(
      owners.map((owner) => groupOf.get(owner)).filter((group) => group !== undefined),
    );
    const [first] = known;
    if (first && known.size === 1 && owners.every((owner) => groupOf.get(owner) === first))
      continue;
    const merged = new Set([...owners, ...[...known].flatMap((group) => [...group])]);
    for (const owner of merged) groupOf.set(owner, merged);
  }
  return [...new Set(groupOf.values())];
}
