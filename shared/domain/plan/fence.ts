/** The fence: decides which slices are newer than the declaration. */
import type { Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import { compareVersions } from '../revision.ts';
import type { Version } from '../revision.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { PlanDraft } from './draft.ts';
import type { ChangeKind } from './plan-entry.ts';
import { updateOwnerRecord } from './update-owner-record.ts';
import type { OwnerRecord } from '../declared/owner-record.ts';

/** The result of comparing a slice with the declaration. */
export type FenceVerdict =
  | { readonly kind: 'open' }
  /** The device never exposed this ingress and is not asked to, so there is nothing to fence. */
  | { readonly kind: 'unasked' }
  /** Another cluster owns the record. */
  | { readonly kind: 'stranger'; readonly clusterUid: string }
  | { readonly kind: 'behind'; readonly declared: Version };

/** The part of a partition's state that the fence uses. */
export interface FenceState extends Pick<DeclaredState, 'floors'> {
  readonly owners: Readonly<Record<string, Pick<OwnerRecord, 'version' | 'clusterUid'>>>;
}

/**
 * An equal version is accepted: it changes nothing if everything succeeded, and repairs what did
 * not.
 */
export function checkFence(
  state: FenceState,
  slice: Pick<Slice, 'owner' | 'clusterUid' | 'version' | 'device' | 'devices'>,
): FenceVerdict {
  const known = state.owners[slice.owner];
  if (known && known.clusterUid !== slice.clusterUid)
    return { kind: 'stranger', clusterUid: known.clusterUid };
  if (known)
    return compareVersions(slice.version, known.version) < 0
      ? { kind: 'behind', declared: known.version }
      : { kind: 'open' };
  if (!slice.devices.includes(slice.device)) return { kind: 'unasked' };
  // Below the floor nothing needs repair, so the floor itself is superseded too.
  const floor = state.floors?.[parseOwner(slice.owner).cluster];
  return floor && compareVersions(slice.version, floor) <= 0
    ? { kind: 'behind', declared: floor }
    : { kind: 'open' };
}

/** Admits a slice, or records a refusal for each of its exposures. */
export function admitSlice(draft: PlanDraft, slice: Slice): boolean {
  const known = draft.owners.get(slice.owner);
  const fence = checkFence(
    {
      owners: known ? { [slice.owner]: known } : {},
      ...(draft.declared.floors && { floors: draft.declared.floors }),
    },
    slice,
  );
  const say = (kind: ChangeKind, code: string, reason: string): void => {
    for (const e of slice.exposures.filter((one) => one.partition === draft.partition)) {
      draft.entries.push({
        owner: slice.owner,
        key: exposureKey(e),
        kind,
        code,
        reason,
        gateways: e.gateways,
      });
    }
  };
  switch (fence.kind) {
    case 'unasked':
      return false;
    case 'stranger':
      remember(draft, slice);
      say('conflict', 'OWN302', strangerInWords(draft, slice, fence.clusterUid));
      return false;
    case 'behind':
      say(
        'superseded',
        'OK',
        `version ${inWords(fence.declared)} is already declared, this event has ${inWords(slice.version)}`,
      );
      return false;
    case 'open':
      updateOwnerRecord(draft, slice);
      return true;
  }
}

/**
 * Stores only the first rival, because storing each would cost a post per message. A rival that an
 * adoption replaced gives way, because it would hide others.
 */
function remember(draft: PlanDraft, { owner, clusterUid }: Slice): void {
  const known = draft.owners.get(owner);
  if (
    !known ||
    (known.rival &&
      (wasReplaced(draft, owner, clusterUid) || !wasReplaced(draft, owner, known.rival.clusterUid)))
  )
    return;
  known.rival = { clusterUid, since: new Date(draft.now).toISOString() };
}

function wasReplaced({ replaced }: PlanDraft, owner: string, clusterUid: string): boolean {
  return replaced.get(parseOwner(owner).cluster)?.includes(clusterUid) ?? false;
}

/**
 * The reason for an event of another cluster with this id. If that cluster was adopted, its former
 * watcher still runs.
 */
function strangerInWords(draft: PlanDraft, { owner, clusterUid }: Slice, present: string): string {
  if (!wasReplaced(draft, owner, clusterUid))
    return (
      `another cluster (kube-system UID ${present}) already uses the id of ${owner}; ` +
      'run "sluice cluster adopt" if this cluster replaces it'
    );
  return (
    `the cluster with kube-system UID ${present} was adopted as the owner of ${owner}, ` +
    `in place of this one (kube-system UID ${clusterUid}); ` +
    'stop the watcher of this cluster, or give the cluster its own id'
  );
}

function inWords(v: Version): string {
  return `${v.epoch}.${v.counter} (configuration ${v.generation})`;
}
