/**
 * Removes owners that are missing from a complete list of their cluster, because they were deleted
 * while no watcher ran.
 */
import type { Slice } from '../exposure/exposure.ts';
import type { Absence } from '../snapshot/absence.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import { compareVersions, formatRevision } from '../revision.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { PlanDraft } from './draft.ts';
import { updateOwnerRecord, hasNewerSlice } from './update-owner-record.ts';
import type { OwnerRecord } from '../declared/owner-record.ts';
import { removeUnwanted } from './remove.ts';

/**
 * No deletion of the Service was observed, so the removal guard applies as to any complete list.
 */
export function removeAbsent(draft: PlanDraft, slices: readonly Slice[]): void {
  for (const absence of draft.rules.absences ?? []) {
    for (const owner of absence.absent) {
      const record = draft.owners.get(owner);
      if (!record || !isMissed(record, absence) || hasNewerSlice(absence, owner, slices)) continue;
      const slice = sliceOfAbsent(owner, absence);
      updateOwnerRecord(draft, slice, true);
      removeUnwanted(draft, slice, reasonFor(absence));
    }
  }
}

/** Never by the list of another cluster, nor by one older than the owner's version. */
function isMissed(
  { version, clusterUid }: Pick<OwnerRecord, 'version' | 'clusterUid'>,
  absence: Absence,
): boolean {
  return clusterUid === absence.clusterUid && compareVersions(absence.version, version) >= 0;
}

/** An empty slice of the missing owner. */
function sliceOfAbsent(owner: string, absence: Absence): Slice {
  const { clusterUid, device, version, sender } = absence;
  const { namespace, service } = parseOwner(owner).ingress;
  const note = {
    object: `Service ${namespace}/${service}`,
    code: 'OWN330',
    message: reasonFor(absence),
  };
  return {
    owner,
    clusterUid,
    device,
    devices: [device],
    version,
    ...(sender === undefined ? {} : { sender }),
    exposures: [],
    changes: [],
    removed: false,
    servers: [],
    sources: {},
    notes: [note],
  };
}

/** Owners removed at this version, as empty slices, to report the result. */
export function absentSlices(absence: Absence, states: readonly DeclaredState[]): readonly Slice[] {
  const isTaken = (record: OwnerRecord | undefined): boolean =>
    record?.clusterUid === absence.clusterUid &&
    record.gone !== undefined &&
    compareVersions(record.version, absence.version) === 0;
  return absence.absent
    .filter((owner) => states.some(({ owners }) => isTaken(owners[owner])))
    .map((owner) => sliceOfAbsent(owner, absence));
}

/**
 * Owners of the cluster whose records are from a later term than the inventory, as empty slices, to
 * tell its watcher that it is behind.
 */
export function overtakenAbsences(
  absence: Absence,
  states: readonly DeclaredState[],
): readonly Slice[] {
  const isLater = (record: OwnerRecord | undefined): boolean =>
    record?.clusterUid === absence.clusterUid &&
    record.gone === undefined &&
    record.version.epoch > absence.version.epoch;
  return absence.absent
    .filter((owner) => states.some(({ owners }) => isLater(owners[owner])))
    .map((owner) => ({ ...sliceOfAbsent(owner, absence), notes: [] }));
}

/** Why an ingress counts as deleted, for the plan and for Events (OWN330). */
function reasonFor({ cluster, version }: Absence): string {
  return (
    `the inventory of cluster ${cluster} at ${formatRevision(version)} lists every ingress ` +
    'whose Service exists, and this one is not in it'
  );
}
