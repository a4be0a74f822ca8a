/**
 * Express events, which map sends ahead of a slice: the member changes of the slice, complete for
 * its owner.
 */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { Availability } from '../exposure/exposure.ts';
import { Version } from '../revision.ts';

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
});
export type Express = z.infer<typeof Express>;

/**
 * Milliseconds. Older events are covered by their slice, because only the declaration is
 * authoritative.
 */
export const EXPRESS_MAX_AGE_MS = 60_000;
