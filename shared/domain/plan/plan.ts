/** Plan: what a batch of slices means for one partition, as data, before anything is done. */
import type { Slice } from '../exposure/exposure.ts';
import { approvedKeys } from '../steering/steering.ts';
import type { DeclaredState } from './declared.ts';
import { declaredState, sameContent } from './declared.ts';
import type { Draft, PlanRules } from './draft.ts';
import { openDraft } from './draft.ts';
import type { PlanEntry } from './entry.ts';
import { admit } from './fence.ts';
import { closeRecord } from './owner-draft.ts';
import { nextOverrides } from './overrides.ts';
import type { Wish } from './put.ts';
import { byAge, put, wishOf } from './put.ts';
import { removeApproved, removeUnwanted } from './remove.ts';
import { foldTombstones } from './tombstones.ts';

export type { PlanRules } from './draft.ts';
export type { ChangeKind, PlanEntry } from './entry.ts';
export { changeId } from './entry.ts';

export interface Plan {
  readonly partition: string;
  readonly entries: readonly PlanEntry[];
  /** What the partition's declaration becomes. */
  readonly next: DeclaredState;
  /** Whether anything is to be posted at all, fences included. */
  readonly changed: boolean;
}

/** Pure: slices are the newest of each owner; those that are older than what is declared change nothing. */
export function planPartition(partition: string, declared: DeclaredState, slices: readonly Slice[], rules: PlanRules): Plan {
  const draft = openDraft(partition, declared, rules);
  approve(draft);
  // Removals of every owner first: an address that one owner gives up is free for another in the same plan.
  const fresh = slices.toSorted((a, b) => (a.owner < b.owner ? -1 : 1)).filter((slice) => admit(draft, slice));
  const others = [...draft.owners.keys()].filter((owner) => !fresh.some((slice) => slice.owner === owner));
  for (const slice of fresh) removeUnwanted(draft, slice);
  for (const owner of others) removeApproved(draft, owner);
  for (const wish of [...wanted(draft, fresh), ...waiting(draft, others)].toSorted(byAge)) put(draft, wish);
  return conclude(draft);
}

function approve({ declared, owners, rules }: Draft): void {
  for (const approval of rules.approvals ?? []) {
    for (const key of approvedKeys(declared, approval)) owners.get(approval.owner)?.approved.add(key);
  }
}

function wanted({ partition }: Draft, fresh: readonly Slice[]): readonly Wish[] {
  return fresh.flatMap((slice) => slice.exposures.filter((e) => e.partition === partition).map((exposure) => wishOf(slice.owner, exposure)));
}

/** Claims that were lost stand until their owner says something else. */
function waiting({ owners }: Draft, others: readonly string[]): readonly Wish[] {
  return others.flatMap((owner) => [...(owners.get(owner)?.claims.values() ?? [])].map((claim) => ({ owner, wanted: claim, standing: true })));
}

function conclude({ partition, declared, rules, now, owners, exposures, entries }: Draft): Plan {
  const { owners: _owners, exposures: _exposures, floors: _floors, overrides: _overrides, ...rest } = declared;
  const shareNodes = rules.shareNodes ?? declared.shareNodes;
  const overrides = nextOverrides(declared, Object.fromEntries(exposures), { now, ...rules.overrides });
  const records = Object.fromEntries([...owners].map(([owner, record]) => [owner, closeRecord(record)] as const));
  const close = (remembered: Pick<DeclaredState, 'owners' | 'floors'>): DeclaredState =>
    declaredState(remembered.owners, [...exposures.values()], { ...(remembered.floors && { floors: remembered.floors }), ...rest, ...(overrides && { overrides }), ...(shareNodes === undefined ? {} : { shareNodes }) });
  const remembered = { owners: records, ...(declared.floors && { floors: declared.floors }) };
  const next = close(remembered);
  // Forgetting is worth no post of its own.
  if (sameContent(next, declared)) return { partition, entries, next: declared, changed: false };
  const busy = new Set([...exposures.values()].flatMap((e) => e.contributions.map((c) => c.owner)));
  return { partition, entries, next: close(foldTombstones(remembered, busy, now)), changed: true };
}
