import type { Member, Settings } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import type { OwnerKey } from '../ingress/snapshot.ts';
import type { Version } from '../revision.ts';

/** The layout of what Sluice keeps in a partition's declaration; a newer one is refused, never overwritten. */
export const DECLARED_FORMAT = 1;

/** One owner's fence in a partition. It stays after its last exposure went, so that an old event cannot bring anything back. */
export interface OwnerRecord {
  readonly version: Version;
  readonly clusterUid: string;
  readonly sender?: string | undefined;
}

/** What one owner adds to an exposure. */
export interface Contribution {
  readonly owner: OwnerKey;
  /** `namespace/name`, oldest first. */
  readonly gateways: readonly string[];
  readonly since: string;
  /** By port, then address. Members that are `out` are not declared and never stand here. */
  readonly members: readonly Member[];
}

export interface DeclaredExposure {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly settings: Settings;
  /** At least one, sorted by owner. */
  readonly contributions: readonly Contribution[];
}

/** What a partition was told: the only state that decides anything. */
export interface DeclaredState {
  readonly owners: Readonly<Record<OwnerKey, OwnerRecord>>;
  /** By `address:port/protocol`. */
  readonly exposures: Readonly<Record<string, DeclaredExposure>>;
}

export const EMPTY_STATE: DeclaredState = { owners: {}, exposures: {} };

/** Same content, whatever the order of keys; arrays keep theirs. */
export function sameContent(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with sorted keys: equal text means equal content. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** State from a list of exposures, in the one order that everything else relies on. */
export function declaredState(owners: DeclaredState['owners'], exposures: readonly DeclaredExposure[]): DeclaredState {
  const sorted = exposures.map((e) => [exposureKey(e), e] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sortedOwners = Object.entries(owners).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { owners: Object.fromEntries(sortedOwners), exposures: Object.fromEntries(sorted) };
}
