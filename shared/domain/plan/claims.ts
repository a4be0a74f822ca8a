/** Decides which owner may have an address and port. */
import type { OwnerKey } from '../snapshot/snapshot.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import type { DeclaredExposure } from '../declared/declared.ts';
import type { SameFleet } from './fleet.ts';
import type { AddressConflict } from './foreign.ts';
import { stayingOwners } from './shared-exposure.ts';

/**
 * Members of a fleet share; otherwise the current owner keeps it. Among simultaneous requests the
 * oldest gateway wins, then the first by name: the plan offers them in this order. Undefined:
 * granted.
 */
export function lostClaim(
  present: DeclaredExposure | undefined,
  owner: OwnerKey,
  sameFleet: SameFleet,
): AddressConflict | undefined {
  const stranger =
    present &&
    stayingOwners(present.contributions, sameFleet).find(
      (c) => c.owner !== owner && !sameFleet(c.owner, owner),
    );
  if (!present || !stranger) return undefined;
  const where = `${present.address}:${present.port}/${present.protocol}`;
  const isNeighbour = parseOwner(stranger.owner).cluster === parseOwner(owner).cluster;
  const remedy = isNeighbour
    ? 'choose another port or virtual address, because two ingresses of one cluster cannot share them'
    : 'choose another port or virtual address, or put the clusters in one fleet';
  return {
    code: 'OWN301',
    reason:
      `${where} belongs to ${stranger.owner} (${stranger.gateways.join(', ')}); ${remedy}. ` +
      'The exposure takes over when the owner releases it',
  };
}
