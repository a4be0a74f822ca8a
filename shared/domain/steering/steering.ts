/**
 * Orders of people and policies. An order is a message in the group of its device, in order with
 * the slices.
 */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import type { DeclaredState } from '../declared/declared.ts';
import { compareVersions, Version } from '../revision.ts';

const Device = Name.min(1);
const Cluster = Name.min(1);
const Owner = Name.regex(/^[^/]+\/[^/]+\/[^/]+$/, 'must be cluster/namespace/service');

/** Allows removals that the guard holds, or a move of nodes that an exposure waits for. */
export const Approval = z.strictObject({
  action: z.literal('approve'),
  device: Device,
  owner: Owner,
  /** Exposure keys such as `172.16.100.195:32400/tcp`; default: all that are held. */
  keys: z.array(z.string().min(1)).min(1).optional(),
  /** The owner's version that was shown; absent in orders of older versions. */
  version: Version.exactOptional(),
  /**
   * Partitions whose nodes may move to /Common, as shown. The keys are then exposures that wait for
   * it, and no removal is approved.
   */
  shareNodes: z.array(Name.min(1)).min(1).exactOptional(),
});
export type Approval = Readonly<z.infer<typeof Approval>>;

/**
 * Clears the quarantine of an owner, so that its next slice is tried, and asks its watcher for that
 * slice. The order itself changes nothing that is declared.
 */
export const RetryOrder = z.strictObject({
  action: z.literal('retry'),
  device: Device,
  owner: Owner,
  /** Exposure keys; absent: all that are in quarantine. */
  keys: z.array(z.string().min(1)).min(1).exactOptional(),
});
export type RetryOrder = Readonly<z.infer<typeof RetryOrder>>;

/** Takes a cluster out of rotation: `drain` keeps existing connections, `out` cuts them. */
export const DrainOrder = z.strictObject({
  action: z.literal('drain'),
  device: Device,
  cluster: Cluster,
  mode: z.enum(['drain', 'out']),
  because: z.string().min(1).max(4_096),
  /**
   * Set for a drain by policy: void if the cluster sent an event after `seen`, or if none of
   * `speaking` could serve instead.
   */
  silent: z.strictObject({ seen: z.iso.datetime(), speaking: z.array(Name) }).exactOptional(),
});
export type DrainOrder = Readonly<z.infer<typeof DrainOrder>>;

/** Ends a drain by anyone; `silent`: only a drain by policy. */
export const EnableOrder = z.strictObject({
  action: z.literal('enable'),
  device: Device,
  cluster: Cluster,
  silent: z.literal(true).exactOptional(),
});
export type EnableOrder = Readonly<z.infer<typeof EnableOrder>>;

/** Removes contributions of owners; their fences stay. */
export const ForgetOrder = z.strictObject({
  action: z.literal('forget'),
  device: Device,
  cluster: Cluster,
  /** By owner: the version that was shown. Owners with newer events are not forgotten. */
  upTo: z.record(Owner, Version),
  /** The whole cluster, so that its drain ends as well. */
  whole: z.boolean(),
});
export type ForgetOrder = Readonly<z.infer<typeof ForgetOrder>>;

/** Makes the cluster with this kube-system UID the owner of everything recorded under the id. */
export const AdoptOrder = z.strictObject({
  action: z.literal('adopt'),
  device: Device,
  cluster: Cluster,
  clusterUid: Name.min(1),
});
export type AdoptOrder = Readonly<z.infer<typeof AdoptOrder>>;

/** All kinds of orders. */
export const Steering = z.discriminatedUnion('action', [
  Approval,
  DrainOrder,
  EnableOrder,
  ForgetOrder,
  AdoptOrder,
  RetryOrder,
]);
export type Steering = Readonly<z.infer<typeof Steering>>;

/** Orders about one owner; all others are about a cluster. */
export type OwnerOrder = Approval | RetryOrder;
/** Orders that concern all owners of a cluster. */
export type ClusterOrder = Exclude<Steering, OwnerOrder>;

/** Whether the order concerns one owner only: an approval or a retry. */
export function isOwnerOrder(steering: Steering): steering is OwnerOrder {
  return steering.action === 'approve' || steering.action === 'retry';
}

/** The owner or cluster of an order. */
export function orderSubject(steering: Steering): string {
  return isOwnerOrder(steering) ? steering.owner : steering.cluster;
}

/** An order with its sending time. */
export interface Order {
  readonly steering: Steering;
  /** Sending time by the queue's clock, milliseconds since 1970. */
  readonly at: number;
}

/**
 * Milliseconds. An owner may send every second, and an operator cannot approve faster; decision 43
 * explains why this is harmless.
 */
const MEANWHILE_MS = 60_000;

/**
 * The removals in one partition that an approval of time `at` covers: the named keys that the owner
 * has there, or all that are held. If the owner sent newer events long after the order, the current
 * held removals were not shown.
 */
export function approvedKeys(
  state: DeclaredState,
  { steering, at }: { readonly steering: Approval; readonly at: number },
): readonly string[] {
  const { owner, keys, shareNodes } = steering;
  const record = state.owners[owner];
  if (shareNodes !== undefined || !isAsShown(record, { steering, at })) return [];
  const has = (key: string): boolean =>
    state.exposures[key]?.contributions.some((c) => c.owner === owner) ?? false;
  return (keys ?? record?.held ?? []).filter(has);
}

/** Whether the owner is as it was shown to the operator, or sent newer events only meanwhile. */
export function isAsShown(
  record: DeclaredState['owners'][string] | undefined,
  { steering: { version }, at }: { readonly steering: Approval; readonly at: number },
): boolean {
  const isSame =
    record !== undefined && version !== undefined && compareVersions(record.version, version) <= 0;
  const spoke = record?.seen === undefined ? Number.NEGATIVE_INFINITY : Date.parse(record.seen);
  return isSame || spoke <= at + MEANWHILE_MS;
}
