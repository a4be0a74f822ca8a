import type { Device } from './device.ts';
import { emptyConfig } from './ltm/model.ts';
import type { LtmConfig } from './ltm/model.ts';
import type { Json } from './json.ts';
import { NET_KINDS } from './net/model.ts';

/** What survives switching the device off and on, as JSON. */
export interface SavedState {
  readonly history: readonly Json[];
  readonly config: Readonly<Record<string, readonly unknown[]>>;
}

const MAPS = [
  'monitors',
  'pools',
  'nodes',
  'virtualAddresses',
  'virtuals',
  'snatPools',
  ...NET_KINDS,
] as const;

/**
 * What survives a restart: the configuration and what AS3 stored. Connections and tokens do not.
 */
export function saveState(device: Device): SavedState {
  const config = device.store.current();
  return {
    history: device.condition.stored.history,
    config: {
      partitions: [...config.partitions],
      folders: [...config.folders],
      defaultDomains: [...config.defaultDomains],
      ...Object.fromEntries(MAPS.map((kind) => [kind, [...config[kind].values()]])),
    },
  };
}

/** The configuration of a saved state; an empty one without it. */
export function configOf(state: SavedState | undefined): LtmConfig {
  if (state === undefined) return emptyConfig();
  const map = (kind: string): ReadonlyMap<string, never> =>
    new Map(
      (state.config[kind] ?? []).map((record) => [
        (record as { path: string }).path,
        record as never,
      ]),
    );
  return {
    partitions: new Set(state.config['partitions'] as readonly string[]),
    folders: new Set(state.config['folders'] as readonly string[]),
    defaultDomains: new Map((state.config['defaultDomains'] ?? []) as readonly [string, number][]),
    monitors: map('monitors'),
    pools: map('pools'),
    nodes: map('nodes'),
    virtualAddresses: map('virtualAddresses'),
    virtuals: map('virtuals'),
    snatPools: map('snatPools'),
    vxlans: map('vxlans'),
    tunnels: map('tunnels'),
    selfIps: map('selfIps'),
    routes: map('routes'),
    arps: map('arps'),
    ndps: map('ndps'),
    dataGroups: map('dataGroups'),
    routeDomains: map('routeDomains'),
  };
}
