/** How the clusters of a fleet share virtual servers, from the configuration. */
import {
  fittingPart,
  fittingSettings,
  isForUdp,
  overlaySettings,
} from '../exposure/settings/compose.ts';
import { ratioBalance } from '../exposure/settings/balance.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import { parseOwner } from '../snapshot/snapshot.ts';

/** One configured fleet. */
export interface Fleet {
  readonly name: string;
  readonly mode: 'active-active' | 'ratio' | 'active-standby';
  /** In active-standby, in order of preference. */
  readonly clusters: readonly string[];
  /** Weight by cluster, 1 to 100; default 1. Only in mode ratio. */
  readonly ratio: Readonly<Record<string, number>>;
  /** Members below which the next cluster joins. Only in active-standby. */
  readonly minimumActive: number;
  /** Overrides the settings that the owners of a shared exposure request. */
  readonly settings: Partial<Settings>;
}

/** By cluster id; undefined for a cluster in no fleet. */
export type FleetOf = (cluster: string) => Fleet | undefined;

/** Whether two owners belong to different clusters of one fleet. */
export type SameFleet = (a: string, b: string) => boolean;

/** For plans without fleets: no cluster is in one. */
export const NO_FLEETS: FleetOf = () => undefined;

/** Placement of one owner's members in the fleet. */
export interface FleetPlacement {
  /** Weight relative to the fleet's other owners. */
  readonly weight?: number;
  /** BIG-IP priority group; higher groups are used first. */
  readonly priority?: number;
}

/**
 * Counted down, so that a cluster added at the end does not change the others; a change would cut
 * their connections.
 */
const FIRST_PRIORITY = 1_000;

/**
 * The weight or priority of an owner's members. The first cluster of an active-standby fleet has
 * the highest priority; a cluster without ratio has weight 1.
 */
export function fleetPlacement(fleet: Fleet | undefined, owner: OwnerKey): FleetPlacement {
  const { cluster } = parseOwner(owner);
  switch (fleet?.mode) {
    case 'ratio':
      return { weight: fleet.ratio[cluster] ?? 1 };
    case 'active-standby':
      return { priority: FIRST_PRIORITY - fleet.clusters.indexOf(cluster) };
    case 'active-active':
    case undefined:
      return {};
  }
}

/**
 * The fleet's settings for this protocol; settings that do not suit UDP are omitted, as for HTTP/3.
 */
export function fleetSettings({ settings }: Fleet, protocol: 'tcp' | 'udp'): Partial<Settings> {
  const { mode, ...rest } = settings;
  const fits = mode === 'fastl4' || (mode === 'udp') === (protocol === 'udp');
  const said = { ...rest, ...(mode !== undefined && fits ? { mode } : {}) };
  if (protocol === 'tcp') return said;
  return Object.fromEntries(
    Object.entries(said).filter(([key, value]) => isForUdp(key as keyof Settings, value)),
  );
}

/** By fleet, then by protocol and requested mode. A plan needs it for each shared exposure. */
const FITTING = new WeakMap<Fleet, Map<string, Partial<Settings>>>();

/** The settings of the fleet that the effective mode of an exposure supports. */
function fittingFleetSettings(
  fleet: Fleet,
  protocol: 'tcp' | 'udp',
  requested: Settings['mode'],
): Partial<Settings> {
  const known = FITTING.get(fleet) ?? new Map<string, Partial<Settings>>();
  FITTING.set(fleet, known);
  const key = `${protocol} ${requested}`;
  const present = known.get(key);
  if (present !== undefined) return present;
  const said = fleetSettings(fleet, protocol);
  const fitting = fittingPart(said, said.mode ?? requested);
  known.set(key, fitting);
  return fitting;
}

/** Effective settings of a shared exposure: the fleet's over those of the deciding owner. */
export function applyFleetSettings(
  requested: Settings,
  fleet: Fleet,
  where: { readonly protocol: 'tcp' | 'udp'; readonly shareNodes: boolean },
): Settings {
  const said = fittingFleetSettings(fleet, where.protocol, requested.mode);
  const { mode = requested.mode } = said;
  const settings = overlaySettings(
    mode === requested.mode ? requested : fittingSettings(requested, mode),
    said,
  );
  return fleet.mode === 'ratio'
    ? { ...settings, balance: ratioBalance(settings.balance, where.shareNodes) }
    : settings;
}
