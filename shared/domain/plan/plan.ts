/** Plans a batch of slices for one partition, as data without side effects. */
import type { Slice } from '../exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import { declaredState, isSameContent, sortedByKey } from '../declared/declared.ts';
import type { PlanDraft, PlanRules } from './draft.ts';
import type { DeferredFences } from './deferred-fence.ts';
import { deferrable, withDeferred, withoutDeferred } from './deferred-fences.ts';
import type { DrainNotes } from './drain-notes.ts';
import { areDrained, areLeft, drainNotes } from './drain-notes.ts';
import { createDraft, sharedNodes } from './draft.ts';
import { removeAbsent } from './remove-absent.ts';
import type { PlanEntry } from './plan-entry.ts';
import { admitSlice } from './fence.ts';
import { closeRecord } from './owner-draft.ts';
import { nextOverrides } from './overrides.ts';
import type { ExposureRequest } from './upsert-exposure.ts';
import { compareRequestAge, upsertExposure, exposureRequest } from './upsert-exposure.ts';
import { addRemarks } from './remarks.ts';
import { acceptableExposures } from './refused-anew.ts';
import { withExcludedNodes } from './excluded-nodes.ts';
import { removeApproved, removeUnwanted } from './remove.ts';
import { settleSharedExposures } from './settle-shared.ts';
import { applyOrders } from './apply-orders.ts';
import { foldTombstones } from './tombstones.ts';

export type { PlanRules } from './draft.ts';
export type { ChangeKind, PlanEntry } from './plan-entry.ts';
export { changeId } from './plan-entry.ts';

/** The changes of one partition. */
export interface Plan {
  readonly partition: string;
  readonly entries: readonly PlanEntry[];
  /** The next declared state of the partition. */
  readonly next: DeclaredState;
  /** Whether to post, including changes of fences only. */
  readonly changed: boolean;
  /** Fences of the slices that are newer than `next`; absent if none wait. */
  readonly deferred?: DeferredFences;
  /**
   * Less has to be declared if nodes are out, which is not known (`unread`), or not so yet (`due`).
   */
  readonly nodes?: 'unread' | 'due';
}

/**
 * Pure. Slices are the newest of each owner; slices older than the declared version change nothing.
 */
export function planPartition(
  partition: string,
  declared: DeclaredState,
  slices: readonly Slice[],
  rules: PlanRules,
): Plan {
  const draft = createDraft(partition, declared, rules);
  applyOrders(draft, slices);
  removeAbsent(draft, slices);
  // Removals of all owners first, so that a released address is available to others in the same
  // plan.
  const fresh = slices
    .toSorted((a, b) => (a.owner < b.owner ? -1 : 1))
    .filter((slice) => admitSlice(draft, slice));
  const others = [...draft.owners.keys()].filter(
    (owner) => !fresh.some((slice) => slice.owner === owner),
  );
  for (const slice of fresh) removeUnwanted(draft, slice);
  for (const owner of others) removeApproved(draft, owner);
  for (const request of [...wanted(draft, fresh), ...waiting(draft, others)].toSorted(
    compareRequestAge,
  ))
    upsertExposure(draft, request);
  settleSharedExposures(draft);
  addRemarks(draft, fresh);
  return conclude(draft, fresh);
}

/** What the fresh slices request in this partition, without what may not be published. */
function wanted(draft: PlanDraft, fresh: readonly Slice[]): readonly ExposureRequest[] {
  return fresh.flatMap((slice) =>
    acceptableExposures(slice, [draft.declared])
      .filter((e) => e.partition === draft.partition)
      .map((exposure) => withExcludedNodes(slice, exposure, draft.declared))
      .map((exposure) => exposureRequest(slice.owner, exposure)),
  );
}

/** Lost claims stay until their owner changes its request. */
function waiting({ owners }: PlanDraft, others: readonly string[]): readonly ExposureRequest[] {
  return others.flatMap((owner) =>
    [...(owners.get(owner)?.claims.values() ?? [])].map((claim) => ({
      owner,
      wanted: claim,
      standing: true,
    })),
  );
}

/**
 * The next state and the entries from the finished draft. Empty tables are left out, so that equal
 * states have equal declarations.
 */
