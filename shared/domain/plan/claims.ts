import type { DeclaredExposure } from './declared.ts';

/** Whether two owners belong to clusters of one fleet, or to one cluster that may share. */
export type SameFleet = (a: string, b: string) => boolean;

export type Claim = { readonly granted: true } | { readonly granted: false; readonly reason: string };

/**
 * Who may have address:port. Members of a fleet share; otherwise the present owner keeps it.
 * Among owners that come at the same time the oldest gateway, then the name decides: the plan offers them in that order.
 */
export function settleClaim(present: DeclaredExposure | undefined, owner: string, sameFleet: SameFleet): Claim {
  const stranger = present?.contributions.find((c) => c.owner !== owner && !sameFleet(c.owner, owner));
  if (!present || !stranger) return { granted: true };
  const where = `${present.address}:${present.port}/${present.protocol}`;
  return { granted: false, reason: `${where} belongs to ${stranger.owner} (${stranger.gateways.join(', ')}); choose another port or virtual address, or put the clusters in one fleet` };
}
