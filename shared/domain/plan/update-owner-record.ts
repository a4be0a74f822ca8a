/** Updates an owner's record to a newer version. */
import type { Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import { compareVersions } from '../revision.ts';
import type { PlanDraft } from './draft.ts';
import { leavesDevice } from './guards.ts';
import type { OwnerDraft } from './owner-draft.ts';
import { openRecord } from './owner-draft.ts';
import type { OwnerRecord } from '../declared/owner-record.ts';

/**
 * Milliseconds after which a rival without new events is removed; it is added again with its next
 * event.
 */
const RIVAL_REMEMBERED_MS = 24 * 60 * 60_000;

/** Drops entries that the owner no longer requests. `gone`: it requests nothing here. */
export function updateOwnerRecord(
  draft: PlanDraft,
  slice: Slice,
  gone = leavesDevice(slice),
): void {
  const { owner, version, clusterUid, sender } = slice;
  const known =
    draft.owners.get(owner) ??
    openRecord({ version: { epoch: -1, counter: 0, generation: 0 }, clusterUid });
  const isNews = compareVersions(version, known.version) > 0;
  if (isNews) endSilence(draft, parseOwner(owner).cluster);
  const now = new Date(draft.now).toISOString();
  draft.owners.set(owner, {
    ...requestsLeft(draft, slice, known),
    version,
    clusterUid,
    sender,
    // A plan that is only displayed has no clock.
    seen: isNews && draft.rules.now !== undefined ? now : known.seen,
    rival: stillAsks(known.rival, draft.now),
    gone: gone ? (known.gone ?? now) : undefined,
  });
}

/** What stays of approvals, quarantine and claims after a newer slice. */
function requestsLeft(
  draft: PlanDraft,
  slice: Slice,
  known: OwnerDraft,
): Pick<OwnerDraft, 'held' | 'approved' | 'quarantine' | 'claims'> {
  const wanted = new Set(
    slice.exposures.filter((e) => e.partition === draft.partition).map(exposureKey),
  );
  const declared = (key: string): boolean =>
    draft.exposures.get(key)?.contributions.some((c) => c.owner === slice.owner) ?? false;
  return {
    held: new Set(),
    approved: new Set([...known.approved].filter((key) => !wanted.has(key) && declared(key))),
    quarantine: new Map([...known.quarantine].filter(([key]) => wanted.has(key) || declared(key))),
    claims: new Map([...known.claims].filter(([key]) => wanted.has(key))),
  };
}

function stillAsks(rival: OwnerRecord['rival'], now: number): OwnerRecord['rival'] {
  return rival && Date.parse(rival.since) + RIVAL_REMEMBERED_MS > now ? rival : undefined;
}

/** The cluster sent an event, so a drain by policy because of its silence ends. */
function endSilence({ drains }: PlanDraft, cluster: string): void {
  if (drains.get(cluster)?.silent === true) drains.delete(cluster);
}

/**
 * Whether a newer slice in the same plan exists, so that nothing is removed only to be added again.
 */
export function hasNewerSlice(
  { version, clusterUid }: Pick<OwnerRecord, 'version' | 'clusterUid'>,
  owner: string,
  slices: readonly Slice[],
): boolean {
  return slices.some(
    (slice) =>
      slice.owner === owner &&
      slice.clusterUid === clusterUid &&
      compareVersions(slice.version, version) > 0,
  );
}
