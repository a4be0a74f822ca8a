/** What people tell a device's queue, and what policy does. Steering is a message too: it goes through the device's group, in order with its slices. */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import type { DeclaredState } from '../declared/declared.ts';
import { compareVersions, Version } from '../revision.ts';

const Device = Name.min(1);
const Cluster = Name.min(1);
const Owner = Name.regex(/^[^/]+\/[^/]+\/[^/]+$/, 'must be cluster/namespace/service');

/** Lets removals through that the guard holds. */
export const Approval = z.strictObject({
  action: z.literal('approve'),
  device: Device,
  owner: Owner,
  /** Exposure keys such as `172.16.100.195:32400/tcp`; absent: all that are held. */
  keys: z.array(z.string().min(1)).min(1).optional(),
  /** The owner's version that was looked at; absent in what was written before there was such a field. */
  version: Version.exactOptional(),
});
export type Approval = Readonly<z.infer<typeof Approval>>;

/**
 * Forgets what the device refused of an owner, so that its next slice tries it, and asks its watcher for that slice. Nothing that is
 * declared changes by it.
 */
export const RetryOrder = z.strictObject({
  action: z.literal('retry'),
  device: Device,
  owner: Owner,
  /** Exposure keys; absent: all that are in quarantine. */
  keys: z.array(z.string().min(1)).min(1).exactOptional(),
});
export type RetryOrder = Readonly<z.infer<typeof RetryOrder>>;

/** Takes a cluster out of rotation: `drain` keeps the connections that are there, `out` cuts off everything. */
export const DrainOrder = z.strictObject({
  action: z.literal('drain'),
  device: Device,
  cluster: Cluster,
  mode: z.enum(['drain', 'out']),
  because: z.string().min(1).max(4_096),
  /** Policy's order for a silent cluster: void once it spoke after `seen`, or where none of `speaking` could serve instead. */
  silent: z.strictObject({ seen: z.iso.datetime(), speaking: z.array(Name) }).exactOptional(),
});
export type DrainOrder = Readonly<z.infer<typeof DrainOrder>>;

/** Ends a drain, whoever began it; `silent`: only one that policy began. */
export const EnableOrder = z.strictObject({
  action: z.literal('enable'),
  device: Device,
  cluster: Cluster,
  silent: z.literal(true).exactOptional(),
});
export type EnableOrder = Readonly<z.infer<typeof EnableOrder>>;

/** Takes out what owners contribute; their fences stay. */
export const ForgetOrder = z.strictObject({
  action: z.literal('forget'),
  device: Device,
  cluster: Cluster,
  /** By owner: the version that was looked at. Who spoke since is not forgotten. */
  upTo: z.record(Owner, Version),
  /** All of the cluster is meant: a drain of it ends as well. */
  whole: z.boolean(),
});
export type ForgetOrder = Readonly<z.infer<typeof ForgetOrder>>;

/** From now on the cluster with this kube-system UID owns what is recorded under the id. */
export const AdoptOrder = z.strictObject({
  action: z.literal('adopt'),
  device: Device,
  cluster: Cluster,
  clusterUid: Name.min(1),
});
export type AdoptOrder = Readonly<z.infer<typeof AdoptOrder>>;

export const Steering = z.discriminatedUnion('action', [
  Approval,
  DrainOrder,
  EnableOrder,
  ForgetOrder,
  AdoptOrder,
  RetryOrder,
]);
export type Steering = Readonly<z.infer<typeof Steering>>;

/** What is said about one owner; everything else is about a cluster. */
export type OwnerOrder = Approval | RetryOrder;
export type ClusterOrder = Exclude<Steering, OwnerOrder>;

export function isOwnerOrder(steering: Steering): steering is OwnerOrder {
  return steering.action === 'approve' || steering.action === 'retry';
}

/** The owner, or the cluster, that an order is about. */
export function orderSubject(steering: Steering): string {
  return isOwnerOrder(steering) ? steering.owner : steering.cluster;
}

export interface Order {
  readonly steering: Steering;
  /** Milliseconds since 1970, by the queue's clock: when it was sent. */
  readonly at: number;
}

/** Milliseconds: an owner may speak every second, and who approves cannot be faster than that (decision 43 says why it does no harm). */
const MEANWHILE = 60_000;

/**
 * What an approval of `at` means for one partition: of the named keys those that the owner has there, or what is held of it. Where the
 * owner spoke long after the order, nobody looked at what is held now.
 */
export function approvedKeys(
  state: DeclaredState,
  { steering, at }: { readonly steering: Approval; readonly at: number },
): readonly string[] {
  const { owner, keys, version } = steering;
  const record = state.owners[owner];
  const isAsShown =
    record !== undefined && version !== undefined && compareVersions(record.version, version) <= 0;
  const spoke = record?.seen === undefined ? Number.NEGATIVE_INFINITY : Date.parse(record.seen);
  if (!isAsShown && spoke > at + MEANWHILE) return [];
  const has = (key: string): boolean =>
    state.exposures[key]?.contributions.some((c) => c.owner === owner) ?? false;
  return (keys ?? record?.held ?? []).filter(has);
}
