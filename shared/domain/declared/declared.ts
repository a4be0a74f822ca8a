/** The declared state of a partition: the only state that decisions depend on. */
import type { Member } from '../exposure/exposure.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import { exposureKey } from '../exposure/exposure.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import type { Version } from '../revision.ts';
import type { Override } from './override.ts';
import type { Drain, OwnerRecord } from './owner-record.ts';

export type { OwnerRecord } from './owner-record.ts';

/** Version of the metadata format in a declaration; a newer one is refused, never overwritten. */
export const DECLARED_FORMAT = 3;

/** The part of an exposure that one owner contributes. */
export interface Contribution {
  readonly owner: OwnerKey;
  /** `namespace/name`, oldest first. */
  readonly gateways: readonly string[];
  readonly since: string;
  /** Sorted by port, then address. Members that are `out` are not declared. */
  readonly members: readonly Member[];
  /** Requested settings that differ from the effective ones; absent if none. */
  readonly wish?: Partial<Settings>;
  /** Its weight relative to the fleet's other clusters, 1 to 100; only in mode ratio. */
  readonly weight?: number;
  /** Priority group of its members, higher first; only in active-standby. */
  readonly priority?: number;
}

/** An exposure as it is on the device, with the contributions of all its owners. */
export interface DeclaredExposure {
  /** Literal, never `auto`. */
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** The effective settings, including those of the fleet. */
  readonly settings: Settings;
  /** Members below which the next priority group joins; only in active-standby. */
  readonly minimumActive?: number;
  /** At least one, sorted by owner. */
  readonly contributions: readonly Contribution[];
}

/** The declaration of a partition: the only state that decisions depend on. */
export interface DeclaredState {
  readonly owners: Readonly<Record<OwnerKey, OwnerRecord>>;
  /** By `address:port/protocol`. */
  readonly exposures: Readonly<Record<string, DeclaredExposure>>;
  /** By cluster: for owners without a record, versions up to this one are superseded. */
  readonly floors?: Readonly<Record<string, Version>>;
  /** By cluster. */
  readonly drains?: Readonly<Record<string, Drain>>;
  /** By cluster: sending time of its newest order, so that older ones change nothing. */
  readonly steered?: Readonly<Record<string, string>>;
  /**
   * By cluster: kube-system UIDs that adoptions replaced, sorted. They are adopted again only if
   * named explicitly.
   */
  readonly replaced?: Readonly<Record<string, readonly string[]>>;
  /** By exposure: manual changes that are kept. */
  readonly overrides?: Readonly<Record<string, Override>>;
  /** Whether nodes are in /Common; absent until something was declared. */
  readonly shareNodes?: boolean;
}

/** The state of a partition without a declaration. */
export const EMPTY_STATE: DeclaredState = { owners: {}, exposures: {} };

/**
 * Deep equality that ignores the order of keys and undefined fields; the order of arrays matters.
 */
export function isSameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isTree(a) || !isTree(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  let more = 0;
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue;
    if (!isSameContent(a[key], b[key])) return false;
    more += 1;
  }
  for (const key of Object.keys(b)) if (b[key] !== undefined) more -= 1;
  return more === 0;
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

/** JSON with sorted keys, so that equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(inOrder(value));
}

/** A copy with sorted keys; faster than a replacer, which JSON calls for every value. */
function inOrder(value: unknown): unknown {
  if (!isTree(value)) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, inOrder(value[key])]),
  );
}

/** The table sorted by key, like everything that is declared. */
export function sortedByKey<T>(table: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Builds a state with exposures in canonical order, on which all other code relies. */
export function declaredState(
  owners: DeclaredState['owners'],
  exposures: readonly DeclaredExposure[],
  rest: Omit<DeclaredState, 'owners' | 'exposures'> = {},
): DeclaredState {
  const byKey = Object.fromEntries(exposures.map((e) => [exposureKey(e), e] as const));
  return { owners: sortedByKey(owners), exposures: sortedByKey(byKey), ...rest };
}
