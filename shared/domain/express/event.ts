/** What map sends ahead of a slice: what the slice says anyway about members that leave or come back, complete for its owner. */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { Availability } from '../exposure/exposure.ts';
import { Version } from '../revision.ts';

/**
 * `terminating`: the pod ends, which nobody can hold up. `unready`, `cordoned`, `node-not-ready`: the word of Kubernetes, which the
 * member guard weighs. `back`: takes connections again.
 */
export const ExpressReason = z.enum([
  'terminating',
  'unready',
  'cordoned',
  'node-not-ready',
  'back',
]);
export type ExpressReason = z.infer<typeof ExpressReason>;

export const MemberChange = z.strictObject({
  address: z.string(),
  availability: Availability,
  because: ExpressReason,
  /** The address is that of a Kubernetes node and so is the reason: it holds for every ingress of the cluster. */
  wholeNode: z.boolean(),
});
export type MemberChange = z.infer<typeof MemberChange>;

export const Express = z.strictObject({
  owner: Name,
  clusterUid: Name,
  device: Name,
  partition: z.string(),
  /** That of the slice. */
  version: Version,
  wishes: z.array(MemberChange).min(1),
});
export type Express = z.infer<typeof Express>;

/** Milliseconds. What is older has been overtaken by its own slice, or will be: only a stored declaration commits. */
export const EXPRESS_MAX_AGE_MS = 60_000;
