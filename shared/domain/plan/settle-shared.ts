/**
 * Settles every exposure after all owners were processed: combines contributions and fleet. The
 * change belongs to the owner whose request decides: if the device refuses it, no other owner is
 * quarantined, and all members are still updated.
 */
import { exposureKey } from '../exposure/exposure.ts';
import { describeUpdate } from './describe-update.ts';
import type { SameFleet } from './fleet.ts';
import type { DeclaredExposure } from '../declared/declared.ts';
import { isSameContent } from '../declared/declared.ts';
import type { PlanDraft } from './draft.ts';
import { isAllowed, sharingRules } from './draft.ts';
import type { PlanEntry } from './plan-entry.ts';
import { isChange } from './plan-entry.ts';
import { structureFingerprint } from './fingerprint.ts';
import { quarantineReason, quarantineFor } from './quarantine.ts';
import type { LosingClaim } from '../declared/owner-record.ts';
import type { SharedPart, SharingRules } from './shared-exposure.ts';
import {
  composeExposure,
  deciderOf,
  decidedSettings,
  isComposed,
  stayingOwners,
  partsOf,
} from './shared-exposure.ts';

/** Call after all slices were planned. */
export function settleSharedExposures(draft: PlanDraft): void {
  const rules = sharingRules(draft);
  const apart = strangers(draft.rules.sameFleet);
  for (const [key, present] of draft.exposures)
    if (!isComposed(present, rules) || apart(present)) settle(draft, { key, present, rules });
}

/**
 * Whether owners of one exposure may not share it. Cached per pair, because few owners are behind
 * thousands of exposures.
 */
function strangers(sameFleet: SameFleet): (e: DeclaredExposure) => boolean {
  const known = new Map<string, boolean>();
  return ({ contributions }) => {
    if (contributions.length === 1) return false;
    const owners = contributions.map((c) => c.owner);
    const names = owners.join(' ');
    const found =
      known.get(names) ?? owners.some((a, i) => owners.slice(i + 1).some((b) => !sameFleet(a, b)));
    known.set(names, found);
    return found;
  };
}

/**
 * A shared exposure whose contributions changed, before its combined settings and members are
 * decided.
 */
interface Unsettled {
  readonly key: string;
  readonly present: DeclaredExposure;
  readonly rules: SharingRules;
}

/**
 * Computes a shared exposure again after contributions or fleets changed. Settings that the device
 * refused before are not tried again; members are still updated.
 */
function settle(draft: PlanDraft, { key, present, rules }: Unsettled): void {
  const keepers = stayingOwners(present.contributions, draft.rules.sameFleet).map((c) => c.owner);
  const parts = partsOf(present).filter(({ contribution }) => keepers.includes(contribution.owner));
  const decider = deciderOf(parts)?.contribution;
  const decided = decidedSettings(present, parts, rules);
  if (!decider || !decided) return;
  const base = { owner: decider.owner, key, gateways: decider.gateways };
  const refused = quarantineFor(draft, base, structureFingerprint(decided));
  if (refused && !isSameContent(decided, present.settings)) {
    draft.owners.get(base.owner)?.quarantine.set(key, refused);
    draft.entries.push({
      ...base,
      kind: 'rejected',
      structure: refused.hash,
      code: refused.code,
      reason: `${quarantineReason(refused)}; until then the last accepted settings stay`,
    });
  }
  const next = composeExposure(present, refused ? present.settings : decided, parts, rules);
  if (!isSameContent(present, next))
    adopt(
      draft,
      {
        ...base,
        structure: structureFingerprint(next.settings),
        ...describeUpdate(present, next, rules),
      },
      { present, next },
    );
}

/**
 * Takes the new content into the draft, and keeps a complete claim of each owner that loses its
 * part.
 */
function adopt(
  draft: PlanDraft,
  entry: PlanEntry & { readonly structure: string },
  { present, next }: { readonly present: DeclaredExposure; readonly next: DeclaredExposure },
): void {
  const { owner, key, structure } = entry;
  if (!isAllowed(draft, entry) || quarantineFor(draft, entry, structure)) return;
  keepClaimsOfEvicted(draft, present, next);
  draft.exposures.set(key, next);
  // A change that was refused before and is retried is included.
  const quarantine = draft.owners.get(owner)?.quarantine;
  if (quarantine?.get(key)?.hash === structure) quarantine.delete(key);
  enter(draft, entry);
}

/** One entry per owner and exposure, so that a change is tried and refused as a whole. */
function enter({ entries }: PlanDraft, entry: PlanEntry & { readonly structure: string }): void {
  const at = entries.findIndex(
    (one) => one.owner === entry.owner && one.key === entry.key && isChange(one),
  );
  const known = entries[at];
  if (!known) entries.push(entry);
  else
    entries[at] = {
      ...known,
      structure: entry.structure,
      membersOnly: known.membersOnly === true && entry.membersOnly === true,
      reason: `${known.reason}; ${entry.reason}`,
    };
}

/**
 * Owners that may no longer share keep a complete claim, unless they requested something newer in
 * this plan.
 */
export function keepClaimsOfEvicted(
  { owners }: PlanDraft,
  present: DeclaredExposure | undefined,
  next: DeclaredExposure,
): void {
  if (!present) return;
  const staying = new Set(next.contributions.map((c) => c.owner));
  for (const { contribution, requested } of partsOf(present).filter(
    (part) => !staying.has(part.contribution.owner),
  )) {
    const claims = owners.get(contribution.owner)?.claims;
    const key = exposureKey(present);
    if (claims && !claims.has(key)) claims.set(key, claimOf(present, { contribution, requested }));
  }
}

/** The complete exposure of an owner that loses it, to be declared once the key is free. */
function claimOf(
  { address, port, protocol }: DeclaredExposure,
  { contribution, requested }: SharedPart,
): LosingClaim {
  const { gateways, since, members } = contribution;
  return {
    address,
    port,
    protocol,
    settings: requested,
    gateways: [...gateways],
    since,
    members: [...members],
  };
}
