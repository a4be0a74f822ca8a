/** An owner's record under a newer version. */
import type { Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import { compareVersions } from '../revision.ts';
import type { PlanDraft } from './draft.ts';
import { leavesDevice } from './guards.ts';
import type { OwnerDraft } from './owner-draft.ts';
import { openRecord } from './owner-draft.ts';
import type { OwnerRecord } from '../declared/owner-record.ts';

/** A rival that has not asked for this long (milliseconds) may be no more; if it asks again it is remembered again. */
const RIVAL_REMEMBERED = 24 * 60 * 60_000;

/** What the owner does not want any more is forgotten. `gone`: it wants nothing here at all. */
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
    ...wishesLeft(draft, slice, known),
    version,
    clusterUid,
    sender,
    // Where a plan is only shown there is no clock.
    seen: isNews && draft.rules.now !== undefined ? now : known.seen,
    rival: stillAsks(known.rival, draft.now),
    gone: gone ? (known.gone ?? now) : undefined,
  });
}

function wishesLeft(
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
  return rival && Date.parse(rival.since) + RIVAL_REMEMBERED > now ? rival : undefined;
}

/** The cluster speaks: what policy did because it was silent is over. */
function endSilence({ drains }: PlanDraft, cluster: string): void {
  if (drains.get(cluster)?.silent === true) drains.delete(cluster);
}

/** A slice of the same plan that lies above says what the owner wants: nothing is taken out only to come back. */
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
