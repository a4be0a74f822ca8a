/** The removal guard: a removal must be proven. */
import { CODES } from '../codes/index.ts';
import { removalAllowance } from '../removal-allowance.ts';
import { provesRemoval } from '../snapshot/snapshot.ts';
import type { Slice } from '../exposure/exposure.ts';
import type { OwnedExposure } from './draft.ts';
import type { HeldRemoval } from './plan-entry.ts';
import { changeId } from './plan-entry.ts';

/** Removals that are allowed besides those that the slice proves. */
export interface RemovalPermits {
  /** Number of exposures declared for the owner. */
  readonly owned: number;
  readonly approved: ReadonlySet<string>;
  /** Partitions of the device that cannot be written, with the reason. */
  readonly closed: ReadonlyMap<string, HeldRemoval>;
  /** Removals whose new place cannot take them yet, by `changeId`. */
  readonly waiting?: ReadonlyMap<string, HeldRemoval>;
}

/**
 * Whether everything is removed: the deletion of the ingress was observed, or the configuration
 * removed it from this device.
 */
export function leavesDevice(slice: Pick<Slice, 'removed' | 'device' | 'devices'>): boolean {
  return slice.removed || !slice.devices.includes(slice.device);
}

/** The removals that are held, with the reason. */
export function heldRemovals(
  slice: Slice,
  gone: readonly OwnedExposure[],
  permits: RemovalPermits,
): ReadonlyMap<string, HeldRemoval> {
  if (leavesDevice(slice)) return new Map();
  const kept = new Map([
    ...mistakes(slice, gone),
    ...stuckMoves(slice, gone, permits.closed),
    ...waitingMoves(slice, gone, permits.waiting),
  ]);
  return new Map([
    ...kept,
    ...unprovenRemovals(
      slice,
      gone.filter((removal) => !kept.has(removal.key)),
      permits,
    ),
  ]);
}

/** A mistake in an annotation or ConfigMap must not remove an exposure that was running before. */
function mistakes(slice: Slice, gone: readonly OwnedExposure[]): ReadonlyMap<string, HeldRemoval> {
  const faults = new Map(
    slice.servers.filter((s) => CODES[s.code]?.keepsRunning).map((s) => [s.gateway, s] as const),
  );
  return new Map(
    gone.flatMap(({ key, gateways }) => {
      const fault = gateways
        .map((gateway) => faults.get(gateway))
        .find((report) => report !== undefined);
      return fault
        ? [
            [
              key,
              {
                code: fault.code,
                reason:
                  `kept as last accepted, because ${fault.gateway} port ${fault.port} has an ` +
                  `invalid request: ${fault.reason}`,
              },
            ] as const,
          ]
        : [];
    }),
  );
}

/** An exposure that cannot be created at its new place is not removed from the old one. */
function stuckMoves(
  slice: Slice,
  gone: readonly OwnedExposure[],
  closed: RemovalPermits['closed'],
): ReadonlyMap<string, HeldRemoval> {
  return new Map(
    gone.flatMap((removal) => {
      const why = closed.get(moveTarget(slice, removal)?.partition ?? '');
      return why
        ? [
            [
              removal.key,
              {
                code: why.code,
                reason: `kept in place, because the partition it moves to cannot be written: ${why.reason}`,
              },
            ] as const,
          ]
        : [];
    }),
  );
}

/** An exposure that waits at its new place stays at the old one. */
function waitingMoves(
  { owner }: Slice,
  gone: readonly OwnedExposure[],
  waiting: RemovalPermits['waiting'],
): ReadonlyMap<string, HeldRemoval> {
  return new Map(
    gone.flatMap(({ key }) => {
      const why = waiting?.get(changeId({ owner, key }));
      return why === undefined ? [] : [[key, why] as const];
    }),
  );
}

/**
 * A removal is proven if deletions or changes of all its gateways were observed, and a move is not
 * a removal. Unproven removals are allowed up to the allowance; above it, all of them are held.
 */
function unprovenRemovals(
  slice: Slice,
  gone: readonly OwnedExposure[],
  { owned, approved }: RemovalPermits,
): ReadonlyMap<string, HeldRemoval> {
  const touched = new Set(
    slice.changes.filter(provesRemoval).map(({ namespace, name }) => `${namespace}/${name}`),
  );
  const isProven = (removal: OwnedExposure): boolean =>
    approved.has(removal.key) ||
    moveTarget(slice, removal) !== undefined ||
    removal.gateways.every((gateway) => touched.has(gateway));
  const unseen = gone.filter((removal) => !isProven(removal));
  if (unseen.length <= removalAllowance(owned)) return new Map();
  const why = `no deletion was observed, and ${unseen.length} of ${owned} exposures would be removed at once`;
  return new Map(
    unseen.map(({ key }) => [
      key,
      {
        code: 'OWN310',
        reason:
          `${why}; if the removal is intended, ` +
          `run "sluice approve ${slice.owner} --keys ${key}", ` +
          'or without --keys for all of them',
      },
    ]),
  );
}

/**
 * The new place of the same gateways with the same port; its existence proves that they were read.
 */
export function moveTarget(
  slice: Slice,
  { exposure, gateways }: OwnedExposure,
): Slice['exposures'][number] | undefined {
  return slice.exposures.find(
    (e) =>
      e.port === exposure.port &&
      e.protocol === exposure.protocol &&
      gateways.every((gateway) => e.gateways.includes(gateway)),
  );
}
