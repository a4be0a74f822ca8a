import type { Settings } from '../domain/exposure/exposure.ts';
import type { SettingsInput } from '../domain/exposure/settings/settings.ts';
import { parseOwner } from '../domain/snapshot/snapshot.ts';
import type { SameFleet } from '../domain/plan/claims.ts';
import type { Fleet, FleetOf } from '../domain/plan/fleet.ts';
import type { FleetConfig, SluiceConfig } from './schema.ts';

/** Clusters of one fleet may share address and port; two ingresses of one cluster may not. */
export function sharedFleet(config: SluiceConfig): SameFleet {
  const fleetOf = fleetsByCluster(config);
  return (a, b) => {
    const [x, y] = [parseOwner(a).cluster, parseOwner(b).cluster];
    return x !== y && fleetOf(x) !== undefined && fleetOf(x) === fleetOf(y);
  };
}

export function fleetsByCluster(config: SluiceConfig): FleetOf {
  const byCluster = new Map(
    config.fleets.flatMap((entry) => {
      const fleet = fleetOfEntry(entry);
      return fleet.clusters.map((cluster) => [cluster, fleet] as const);
    }),
  );
  return (cluster) => byCluster.get(cluster);
}

function fleetOfEntry({
  name,
  mode,
  clusters,
  ratio = {},
  minimumActive = 1,
  settings,
}: FleetConfig): Fleet {
  return { name, mode, clusters, ratio, minimumActive, settings: saidBy(settings) };
}

/** The settings that are given, as an exposure has them. */
function saidBy({ proxyProtocol, iRules, profiles, ...plain }: SettingsInput): Partial<Settings> {
  const rules =
    proxyProtocol === undefined ? iRules : [...new Set([proxyProtocol, ...(iRules ?? [])])];
  const given = {
    ...plain,
    iRules: rules,
    profiles:
      profiles &&
      Object.fromEntries(Object.entries(profiles).filter(([, path]) => path !== undefined)),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
