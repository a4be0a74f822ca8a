import { parseOwner } from '../domain/ingress/snapshot.ts';
import type { SameFleet } from '../domain/plan/claims.ts';
import type { SluiceConfig } from './schema.ts';

/** Clusters of one fleet may share address and port; two ingresses of one cluster may not. */
export function sharedFleet(config: SluiceConfig): SameFleet {
  const fleetOf = new Map(config.fleets.flatMap((fleet) => fleet.clusters.map((cluster) => [cluster, fleet.name] as const)));
  return (a, b) => {
    const [x, y] = [parseOwner(a).cluster, parseOwner(b).cluster];
    return x !== y && fleetOf.get(x) !== undefined && fleetOf.get(x) === fleetOf.get(y);
  };
}
