/** The events of the pipeline. The version is part of the type. */
import * as z from 'zod';
import { OverrideAdoption } from '../domain/declared/override.ts';
import { Settled, Slice } from '../domain/exposure/exposure.ts';
import { Express, Leaving } from '../domain/express/event.ts';
import { Absence } from '../domain/snapshot/absence.ts';
import { Inventory, Snapshot } from '../domain/snapshot/snapshot.ts';
import { Name } from '../domain/text/bounded.ts';
import { Steering } from '../domain/steering/steering.ts';
import { TakeOver } from '../domain/take-over/cis.ts';

/** A snapshot of one ingress, from watch to map. */
export const INGRESS_OBSERVED = 'sluice.ingress.observed.v1';
/** The list of a cluster's ingresses, from watch to map. */
export const CLUSTER_INVENTORY = 'sluice.cluster.inventory.v1';
/** A slice, from map to apply. */
export const INGRESS_DESIRED = 'sluice.ingress.desired.v1';
/** Member changes ahead of a slice, from map to express. */
export const MEMBER_EXPRESS = 'sluice.member.express.v1';
/** Pods that begin to end, from watch to map ahead of the snapshot. */
export const MEMBER_LEAVING = 'sluice.member.leaving.v1';
/** A result, from apply or map to watch. */
export const INGRESS_SETTLED = 'sluice.ingress.settled.v1';
/** A dead letter, from any function to park. */
export const DEAD_LETTER = 'sluice.deadletter.v1';

/** Event types on `snapshots`, `slices`, `express` and `settled-<cluster>`, for `parseEvent`. */
export const SNAPSHOT_EVENTS = {
  [INGRESS_OBSERVED]: Snapshot,
  [CLUSTER_INVENTORY]: Inventory,
} as const satisfies Record<string, z.ZodType>;
/** The event types of the queue `slices`, with the schema of their data. */
export const SLICE_EVENTS = { [INGRESS_DESIRED]: Slice } as const satisfies Record<
  string,
  z.ZodType
>;
/** The event types of the queue `express`, with the schema of their data. */
export const EXPRESS_EVENTS = { [MEMBER_EXPRESS]: Express } as const satisfies Record<
  string,
  z.ZodType
>;
/** Events on `snapshots` that are worthless later: never dead-lettered. */
export const LEAVING_EVENTS = { [MEMBER_LEAVING]: Leaving } as const satisfies Record<
  string,
  z.ZodType
>;
/** The event types of the queue `settled`, with the schema of their data. */
export const SETTLED_EVENTS = { [INGRESS_SETTLED]: Settled } as const satisfies Record<
  string,
  z.ZodType
>;

/** A request for a full resync, to watch. */
export const RESYNC = 'sluice.resync.v1';
/** A request to redeclare, from audit or the command line to apply. */
export const AUDIT = 'sluice.audit.v1';
/** An order, from the command line or audit to apply. */
export const STEERING = 'sluice.steering.v1';
/** Missing ingresses, from map to apply. */
export const INGRESS_ABSENT = 'sluice.ingress.absent.v1';

/**
 * Asks the watcher of a cluster for a full resync, because a device may have lost its
 * configuration. If it is lost, the periodic resync has the same effect.
 */
export const Resync = z.strictObject({
  cluster: Name,
  device: Name,
  partition: Name,
  code: Name,
  reason: z.string(),
});
export type Resync = Readonly<z.infer<typeof Resync>>;

/**
 * Asks apply to redeclare these partitions of a device, because something on the device differs.
 */
export const Audit = z.strictObject({
  device: Name,
  /** Empty if nothing is to be declared. */
  partitions: z.array(Name),
  reason: z.string(),
  /** Manual changes to keep. */
  adopt: z.array(OverrideAdoption.extend({ partition: z.string() })).exactOptional(),
  /** Undo all kept manual changes in these partitions. */
  lift: z.boolean().exactOptional(),
  /** A person asks, so repair even if an earlier repair left the same differences. */
  forced: z.boolean().exactOptional(),
  /** Routes of F5 CIS that Sluice takes over. */
  takeOver: z.array(TakeOver).min(1).max(1_000).exactOptional(),
});
export type Audit = Readonly<z.infer<typeof Audit>>;

/** Event types on `settled-<cluster>` in addition to {@link SETTLED_EVENTS}. */
export const RESYNC_EVENTS = { [RESYNC]: Resync } as const satisfies Record<string, z.ZodType>;
/** Event types on `slices`, in the group of the device, in addition to {@link SLICE_EVENTS}. */
export const AUDIT_EVENTS = { [AUDIT]: Audit } as const satisfies Record<string, z.ZodType>;
/** Event types on `slices`, in the group of the device and in order with its slices. */
export const STEERING_EVENTS = { [STEERING]: Steering } as const satisfies Record<
  string,
  z.ZodType
>;
/**
 * Event types on `slices`, in the group of the device: ingresses missing from the inventory of a
 * cluster.
 */
export const ABSENCE_EVENTS = { [INGRESS_ABSENT]: Absence } as const satisfies Record<
  string,
  z.ZodType
>;
