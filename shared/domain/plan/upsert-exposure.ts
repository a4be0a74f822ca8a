/**
 * Adds or updates one owner's part of an exposure, if its claim on address and port is granted and
 * the device does not refuse it.
 */
import type { Exposure } from '../exposure/exposure.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import { exposureKey, REDIRECT_PORT } from '../exposure/exposure.ts';
import { describeUpdate } from './describe-update.ts';
import { disagreeingNeighbour } from './address-settings.ts';
import { lostClaim } from './claims.ts';
import type { DeclaredExposure } from '../declared/declared.ts';
import { isSameContent } from '../declared/declared.ts';
import type { PlanDraft } from './draft.ts';
import { addKey, isAllowed, sharedNodes, sharingRules } from './draft.ts';
import type { PlanEntry } from './plan-entry.ts';
import { changeId } from './plan-entry.ts';
import { structureFingerprint } from './fingerprint.ts';
import { type AddressConflict, conflictWithForeign } from './foreign.ts';
import { heldInWords, nodesInUse } from './nodes-elsewhere.ts';
import type { NodesInUse } from './nodes-elsewhere.ts';
import { quarantineReason, quarantineFor } from './quarantine.ts';
import type { LosingClaim, Quarantined } from '../declared/owner-record.ts';
import { keepClaimsOfEvicted } from './settle-shared.ts';
import type { SharedPart } from './shared-exposure.ts';
import {
  composeExposure,
  deciderOf,
  decidedSettings,
  stayingOwners,
  compareAge,
  partsOf,
} from './shared-exposure.ts';

/** A request of an owner: from a slice, or from an earlier lost claim. */
export interface ExposureRequest {
  /** `cluster/namespace/service`. */
  readonly owner: string;
  /** What is requested, in the form in which a lost claim is kept. */
  readonly wanted: LosingClaim;
  /** It waited as a lost claim; as long as it goes on waiting, nothing is told about it again. */
  readonly standing: boolean;
}

/**
 * Omits the parts of an exposure that are not declared: members that are out, the partition, and
 * the refusal.
 */
