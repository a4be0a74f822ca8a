/**
 * Owner records while a plan changes them: opened from the declaration, closed into the next one.
 */
import type { Version } from '../revision.ts';
import { sortedByKey } from '../declared/declared.ts';
import type { LosingClaim, OwnerRecord, Quarantined } from '../declared/owner-record.ts';

/** A mutable owner record; collections are empty instead of absent. */
export interface OwnerDraft {
  /** Of the newest event that was admitted. */
  version: Version;
  /** kube-system UID of the cluster that may speak for the owner. */
  clusterUid: string;
  sender: string | undefined;
  /** RFC 3339: time of its newest event. */
  seen: string | undefined;
  rival: OwnerRecord['rival'];
  /** RFC 3339: when its ingress was removed. */
  gone: string | undefined;
  /** Keys of exposures whose removal waits for an approval. */
  held: Set<string>;
  /** Keys of exposures whose removal was approved. */
  approved: Set<string>;
  /** By key: changes that the device refused. */
  readonly quarantine: Map<string, Quarantined>;
  /** By key: requests that lost their address to another owner. */
  readonly claims: Map<string, LosingClaim>;
}

/** A mutable copy of an owner's record. */
export function openRecord(record: OwnerRecord): OwnerDraft {
  return {
    version: record.version,
    clusterUid: record.clusterUid,
    sender: record.sender,
    seen: record.seen,
    rival: record.rival,
    gone: record.gone,
    held: new Set(record.held),
    approved: new Set(record.approved),
    quarantine: new Map(Object.entries(record.quarantine ?? {})),
    claims: new Map(Object.entries(record.claims ?? {})),
  };
}

/** Omits empty fields, so that the declaration stays small and comparable. */
export function closeRecord(draft: OwnerDraft): OwnerRecord {
  const { version, clusterUid, sender, seen, rival, gone, held, approved, quarantine, claims } =
    draft;
  return {
    version,
    clusterUid,
    ...(sender === undefined ? {} : { sender }),
    ...(seen === undefined ? {} : { seen }),
    ...(rival === undefined ? {} : { rival }),
    ...(gone === undefined ? {} : { gone }),
    ...(held.size === 0 ? {} : { held: [...held].sort() }),
    ...(approved.size === 0 ? {} : { approved: [...approved].sort() }),
    ...(quarantine.size === 0 ? {} : { quarantine: sortedByKey(Object.fromEntries(quarantine)) }),
    ...(claims.size === 0 ? {} : { claims: sortedByKey(Object.fromEntries(claims)) }),
  };
}
