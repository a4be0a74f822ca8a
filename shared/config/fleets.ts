/** Fleets of the configuration, and the clusters that share them. */
import { settingsFromInput } from '../domain/exposure/settings/compose.ts';
import { parseOwner } from '../domain/snapshot/snapshot.ts';
import type { SameFleet, Fleet, FleetOf } from '../domain/plan/fleet.ts';
import type { FleetConfig, SluiceConfig } from './schema.ts';

/** Clusters of one fleet may share an address and port; two ingresses of one cluster may not. */
export function sharedFleet(config: SluiceConfig): SameFleet {
  const fleetOf = fleetsByCluster(config);
  return (a, b) => {
    const [x, y] = [parseOwner(a).cluster, parseOwner(b).cluster];
    return x !== y && fleetOf(x) !== undefined && fleetOf(x) === fleetOf(y);
  };
}

/** Looks up the fleet of a cluster; a cluster is in at most one. */
export function fleetsByCluster(config: SluiceConfig): FleetOf {
  const byCluster = new Map(
    config.fleets.flatMap((entry) => {
      const fleet = fleetOfEntry(entry);
      return fleet.clusters.map((cluster) => [cluster, fleet] as const);
    }),
  );
  return (cluster) => byCluster.get(cluster);
}

/** Fills in the defaults: ratio 1 for each cluster, and one active member. */
function fleetOfEntry({
  name,
  mode,
  clusters,
  ratio = {},
  minimumActive = 1,
  settings,
}: FleetConfig): Fleet {
  return { name, mode, clusters, ratio, minimumActive, settings: settingsFromInput(settings) };
}
