/** How the clusters of a fleet share virtual servers, as the configuration says it. */
import { fittingSettings, isForUdp, overlaySettings } from '../exposure/settings/compose.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import { parseOwner } from '../snapshot/snapshot.ts';

export interface Fleet {
  readonly name: string;
  readonly mode: 'active-active' | 'ratio' | 'active-standby';
  /** In active-standby the order of preference. */
  readonly clusters: readonly string[];
  /** By cluster, 1 to 100; 1 where absent. Only in mode ratio. */
  readonly ratio: Readonly<Record<string, number>>;
  /** Members below which the next cluster joins. Only in active-standby. */
  readonly minimumActive: number;
  /** Decides over whatever the owners of a shared exposure wish. */
  readonly settings: Partial<Settings>;
}

/** By cluster id; undefined for a cluster in no fleet. */
export type FleetOf = (cluster: string) => Fleet | undefined;

/** Whether two owners belong to different clusters of one fleet. */
export type SameFleet = (a: string, b: string) => boolean;

export const NO_FLEETS: FleetOf = () => undefined;

/** What the fleet makes of one owner's members. */
export interface FleetPlacement {
  /** Share of the connections against the fleet's other owners. */
  readonly weight?: number;
  /** BIG-IP's priority group: the higher is used first. */
  readonly priority?: number;
}

/** Counted down, so that a cluster that is added at the end leaves the others as they are: an edit would cut their connections. */
const FIRST = 1_000;

export function fleetPlacement(fleet: Fleet | undefined, owner: OwnerKey): FleetPlacement {
  const { cluster } = parseOwner(owner);
  switch (fleet?.mode) {
    case 'ratio':
      return { weight: fleet.ratio[cluster] ?? 1 };
    case 'active-standby':
      return { priority: FIRST - fleet.clusters.indexOf(cluster) };
    case 'active-active':
    case undefined:
      return {};
  }
}

type Balance = Settings['balance'];

/** Methods that send a connection where there are few: with a ratio that is few for its ratio. */
const BY_LOAD: ReadonlySet<Balance> = new Set<Balance>([
  'least-connections-member',
  'least-connections-node',
  'weighted-least-connections-member',
  'weighted-least-connections-node',
  'ratio-least-connections-member',
  'ratio-least-connections-node',
  'least-sessions',
]);
const BY_RATIO: ReadonlySet<Balance> = new Set<Balance>([
  'ratio-member',
  'ratio-node',
  'round-robin',
]);

/** Whether mode ratio can stand for this method; all others weigh members by what only the device measures. */
export function supportsRatio(balance: Balance): boolean {
  return BY_LOAD.has(balance) || BY_RATIO.has(balance);
}

/** The method that honours the ratio. It stands at the nodes, whose ratio AS3 never edits; in /Common, where nothing is written, at the members. */
export function ratioBalance(wished: Balance, shareNodes: boolean): Balance {
  if (BY_LOAD.has(wished))
    return shareNodes ? 'ratio-least-connections-member' : 'ratio-least-connections-node';
  return shareNodes ? 'ratio-member' : 'ratio-node';
}

/** What the fleet's settings say of an exposure of this protocol; what does not fit UDP is left out there, as for HTTP/3 beside HTTPS. */
export function fleetSettings({ settings }: Fleet, protocol: 'tcp' | 'udp'): Partial<Settings> {
  const { mode, ...rest } = settings;
  const fits = mode === 'fastl4' || (mode === 'udp') === (protocol === 'udp');
  const said = { ...rest, ...(mode !== undefined && fits ? { mode } : {}) };
  if (protocol === 'tcp') return said;
  return Object.fromEntries(
    Object.entries(said).filter(([key, value]) => isForUdp(key as keyof Settings, value)),
  );
}

/** Settings of a shared exposure: the fleet's own words over those of the owner that decides. */
export function applyFleetSettings(
  wished: Settings,
  fleet: Fleet,
  where: { readonly protocol: 'tcp' | 'udp'; readonly shareNodes: boolean },
): Settings {
  const settings = overlaySettings(wished, fleetSettings(fleet, where.protocol));
  const fitting =
    settings.mode === wished.mode ? settings : fittingSettings(settings, settings.mode);
  const { balance } = settings;
  return fleet.mode === 'ratio'
    ? { ...fitting, balance: ratioBalance(balance, where.shareNodes) }
    : fitting;
}
