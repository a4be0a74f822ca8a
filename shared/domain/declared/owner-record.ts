/** Metadata of one owner in a partition. Part of the declaration, therefore with a schema. */
import * as z from 'zod';
import { Exposure } from '../exposure/exposure.ts';
import { Version } from '../revision.ts';

/** A change that the device refuses, which is left out until its next try. */
export const Quarantined = z.strictObject({
  /**
   * Fingerprint of the refused configuration without members; any other configuration is tried at
   * once.
   */
  hash: z.string(),
  code: z.string(),
  /** Complete message, including the device's. */
  reason: z.string(),
  /** Time of the next try. */
  next: z.iso.datetime(),
  tries: z.int().min(1),
  /** Whether the members of the accepted content are still updated, or are themselves refused. */
  members: z.enum(['follow', 'kept']),
});
export type Quarantined = Readonly<z.infer<typeof Quarantined>>;

/**
 * A request for an address that another owner has; complete, so that it can take effect when that
 * owner releases it.
 */
export const LosingClaim = Exposure.omit({
  partition: true,
  refusedIfNew: true,
  sourceByService: true,
});
export type LosingClaim = Readonly<z.infer<typeof LosingClaim>>;

/**
 * Kept after the owner's last exposure was removed, so that old events stay superseded. Tables are
 * keyed by exposure.
 */
export const OwnerRecord = z.strictObject({
  version: Version,
  clusterUid: z.string(),
  sender: z.string().exactOptional(),
  /**
   * Time at which its newest version arrived, by apply's clock; decides whether the cluster is
   * silent.
   */
  seen: z.iso.datetime().exactOptional(),
  /** Another cluster that uses this id: its kube-system UID, and the time of its first event. */
  rival: z.strictObject({ clusterUid: z.string(), since: z.iso.datetime() }).exactOptional(),
  /**
   * Time since when it has no exposures here, because it was removed or moved; later folded into
   * the floor of its cluster.
   */
  gone: z.iso.datetime().exactOptional(),
  /** Unproven removals that wait for approval; sorted. */
  held: z.array(z.string()).readonly().exactOptional(),
  /** Approved removals that have not happened yet; sorted. */
  approved: z.array(z.string()).readonly().exactOptional(),
  quarantine: z.record(z.string(), Quarantined).exactOptional(),
  claims: z.record(z.string(), LosingClaim).exactOptional(),
});
export type OwnerRecord = Readonly<z.infer<typeof OwnerRecord>>;

/** A cluster whose members get no new connections (`drain`), or none at all (`out`). */
export const Drain = z.strictObject({
  mode: z.enum(['drain', 'out']),
  since: z.iso.datetime(),
  /** Reason. */
  because: z.string(),
  /** Set by policy because the cluster is silent; ends when the cluster sends events again. */
  silent: z.literal(true).exactOptional(),
});
export type Drain = Readonly<z.infer<typeof Drain>>;
