/** Removes exposures that an owner no longer requests, if the removal is proven. */
import type { Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import type { PlanDraft, OwnedExposure } from './draft.ts';
import { isAllowed, exposuresOwnedBy } from './draft.ts';
import { ABSENT_FINGERPRINT } from './fingerprint.ts';
import { heldRemovals, moveTarget } from './guards.ts';
import { quarantineReason, quarantineFor } from './quarantine.ts';

/** `because`: the reason, if it is not in the slice. */
export function removeUnwanted(draft: PlanDraft, slice: Slice, because?: string): void {
  const { owner } = slice;
  const record = draft.owners.get(owner);
  if (!record) return;
  const wanted = new Set(
    slice.exposures.filter((e) => e.partition === draft.partition).map(exposureKey),
  );
  const owned = exposuresOwnedBy(draft, owner);
  const gone = owned.filter((one) => !wanted.has(one.key));
  const held = heldRemovals(slice, gone, {
    owned: owned.length,
    approved: record.approved,
    closed: draft.rules.closed ?? new Map(),
    ...(draft.rules.waiting && { waiting: draft.rules.waiting }),
  });
  for (const one of gone) {
    const guard = held.get(one.key);
    if (guard?.code === 'OWN310') record.held.add(one.key);
    if (guard)
      draft.entries.push({ owner, key: one.key, gateways: one.gateways, kind: 'held', ...guard });
    else removeContribution(draft, owner, one, reasonFor(draft, slice, one, because));
  }
}

/** Removes held exposures that are approved now, without waiting for the owner's next slice. */
export function removeApproved(draft: PlanDraft, owner: string): void {
  const record = draft.owners.get(owner);
  // Most owners have no held removals, and finding their exposures requires scanning everything.
  if (!record || record.held.size === 0 || record.approved.size === 0) return;
  for (const one of exposuresOwnedBy(draft, owner)) {
    if (record.held.has(one.key) && record.approved.has(one.key))
      removeContribution(draft, owner, one, 'its removal was approved');
  }
}

/** Why the owner's contribution is removed. */
function reasonFor(
  draft: PlanDraft,
  slice: Slice,
  one: OwnedExposure,
  because: string | undefined,
): string {
  if (slice.removed) return 'the ingress Service was deleted';
  if (!slice.devices.includes(slice.device))
    return `the configuration exposes the ingress on ${slice.devices.join(', ') || 'no device'} instead`;
  if (draft.owners.get(slice.owner)?.approved.has(one.key)) return 'its removal was approved';
  if (because !== undefined) return because;
  const to = moveTarget(slice, one);
  if (to && to.partition !== draft.partition)
    return (
      `moves to partition ${to.partition}, which cuts its connections, ` +
      'because an address can be in one partition only'
    );
  return to ? `moves to ${to.address}` : 'no gateway requests it any more';
}

/** Removes without checking permission. */
export function removeContribution(
  draft: PlanDraft,
  owner: string,
  { key, gateways, exposure }: OwnedExposure,
  reason: string,
): void {
  const record = draft.owners.get(owner);
  const base = { owner, key, gateways, structure: ABSENT_FINGERPRINT };
  const refused = quarantineFor(draft, base, ABSENT_FINGERPRINT);
  if (refused) {
    record?.quarantine.set(key, refused);
    draft.entries.push({
      ...base,
      kind: 'rejected',
      code: refused.code,
      reason: quarantineReason(refused),
    });
    return;
  }
  if (!isAllowed(draft, base)) return;
  const rest = exposure.contributions.filter((c) => c.owner !== owner);
  if (rest.length === 0) draft.exposures.delete(key);
  else draft.exposures.set(key, { ...exposure, contributions: rest });
  for (const table of [record?.quarantine, record?.held, record?.approved]) table?.delete(key);
  draft.entries.push({ ...base, kind: 'delete', code: 'OK', reason });
}
