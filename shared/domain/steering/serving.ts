/** Which clusters would serve an exposure without a given cluster. */
import { parseOwner } from '../snapshot/snapshot.ts';
import type { DeclaredState } from '../declared/declared.ts';

/** What decides who serves: declared members, and drains. */
type Served = Pick<DeclaredState, 'exposures' | 'drains'>;

/**
 * By cluster: keys of the exposures that no other cluster would serve. Another cluster counts if it
 * is usable, not drained, and has a ready member.
 */
export function servedAlone(
  { exposures, drains }: Served,
  isUsable: (cluster: string) => boolean = () => true,
): ReadonlyMap<string, readonly string[]> {
  const alone = new Map<string, string[]>();
  for (const [key, { contributions }] of Object.entries(exposures)) {
    const parts = contributions
      .filter(({ members }) => members.length > 0)
      .map(({ owner, members }) => ({ cluster: parseOwner(owner).cluster, members }));
    const serving = new Set(
      parts
        .filter(
          ({ cluster, members }) =>
            drains?.[cluster] === undefined &&
            isUsable(cluster) &&
            members.some((m) => m.availability === 'ready'),
        )
        .map(({ cluster }) => cluster),
    );
    for (const cluster of new Set(parts.map((part) => part.cluster))) {
      const others = serving.size - Number(serving.has(cluster));
      if (others > 0) continue;
      const known = alone.get(cluster);
      if (known) known.push(key);
      else alone.set(cluster, [key]);
    }
  }
  return alone;
}

/** Keys of the exposures that only this cluster serves. */
export function servedOnlyBy(
  state: Served,
  cluster: string,
  isUsable?: (cluster: string) => boolean,
): readonly string[] {
  return servedAlone(state, isUsable).get(cluster) ?? [];
}
