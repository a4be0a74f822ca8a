/** Who may have an address and port. */
import type { DeclaredExposure } from './declared.ts';
import type { Conflict } from './foreign.ts';

/** Whether two owners belong to clusters of one fleet, or to one cluster that may share. */
export type SameFleet = (a: string, b: string) => boolean;

/**
 * Members of a fleet share; otherwise the present owner keeps it. Among owners that come at the same time the oldest gateway, then
 * the name decides: the plan offers them in that order. Undefined: granted.
 */
export function lostClaim(present: DeclaredExposure | undefined, owner: string, sameFleet: SameFleet): Conflict | undefined {
  const stranger = present?.contributions.find((c) => c.owner !== owner && !sameFleet(c.owner, owner));
  if (!present || !stranger) return undefined;
  const where = `${present.address}:${present.port}/${present.protocol}`;
  return { code: 'OWN301', reason: `${where} belongs to ${stranger.owner} (${stranger.gateways.join(', ')}); choose another port or virtual address, or put the clusters in one fleet. It is taken over when they give it up` };
}
