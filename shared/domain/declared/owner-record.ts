/** What is remembered of one owner in a partition, besides what is declared for it. Part of the declaration, hence with a schema. */
import * as z from 'zod';
import { Exposure } from '../exposure/exposure.ts';
import { Version } from '../revision.ts';

/** A change that the device refuses, so that it stays out until its next try. */
export const Quarantined = z.strictObject({
  /** Fingerprint of the structure that was refused, without members; anything else is tried at once. */
  hash: z.string(),
  code: z.string(),
  /** Says it all, the device's own words included. */
  reason: z.string(),
  /** Not tried again before. */
  next: z.iso.datetime(),
  tries: z.int().min(1),
  /** Whether the accepted content's members go on following, or are themselves what the device refuses. */
  members: z.enum(['follow', 'kept']),
});
export type Quarantined = Readonly<z.infer<typeof Quarantined>>;

/** What an owner wants at an address that somebody else has; complete, so that it can take over on the day the winner leaves. */
export const LosingClaim = Exposure.omit({ partition: true, refusedIfNew: true });
export type LosingClaim = Readonly<z.infer<typeof LosingClaim>>;

/** It stays after the owner's last exposure went, so that an old event cannot bring anything back. Tables are by exposure key. */
export const OwnerRecord = z.strictObject({
  version: Version,
  clusterUid: z.string(),
  sender: z.string().exactOptional(),
  /** When its newest version came, by apply's clock: a cluster whose owners all grow old is silent. */
  seen: z.iso.datetime().exactOptional(),
  /** Another cluster that uses this id: its kube-system UID, and when it was first heard. */
  rival: z.strictObject({ clusterUid: z.string(), since: z.iso.datetime() }).exactOptional(),
  /** Since when it wants nothing here, because it was removed or moved to another device; in time it folds into its cluster's floor. */
  gone: z.iso.datetime().exactOptional(),
  /** Removals that are not proven and wait for approval; sorted. */
  held: z.array(z.string()).readonly().exactOptional(),
  /** Removals that somebody approved and that did not happen yet; sorted. */
  approved: z.array(z.string()).readonly().exactOptional(),
  quarantine: z.record(z.string(), Quarantined).exactOptional(),
  claims: z.record(z.string(), LosingClaim).exactOptional(),
});
export type OwnerRecord = Readonly<z.infer<typeof OwnerRecord>>;

/** A cluster whose members take no new connections (`drain`), or none at all (`out`). */
export const Drain = z.strictObject({
  mode: z.enum(['drain', 'out']),
  since: z.iso.datetime(),
  /** Why, in words. */
  because: z.string(),
  /** Policy did it because the cluster was silent; it ends by itself as soon as the cluster speaks. */
  silent: z.literal(true).exactOptional(),
});
export type Drain = Readonly<z.infer<typeof Drain>>;
