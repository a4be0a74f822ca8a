/** Members that are out of rotation, so that their removal may wait a little (decision 79). */
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import type { LiveNode } from '../express/node.ts';
import { clusterOfOwner } from '../text/owners.ts';
import type { Slice } from '../exposure/exposure.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';

/**
 * Addresses of the members that drain. Empty where no removal may wait: a watcher that cannot be
 * told (it sends no `settledSince`), or nodes in /Common, which others use as well.
 */
export function drainingIn(
  { settledSince, exposures }: Pick<Slice, 'settledSince' | 'exposures'>,
  { shareNodes }: Pick<DeclaredState, 'shareNodes'>,
): ReadonlySet<string> {
  if (settledSince === undefined || shareNodes === true) return new Set();
  return new Set(
    exposures.flatMap(({ members }) =>
      members.flatMap(({ availability, address }) =>
        availability === 'draining' ? [address] : [],
      ),
    ),
  );
}

/**
 * Addresses of the members that drain, if no client reaches any of them: empty otherwise, because
 * the watcher does not know which addresses of a pod are members. `state`: the partition as
 * declared, in which such a member may still be ready; `nodes`: as they are since then.
 */
export function outOfRotation(
  slice: Pick<Slice, 'owner' | 'settledSince' | 'exposures'>,
  state: DeclaredState,
  nodes: readonly LiveNode[],
): readonly string[] {
  const { owner } = slice;
  const draining = drainingIn(slice, state);
  const isDraining = ({ address }: { readonly address: string }): boolean => draining.has(address);
  const live = new Map(nodes.map((node) => [node.address, node]));
  const isOut = (address: string): boolean => {
    const node = live.get(address);
    return (
      node !== undefined &&
      node.availability !== 'ready' &&
      node.stamp?.cluster === clusterOfOwner(owner)
    );
  };
  const staysIn = ({ members }: Slice['exposures'][number]): boolean =>
    members.some((member) => isDraining(member) && member.availability === 'ready');
  const users = Object.entries(state.exposures).filter(([, { contributions }]) =>
    contributions.some(({ members }) => members.some(isDraining)),
  );
  const mayWait =
    [...draining].every(isOut) &&
    !slice.exposures.some(staysIn) &&
    users.every(([key, one]) => !mayPersist(state, key, one) && isOnlyOf(owner, one, draining));
  return mayWait ? [...draining].sort() : [];
}

/**
 * Whether clients may get to a node that drains: by persistence, which an iRule, an LTM policy or a
 * kept manual change may have added.
 */
function mayPersist(
  { overrides }: DeclaredState,
  key: string,
  { settings }: DeclaredExposure,
): boolean {
  const { persistence, iRules, policyEndpoint = [] } = settings;
  const adds = [...persistence, ...iRules, ...policyEndpoint];
  return adds.length > 0 || overrides?.[key] !== undefined;
}

/** Whether no other owner has a member at these addresses in the exposure. */
function isOnlyOf(
  owner: OwnerKey,
  { contributions }: DeclaredExposure,
  addresses: ReadonlySet<string>,
): boolean {
  return contributions.every(
    (one) => one.owner === owner || !one.members.some(({ address }) => addresses.has(address)),
  );
}