function conclude(draft: PlanDraft, fresh: readonly Slice[]): Plan {
  const { partition, declared, rules, now, owners, exposures, entries } = draft;
  const {
    owners: _owners,
    exposures: _exposures,
    floors: _floors,
    drains: _drains,
    steered: _steered,
    replaced: _replaced,
    overrides: _overrides,
    ...others
  } = declared;
  const rest = {
    ...others,
    ...tableOf('drains', draft.drains),
    ...tableOf('steered', draft.steered),
    ...tableOf('replaced', draft.replaced),
  };
  const shareNodes = sharedNodes(draft);
  const overrides = nextOverrides(declared, Object.fromEntries(exposures), {
    now,
    ...rules.overrides,
  });
  const records = Object.fromEntries(
    [...owners].map(([owner, record]) => [owner, closeRecord(record)] as const),
  );
  const close = (
    remembered: Pick<DeclaredState, 'owners' | 'floors'>,
    content: Iterable<DeclaredExposure> = exposures.values(),
  ): DeclaredState =>
    declaredState(remembered.owners, [...content], {
      ...(remembered.floors && { floors: remembered.floors }),
      ...rest,
      ...(overrides && { overrides }),
      ...(shareNodes === undefined ? {} : { shareNodes }),
    });
  const remembered = { owners: records, ...(declared.floors && { floors: declared.floors }) };
  const next = close(remembered);
  // A removed record is not worth a separate post.
  if (isSameContent(next, declared)) return { partition, entries, next: declared, changed: false };
  const calmed = waitingIn(draft, fresh, records);
  const calm = withoutDeferred(records, declared, calmed?.deferred ?? new Map());
  const isCalm =
    calmed !== undefined &&
    isSameContent(
      close({ ...remembered, owners: calm }, Object.values(declared.exposures)),
      declared,
    );
  if (isCalm && calmed.mayWait) {
    const { deferred, notes, nodes } = calmed;
    const told = entries.map((entry) => noteTold(entry, notes));
    return { partition, entries: told, next: declared, changed: false, deferred, ...nodes };
  }
  const all = { ...remembered, owners: withDeferred(records, declared, rules.deferred) };
  const busy = new Set([...exposures.values()].flatMap((e) => e.contributions.map((c) => c.owner)));
  const posted = close(foldTombstones(all, busy, now));
  return { partition, entries, next: posted, changed: true, ...(isCalm && calmed.nodes) };
}

/** Versions that may wait if nothing else changes. */
interface Waiting extends Required<Pick<Plan, 'deferred'>> {
  readonly notes: DrainNotes;
  /** False while a member that drains is not known to be out. */
  readonly mayWait: boolean;
  readonly nodes: Pick<Plan, 'nodes'>;
}

/** The drains that may wait undeclared; undefined if any change must be declared now. */
function waitingIn(
  draft: PlanDraft,
  fresh: readonly Slice[],
  records: DeclaredState['owners'],
): Waiting | undefined {
  const { declared, rules } = draft;
  const notes = drainNotes(draft);
  if (notes === undefined) return undefined;
  const deferred = deferrable(draft, fresh, { records, notes });
  const owners = [...notes.addresses.keys()];
  if (deferred.size === 0 || !owners.every((owner) => deferred.has(owner))) return undefined;
  const { live } = rules;
  if (live === undefined)
    return { deferred, notes, mayWait: owners.length === 0, nodes: { nodes: 'unread' } };
  const mayWait = areDrained(notes, declared, live);
  const isDue = !mayWait && !areLeft(notes, declared, live);
  return { deferred, notes, mayWait, nodes: isDue ? { nodes: 'due' } : {} };
}

/**
 * Replaces the entry of an update that only drains members: their nodes are drained already, so
 * nothing is declared.
 */
function noteTold(entry: PlanEntry, { keys }: DrainNotes): PlanEntry {
  if (entry.kind !== 'update' || !keys.has(entry.key)) return entry;
  const { structure: _structure, membersOnly: _membersOnly, ...rest } = entry;
  const reason = 'members drain; this is declared with the next change';
  return { ...rest, kind: 'unchanged', reason };
}

/** Omits empty tables. */
function tableOf<K extends string, T>(
  name: K,
  table: ReadonlyMap<string, T>,
): { readonly [_ in K]?: Readonly<Record<string, T>> } {
  return table.size === 0
    ? {}
    : ({ [name]: sortedByKey(Object.fromEntries(table)) } as {
        readonly [_ in K]: Readonly<Record<string, T>>;
      });
}
