import type { Version } from '../revision.ts';
import { sortedByKey } from '../declared/declared.ts';
import type { LosingClaim, OwnerRecord, Quarantined } from '../declared/owner-record.ts';

/** A mutable owner record; collections are empty instead of absent. */
export interface OwnerDraft {
  version: Version;
  clusterUid: string;
  sender: string | undefined;
  seen: string | undefined;
  rival: OwnerRecord['rival'];
  gone: string | undefined;
  held: Set<string>;
  approved: Set<string>;
  readonly quarantine: Map<string, Quarantined>;
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
