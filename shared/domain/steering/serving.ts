/** Who would go on serving if a cluster went. */
import { parseOwner } from '../ingress/snapshot.ts';
import type { Contribution, DeclaredState } from '../plan/declared.ts';

/** Keys of the exposures that this cluster serves and no other one would: another counts if it is usable, not drained, and has a member that takes connections. */
export function servedOnlyBy(state: Pick<DeclaredState, 'exposures' | 'drains'>, cluster: string, isUsable: (cluster: string) => boolean = () => true): readonly string[] {
  const serves = ({ owner, members }: Contribution): boolean => {
    const other = parseOwner(owner).cluster;
    return other !== cluster && state.drains?.[other] === undefined && isUsable(other) && members.some((m) => m.availability === 'ready');
  };
  const has = ({ owner, members }: Contribution): boolean => parseOwner(owner).cluster === cluster && members.length > 0;
  return Object.entries(state.exposures).flatMap(([key, { contributions }]) => (contributions.some(has) && !contributions.some(serves) ? [key] : []));
}
