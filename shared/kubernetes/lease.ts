/** The Lease of a watched cluster: holder, duration and epoch. */
import { LATEST_EPOCH } from '../domain/revision.ts';
import { RELEASE_TEXT } from '../runtime/version.ts';
import type { RawObject, Resource } from './object.ts';

/** The API resource of Leases. */
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
/** Where the Lease keeps the epoch, which grows with every leader. */
const ANNOTATION = 'sluice.io/epoch';
/** Where the leader leaves what the next one cannot read again. */
const KNOWN = 'sluice.io/known';
/** Where the leader says of which release it is. */
const RELEASE = 'sluice.io/version';

/** The name of the Lease, and the holder that this process writes into it. */
export interface LeasePlace {
  /** Where the watcher may write Leases. */
  readonly namespace: string;
  /** Derived from the cluster id, so that each cluster has its own. */
  readonly name: string;
  /** Identity of this replica. */
  readonly holder: string;
}

/**
 * One Lease per watched cluster, which keeps the epoch if a process is killed or a clock is set
 * back.
 */
export function leasePlace(namespace: string, clusterId: string, holder: string): LeasePlace {
  return { namespace, name: `sluice-watch-${clusterId}`, holder };
}

/** The content of a Lease. */
export interface LeaseRecord {
  /** Empty if there is no holder. */
  readonly holder: string;
  /** Of the term of the holder; the next one is larger. */
  readonly epoch: number;
  /** Milliseconds without renewal after which the holder counts as gone. */
  readonly durationMs: number;
  /** `renewTime` as text. Others look whether it changed, because clocks differ. */
  readonly renewed: string;
  /** What the last leader left; see `handover.ts`. */
  readonly known?: string | undefined;
  /** The release of its last holder; absent if that was 0.1.0, or no release. */
  readonly version?: string;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  /** Whole seconds, as the API demands. */
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. */
  readonly renewTime?: string;
  readonly acquireTime?: string;
  readonly leaseTransitions?: number;
}

/** `fallback`: duration in milliseconds for a Lease without one. */
export function readLease(lease: RawObject, fallback: number): LeaseRecord {
  const spec = specOf(lease);
  const epoch = Number(lease.metadata.annotations?.[ANNOTATION] ?? 0);
  const version = lease.metadata.annotations?.[RELEASE] ?? '';
  return {
    holder: spec.holderIdentity ?? '',
    // An impossible epoch is not continued.
    epoch: Number.isSafeInteger(epoch) && epoch <= LATEST_EPOCH ? epoch : 0,
    durationMs:
      spec.leaseDurationSeconds === undefined ? fallback : spec.leaseDurationSeconds * 1_000,
    renewed: spec.renewTime ?? '',
    known: lease.metadata.annotations?.[KNOWN],
    ...(RELEASE_TEXT.test(version) && { version }),
  };
}

/** Milliseconds by which a clock may differ from the API server's. */
export const MAX_CLOCK_SKEW_MS = 60_000;

/**
 * The start of a new epoch: this clock, or the API server's if they differ too much. Undefined if
 * neither is plausible: the epoch then continues from the Lease and the declared versions, which
 * preserves the order.
 */
export function epochTime(own: number, server: number | undefined): number {
  const time = server === undefined || Math.abs(own - server) <= MAX_CLOCK_SKEW_MS ? own : server;
  return time >= 0 && time <= LATEST_EPOCH ? Math.round(time) : 0;
}

/** Above all earlier epochs. */
export function nextEpoch(now: number, kept: number, above = 0): number {
  return Math.max(now, kept + 1, above + 1);
}

/** What is written into the Lease. `durationMs` and `now` are in milliseconds. */
export interface LeaseWrite {
  /** Empty to give the Lease up. */
  readonly holder: string;
  /** Of the term that the holder begins or continues. */
  readonly epoch: number;
  /** How long the claim holds without a renewal. */
  readonly durationMs: number;
  /** By the clock of this process; milliseconds since 1970. */
  readonly now: number;
  /** Left to the next leader; undefined: as before. */
  readonly known?: string | undefined;
  /** The release of the holder; undefined: as before. */
  readonly version?: string | undefined;
}

/**
 * The Lease with the claim. It keeps the version that was read, so the API server refuses it after
 * a concurrent write, and two claims cannot both succeed.
 */
export function leaseWith(
  place: LeasePlace,
  before: RawObject | undefined,
  wanted: LeaseWrite,
): RawObject {
  const old = before === undefined ? {} : specOf(before);
  const time = microTime(wanted.now);
  const same =
    old.holderIdentity === wanted.holder &&
    before?.metadata.annotations?.[ANNOTATION] === String(wanted.epoch);
  const transitions = (old.leaseTransitions ?? 0) + (same || wanted.holder === '' ? 0 : 1);
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...before?.metadata,
      namespace: place.namespace,
      name: place.name,
      annotations: annotationsWith(before, wanted),
    },
    spec: {
      ...old,
      holderIdentity: wanted.holder,
      leaseDurationSeconds: Math.max(1, Math.round(wanted.durationMs / 1_000)),
      acquireTime: same ? (old.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: transitions,
    },
  };
}

/** The annotations of the Lease with the epoch and what the leader knows. */
function annotationsWith(
  before: RawObject | undefined,
  { epoch, known, version }: LeaseWrite,
): Readonly<Record<string, string>> {
  return {
    ...before?.metadata.annotations,
    [ANNOTATION]: String(epoch),
    ...(known !== undefined && { [KNOWN]: known }),
    ...(version !== undefined && { [RELEASE]: version }),
  };
}

function specOf(lease: RawObject): LeaseSpec {
  return lease['spec'] ?? {};
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
