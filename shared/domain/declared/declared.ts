import type { Member } from '../exposure/exposure.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import { exposureKey } from '../exposure/exposure.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import type { Version } from '../revision.ts';
import type { Override } from './override.ts';
import type { Drain, OwnerRecord } from './owner-record.ts';

export type { OwnerRecord } from './owner-record.ts';

/** The layout of what Sluice keeps in a partition's declaration; a newer one is refused, never overwritten. */
export const DECLARED_FORMAT = 3;

/** What one owner adds to an exposure. */
export interface Contribution {
  readonly owner: OwnerKey;
  /** `namespace/name`, oldest first. */
  readonly gateways: readonly string[];
  readonly since: string;
  /** By port, then address. Members that are `out` are not declared and never stand here. */
  readonly members: readonly Member[];
  /** What its owner wishes otherwise than the settings that hold; absent where nothing. */
  readonly wish?: Partial<Settings>;
  /** Its share against the fleet's other clusters, 1 to 100; only in mode ratio. */
  readonly weight?: number;
  /** Priority group of its members, the higher first; only in active-standby. */
  readonly priority?: number;
}

export interface DeclaredExposure {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Those that hold, the fleet's included. */
  readonly settings: Settings;
  /** Members below which the next priority group joins; only in active-standby. */
  readonly minimumActive?: number;
  /** At least one, sorted by owner. */
  readonly contributions: readonly Contribution[];
}

/** What a partition was told: the only state that decides anything. */
export interface DeclaredState {
  readonly owners: Readonly<Record<OwnerKey, OwnerRecord>>;
  /** By `address:port/protocol`. */
  readonly exposures: Readonly<Record<string, DeclaredExposure>>;
  /** By cluster: versions up to this one are known to be over for every owner without a record. */
  readonly floors?: Readonly<Record<string, Version>>;
  /** By cluster. */
  readonly drains?: Readonly<Record<string, Drain>>;
  /** By cluster: when the newest order about it was sent, so that an older one, late or repeated, changes nothing. */
  readonly steered?: Readonly<Record<string, string>>;
  /** By cluster: kube-system UIDs that others were adopted in place of, sorted; none of them is adopted again unless it is named. */
  readonly replaced?: Readonly<Record<string, readonly string[]>>;
  /** By exposure: what was changed on the device by hand and is kept. */
  readonly overrides?: Readonly<Record<string, Override>>;
  /** Whether nodes stand in /Common; absent until something was declared. */
  readonly shareNodes?: boolean;
}

export const EMPTY_STATE: DeclaredState = { owners: {}, exposures: {} };

/** Same content, whatever the order of keys; arrays keep theirs, and what is undefined is absent. */
export function isSameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isTree(a) || !isTree(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = keysOf(a);
  return keys.length === keysOf(b).length && keys.every((key) => isSameContent(a[key], b[key]));
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function keysOf(tree: Tree): readonly string[] {
  return Object.keys(tree).filter((key) => tree[key] !== undefined);
}

/** JSON with sorted keys: equal text means equal content. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The same table sorted by key, as everything is that is declared. */
export function sortedByKey<T>(table: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** State from a list of exposures, in the one order that everything else relies on. */
export function declaredState(
  owners: DeclaredState['owners'],
  exposures: readonly DeclaredExposure[],
  rest: Omit<DeclaredState, 'owners' | 'exposures'> = {},
): DeclaredState {
  const byKey = Object.fromEntries(exposures.map((e) => [exposureKey(e), e] as const));
  return { owners: sortedByKey(owners), exposures: sortedByKey(byKey), ...rest };
}