export function exposureRequest(
  owner: string,
  {
    partition: _partition,
    refusedIfNew: _refusedIfNew,
    sourceByService: _sourceByService,
    ...exposure
  }: Exposure,
): ExposureRequest {
  const members = exposure.members
    .filter((m) => m.availability !== 'out')
    .toSorted((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
  return { owner, wanted: { ...exposure, members }, standing: false };
}

/** The oldest first, then by name, so that the oldest of simultaneous requests gets the address. */
export function compareRequestAge(a: ExposureRequest, b: ExposureRequest): number {
  return compareAge(
    { since: a.wanted.since, owner: a.owner },
    { since: b.wanted.since, owner: b.owner },
  );
}

/** Records a claim instead if another owner has the address and port. */
export function upsertExposure(draft: PlanDraft, request: ExposureRequest): void {
  const { owner, wanted } = request;
  const key = exposureKey(wanted);
  const record = draft.owners.get(owner);
  const present = draft.exposures.get(key);
  const conflict =
    lostClaim(present, owner, draft.rules.sameFleet) ??
    (present
      ? undefined
      : (foreignConflict(draft, wanted) ?? disagreeingNeighbour(draft, owner, wanted)));
  if (conflict) {
    record?.claims.set(key, wanted);
    if (!request.standing) say(draft, request, { kind: 'conflict', ...conflict });
    return;
  }
  const used = nodesWaitedFor(draft, request);
  if (used) return hold(draft, request, { present, used });
  if (!place(draft, request, present))
    say(draft, request, { kind: 'unchanged', code: 'OK', reason: 'already declared' });
}

/** Another virtual server may also have the port that the redirect needs. */
function foreignConflict(draft: PlanDraft, wanted: LosingClaim): AddressConflict | undefined {
  const holders = draft.holders.get(wanted.address) ?? [];
  const redirect = { ...wanted, port: REDIRECT_PORT };
  return (
    conflictWithForeign(wanted, holders) ??
    (wanted.settings.redirect80 === true ? conflictWithForeign(redirect, holders) : undefined)
  );
}

/** Members whose nodes other partitions have; undefined if none. */
function nodesWaitedFor(draft: PlanDraft, { wanted }: ExposureRequest): NodesInUse | undefined {
  const { partition, declared, rules } = draft;
  if (rules.nodes === undefined || rules.nodes.size === 0) return undefined;
  const shared = sharedNodes(draft) ?? false;
  const used = nodesInUse(wanted.members, { partition, declared, shared }, rules.nodes);
  return used === undefined || used.moving.length === 0 ? undefined : used;
}

/**
 * A new exposure waits; an existing one goes on without the new members that wait, and keeps its
 * members if it would have none. The claim keeps the whole request until the nodes have moved.
 */
function hold(
  draft: PlanDraft,
  request: ExposureRequest,
  { present, used }: { readonly present: DeclaredExposure | undefined; readonly used: NodesInUse },
): void {
  const { owner, wanted } = request;
  const key = exposureKey(wanted);
  const mine = present?.contributions.find((c) => c.owner === owner);
  if (mine) {
    const free = wanted.members.filter(({ address }) => !used.addresses.includes(address));
    const members = free.length > 0 ? free : [...mine.members];
    place(draft, { ...request, wanted: { ...wanted, members } }, present);
  }
  draft.owners.get(owner)?.claims.set(key, wanted);
  if (request.standing) return;
  const what = mine ? 'its new members wait' : 'it waits';
  const reason = `${what}: ${heldInWords({ owner, key }, used)}`;
  say(draft, request, { kind: 'held', code: 'OWN312', reason });
}

/** Whether the request changes something, or is left out; false if it is declared already. */
function place(
  draft: PlanDraft,
  request: ExposureRequest,
  present: DeclaredExposure | undefined,
): boolean {
  const { owner, wanted } = request;
  const key = exposureKey(wanted);
  const next = joined(draft, present, request);
  if (isSameContent(present, next)) {
    forget(draft, request);
    return false;
  }
  const structure = structureFingerprint(next.settings);
  const refused = quarantineFor(draft, { owner, key }, structure);
  if (refused) {
    leaveOut(draft, request, { present, refused });
    return true;
  }
  if (!isAllowed(draft, { owner, key })) return true;
  keepClaimsOfEvicted(draft, present, next);
  draft.exposures.set(key, next);
  addKey(draft.onAddress, next.address, key);
  forget(draft, request);
  say(draft, request, {
    structure,
    ...(present
      ? describeUpdate(present, next, sharingRules(draft))
      : { kind: 'create', code: 'OK', reason: creation(draft, request) }),
  });
  return true;
}

/** An entry of the plan without whom it concerns. */
type Said = Omit<PlanEntry, 'owner' | 'key' | 'gateways'>;

/** Adds an entry to the plan, from which results and Events are made. */
function say(draft: PlanDraft, { owner, wanted }: ExposureRequest, said: Said): void {
  draft.entries.push({ owner, key: exposureKey(wanted), gateways: wanted.gateways, ...said });
}

/** Removes the claim and quarantine of a fulfilled request. */
function forget(draft: PlanDraft, { owner, wanted }: ExposureRequest): void {
  const record = draft.owners.get(owner);
  for (const table of [record?.quarantine, record?.claims]) table?.delete(exposureKey(wanted));
}

/**
 * A new refused change stays out; an exposure that was accepted before keeps that content, and its
 * members are still updated.
 */
function leaveOut(
  draft: PlanDraft,
  request: ExposureRequest,
  {
    present,
    refused,
  }: { readonly present: DeclaredExposure | undefined; readonly refused: Quarantined },
): void {
  const { owner, wanted } = request;
  const key = exposureKey(wanted);
  draft.owners.get(owner)?.quarantine.set(key, refused);
  const mine = present && partsOf(present).find(({ contribution }) => contribution.owner === owner);
  // A refused request is not stored as requested settings either; the accepted one stays.
  const accepted = mine && { ...request, wanted: { ...wanted, settings: mine.requested } };
  const following =
    present && accepted && refused.members === 'follow'
      ? joined(draft, present, accepted, present.settings)
      : undefined;
  if (
    present &&
    following &&
    isAllowed(draft, { owner, key }) &&
    !isSameContent(present, following)
  ) {
    keepClaimsOfEvicted(draft, present, following);
    draft.exposures.set(key, following);
    say(draft, request, {
      structure: refused.hash,
      ...describeUpdate(present, following, sharingRules(draft)),
    });
  }
  say(draft, request, {
    kind: 'rejected',
    structure: refused.hash,
    code: refused.code,
    reason: `${quarantineReason(refused)}${mine ? '; until then the last accepted content stays' : ''}`,
  });
}

/**
 * The exposure including this request. An owner that does not decide leaves the settings unchanged,
 * so that it is not quarantined for another's request: see `settle-shared.ts`.
 */
function joined(
  draft: PlanDraft,
  present: DeclaredExposure | undefined,
  { owner, wanted }: ExposureRequest,
  kept?: Settings,
): DeclaredExposure {
  const rules = sharingRules(draft);
  const mine: SharedPart = {
    contribution: {
      owner,
      gateways: wanted.gateways,
      since: wanted.since,
      members: wanted.members,
    },
    requested: wanted.settings,
  };
  const others = present
    ? stayingOwners(present.contributions, draft.rules.sameFleet)
        .map((c) => c.owner)
        .filter((one) => one !== owner)
    : [];
  const parts = [
    ...(present ? partsOf(present) : []).filter(({ contribution }) =>
      others.includes(contribution.owner),
    ),
    mine,
  ];
  const decides = deciderOf(parts)?.contribution.owner === owner;
  const settings =
    kept ??
    (present && !decides ? present.settings : decidedSettings(wanted, parts, rules)) ??
    wanted.settings;
  return composeExposure(wanted, settings, parts, rules);
}

/**
 * Why the exposure is created: it is requested, its address became free, or it moved from another
 * partition.
 */
function creation(draft: PlanDraft, { owner, wanted, standing }: ExposureRequest): string {
  const gateways = wanted.gateways.join(', ');
  const from = draft.rules.movedFrom?.get(changeId({ owner, key: exposureKey(wanted) }));
  if (from !== undefined)
    return `${gateways} requests it; it moves here from partition ${from}, which cut its connections`;
  return standing ? `${gateways} waited for it, and it is free now` : `${gateways} requests it`;
}
