/**
 * Express events, which map sends ahead of a slice: the member changes of the slice, complete for
 * its owner.
 */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { Availability } from '../exposure/exposure.ts';
import { ObservedRevision, Version } from '../revision.ts';
import { IngressRef } from '../snapshot/snapshot.ts';

/** Addresses in one message about pods that end; more are left to the snapshot. */
export const MOST_LEAVING = 1_000;
/** Of an IP address in any form. */
const MOST_CHARACTERS = 64;

/**
 * `terminating`: the pod ends in any case. `unready`, `cordoned`, `node-not-ready`: reported by
 * Kubernetes, subject to the member guard. `back`: accepts connections again.
 */
export const ExpressReason = z.enum([
  'terminating',
  'unready',
  'cordoned',
  'node-not-ready',
  'back',
]);
export type ExpressReason = z.infer<typeof ExpressReason>;

/** The availability of one member address, with its reason. */
export const MemberChange = z.strictObject({
  address: z.string(),
  availability: Availability,
  because: ExpressReason,
  /**
   * The address and reason belong to a Kubernetes node, so they apply to every ingress of the
   * cluster.
   */
  wholeNode: z.boolean(),
});
export type MemberChange = z.infer<typeof MemberChange>;

/** Member changes of one owner on one device. */
export const Express = z.strictObject({
  owner: Name,
  clusterUid: Name,
  device: Name,
  partition: z.string(),
  /** Version of the slice. */
  version: Version,
  wishes: z.array(MemberChange).min(1),
  /** Only about these members, and no replacement of older events: sent ahead of a snapshot. */
  ahead: z.literal(true).optional(),
});
export type Express = z.infer<typeof Express>;

/**
 * Pods that begin to end, from watch to map, ahead of the snapshot: mapping is not needed to take
 * them out, and a large snapshot takes longer than the write to a node.
 */
export const Leaving = z.strictObject({
  cluster: Name.min(1),
  clusterUid: Name.min(1),
  ingress: IngressRef,
  revision: ObservedRevision,
  /** Their addresses, without route domain. */
  addresses: z.array(z.string().max(MOST_CHARACTERS)).min(1).max(MOST_LEAVING),
});
export type Leaving = z.infer<typeof Leaving>;

/**
 * Milliseconds. Older events are covered by their slice, because only the declaration is
 * authoritative.
 */
export const EXPRESS_MAX_AGE_MS = 60_000;
