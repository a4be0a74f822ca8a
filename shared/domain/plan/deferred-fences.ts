/**
 * Fences that wait to be declared (decision 62). A declaration for a version alone costs as much as
 * one with content, so a version that changes nothing is not declared where no older event could
 * undo it.
 */
import type { DeclaredState, OwnerRecord } from '../declared/declared.ts';
import { isSameContent } from '../declared/declared.ts';
import type { Slice } from '../exposure/exposure.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import { compareRevisions, compareVersions } from '../revision.ts';
import type { DeferredFence, DeferredFences } from './deferred-fence.ts';
import type { PlanDraft } from './draft.ts';
import type { DrainNotes } from './drain-notes.ts';
import { ownersAhead } from './drain-notes.ts';

/** Milliseconds. The first event that finds an older declared version declares its own. */
const MAX_AGE_MS = 60 * 60_000;

/**
 * The fences of the plan that may wait. `records`: as they would be declared; `notes`: what else
 * would be. Empty unless the rules permit it.
 */
export function deferrable(
  draft: PlanDraft,
  slices: readonly Slice[],
  { records, notes }: { readonly records: DeclaredState['owners']; readonly notes: DrainNotes },
): DeferredFences {
  const { rules, declared } = draft;
  // An order is stored with everything that it was given for.
  if (rules.deferred === undefined || (rules.orders ?? []).length > 0) return new Map();
  const ahead = ownersAhead(declared, rules.live ?? []);
  return new Map(
    slices.flatMap((slice): [OwnerKey, DeferredFence][] => {
      const { owner } = slice;
      const known = declared.owners[owner];
      const next = records[owner];
      if (known === undefined || next === undefined || !mayWait(draft, slice, { known, notes }))
        return [];
      if (!isSameButVersion(known, next) || compareVersions(next.version, known.version) <= 0)
        return [];
      const isDraining = notes.addresses.has(owner);
      // A drain was noted nowhere but at its node, and a replay of it would pass the fence.
      if (!isDraining && ahead.has(owner)) return [];
      const { clusterUid, version } = next;
      const seen = new Date(draft.now).toISOString();
      const fence = { clusterUid, version, above: known.version, seen };
      return [[owner, isDraining ? { ...fence, draining: true } : fence]];
    }),
  );
}

/**
 * Whether no event between the declared version and this one could have other content: otherwise a
 * replay of it would pass the declared fence and undo this one.
 */
function mayWait(
  { entries, now }: PlanDraft,
  { owner, settledSince, version }: Slice,
  { known, notes }: { readonly known: OwnerRecord; readonly notes: DrainNotes },
): boolean {
  const isUnchanged = entries.every(
    (one) =>
      one.owner !== owner ||
      one.kind === 'unchanged' ||
      (one.kind === 'update' && notes.keys.has(one.key)),
  );
  const age = known.seen === undefined ? Number.NaN : now - Date.parse(known.seen);
  return (
    isUnchanged &&
    settledSince !== undefined &&
    compareRevisions(settledSince, known.version) <= 0 &&
    version.generation === known.version.generation &&
    // A time in the future comes from a wrong clock, and is replaced.
    age >= 0 &&
    age < MAX_AGE_MS
  );
}

/** Claims, quarantine and held removals are stored with the version that they are about. */
function isSameButVersion(known: OwnerRecord, next: OwnerRecord): boolean {
  const { quarantine, claims, held, approved, seen } = known;
  const isPlain = [quarantine, claims, held, approved].every((one) => one === undefined);
  return isPlain && isSameContent({ ...next, version: known.version, seen }, known);
}

/** The records without the fences that wait. */
export function withoutDeferred(
  records: DeclaredState['owners'],
  declared: DeclaredState,
  deferred: DeferredFences,
): DeclaredState['owners'] {
  return Object.fromEntries(
    Object.entries(records).map(([owner, record]) => [
      owner,
      deferred.has(owner) ? (declared.owners[owner] ?? record) : record,
    ]),
  );
}

/**
 * The records with all fences that waited before: declaring anything stores them as well. A fence
 * counts only while its owner is declared as it was then.
 */
export function withDeferred(
  records: DeclaredState['owners'],
  declared: DeclaredState,
  deferred: DeferredFences = new Map(),
): DeclaredState['owners'] {
  return Object.fromEntries(
    Object.entries(records).map(([owner, record]) => {
      const fence = deferred.get(owner);
      const known = declared.owners[owner];
      return fence && known && fence.draining !== true && isNewer(fence, known, record)
        ? [owner, { ...record, version: fence.version, seen: fence.seen }]
        : [owner, record];
    }),
  );
}

/**
 * Whether a fence that waits replaces a version of the same cluster and was made above exactly that
 * version. If something else was declared in between, it no longer counts.
 */
function isNewer(fence: DeferredFence, known: OwnerRecord, record: OwnerRecord): boolean {
  return (
    fence.clusterUid === known.clusterUid &&
    fence.clusterUid === record.clusterUid &&
    compareVersions(fence.above, known.version) === 0 &&
    compareVersions(fence.version, record.version) > 0
  );
}

/** The fences that still wait under this state: newer than what it declares. */
export function stillDeferred(state: DeclaredState, deferred: DeferredFences): DeferredFences {
  return new Map(
    [...deferred].filter(([owner, fence]) => {
      const record = state.owners[owner];
      return record !== undefined && isNewer(fence, record, record);
    }),
  );
}
