/**
 * Applies orders to a plan. An order may arrive repeated, late or after a newer one, and must then
 * change nothing.
 */
import { parseOwner } from '../snapshot/snapshot.ts';
import type { Slice } from '../exposure/exposure.ts';
import type { Version } from '../revision.ts';
import { compareVersions } from '../revision.ts';
import { NOTHING_HEARD } from '../steering/silence.ts';
import { servedOnlyBy } from '../steering/serving.ts';
import type {
  AdoptOrder,
  Approval,
  DrainOrder,
  EnableOrder,
  ForgetOrder,
  ClusterOrder,
  Order,
  RetryOrder,
} from '../steering/steering.ts';
import { approvedKeys, isOwnerOrder } from '../steering/steering.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { PlanDraft } from './draft.ts';
import { exposuresOwnedBy } from './draft.ts';
import { hasNewerSlice } from './update-owner-record.ts';
import type { OwnerDraft } from './owner-draft.ts';
import { removeContribution } from './remove.ts';

/** Milliseconds by which two clocks may differ; a time further ahead comes from a wrong clock. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

/** Applies all orders of the draft, oldest first. */
export function applyOrders(draft: PlanDraft, slices: readonly Slice[]): void {
  for (const order of draft.rules.orders ?? []) {
    // An order cannot be given in the future. If accepted as is, it would be the newest for as long
    // as the clock was ahead.
    const given = isAhead(draft, order.at) ? { ...order, at: draft.now } : order;
    if (!isOvertaken(draft, given)) obey(draft, given, slices);
  }
}

/** A plan that is only displayed has no clock. */
function isAhead({ rules: { now } }: PlanDraft, time: number): boolean {
  return now !== undefined && time > now + MAX_CLOCK_SKEW_MS;
}

/** Orders for one cluster apply in the order of sending, regardless of processing delays. */
function isOvertaken(draft: PlanDraft, { steering, at }: Order): boolean {
  const newest = isOwnerOrder(steering) ? undefined : draft.steered.get(steering.cluster);
  return newest !== undefined && isLater(draft, newest, at);
}

/** A recorded time in the future comes from a wrong clock, and does not count as later. */
function isLater(draft: PlanDraft, noted: string, at: number): boolean {
  const time = Date.parse(noted);
  return time > at && !isAhead(draft, time);
}

/**
 * Carries out one order in the draft. Orders come by the time they were sent, so a late one changes
 * nothing.
 */
function obey(draft: PlanDraft, { steering, at }: Order, slices: readonly Slice[]): void {
  switch (steering.action) {
    case 'approve':
      return approve(draft, steering, at);
    case 'retry':
      return retry(draft, steering);
    case 'drain':
      return drain(draft, steering, at);
    case 'enable':
      return enable(draft, steering, at);
    case 'forget':
      return forget(draft, steering, { at, slices });
    case 'adopt':
      return adopt(draft, steering, at);
  }
}

/** Notes the approved removals; the guard asks for them later in the same plan. */
function approve({ declared, owners }: PlanDraft, order: Approval, at: number): void {
  for (const key of approvedKeys(declared, { steering: order, at }))
    owners.get(order.owner)?.approved.add(key);
}

/**
 * Clears the quarantine, so that the next slice is tried. A change that is refused again counts as
 * refused for the first time.
 */
function retry({ owners }: PlanDraft, { owner, keys }: RetryOrder): void {
  const quarantine = owners.get(owner)?.quarantine;
  for (const key of keys ?? [...(quarantine?.keys() ?? [])]) quarantine?.delete(key);
}

/** Whether the partition is already in the state that the order requests, by whichever order. */
export function isOrderInEffect(
  { owners, drains }: DeclaredState,
  steering: ClusterOrder,
): boolean {
  const records = Object.entries(owners)
    .filter(([owner]) => parseOwner(owner).cluster === steering.cluster)
    .map(([, record]) => record);
  switch (steering.action) {
    case 'drain':
      return drains?.[steering.cluster]?.mode === steering.mode;
    case 'enable':
      return (
        drains?.[steering.cluster] === undefined ||
        (steering.silent === true && drains[steering.cluster]?.silent !== true)
      );
    case 'forget':
      return Object.keys(steering.upTo).every(
        (owner) => owners[owner] === undefined || owners[owner].gone !== undefined,
      );
    case 'adopt':
      return records.every(({ clusterUid }) => clusterUid === steering.clusterUid);
  }
}

function note(draft: PlanDraft, { cluster }: ClusterOrder, at: number): void {
  draft.steered.set(cluster, new Date(at).toISOString());
}

/** A repeated order keeps the time of the first. */
function drain(draft: PlanDraft, order: DrainOrder, at: number): void {
  const { cluster, mode, because, silent } = order;
  if (silent && !isStillSilent(draft, order, silent)) return;
  const known = draft.drains.get(cluster);
  const since = known?.mode === mode ? known.since : new Date(at).toISOString();
  draft.drains.set(cluster, { mode, since, because, ...(silent && { silent: true as const }) });
  note(draft, order, at);
}

/**
 * Ends a drain. An automatic order ends only a drain that silence has caused, never one of a
 * person.
 */
function enable(draft: PlanDraft, order: EnableOrder, at: number): void {
  if (order.silent === true && draft.drains.get(order.cluster)?.silent !== true) return;
  draft.drains.delete(order.cluster);
  note(draft, order, at);
}

/**
 * Explicit orders take precedence; and a silent cluster is better than none if no other can replace
 * it.
 */
function isStillSilent(
  draft: PlanDraft,
  { cluster }: DrainOrder,
  { seen, speaking }: NonNullable<DrainOrder['silent']>,
): boolean {
  const known = draft.drains.get(cluster);
  if (known !== undefined && known.silent !== true) return false;
  const { heard = NOTHING_HEARD } = draft.rules;
  if (heard === 'unknown') return false;
  const times = [...recordsOf(draft, cluster).map(([, record]) => record.seen), heard.get(cluster)];
  const spoke = times.some((time) => time !== undefined && Date.parse(time) > Date.parse(seen));
  const state = {
    exposures: Object.fromEntries(draft.exposures),
    drains: Object.fromEntries(draft.drains),
  };
  return !spoke && servedOnlyBy(state, cluster, (other) => speaking.includes(other)).length === 0;
}

/**
 * Removes what the owners contribute and raises their fences. Owners with newer events are kept.
 */
function forget(
  draft: PlanDraft,
  order: ForgetOrder,
  { at, slices }: { readonly at: number; readonly slices: readonly Slice[] },
): void {
  for (const [owner, version] of Object.entries(order.upTo)) {
    const record = draft.owners.get(owner);
    const fence = above(version);
    if (
      !record ||
      compareVersions(record.version, fence) > 0 ||
      hasNewerSlice({ version: fence, clusterUid: record.clusterUid }, owner, slices)
    )
      continue;
    Object.assign(record, {
      version: fence,
      gone: record.gone ?? new Date(draft.now).toISOString(),
    });
    record.claims.clear();
    for (const one of exposuresOwnedBy(draft, owner))
      removeContribution(draft, owner, one, `${owner} was removed by an order`);
  }
  const since = draft.drains.get(order.cluster)?.since;
  const isEmpty = recordsOf(draft, order.cluster).every(([, record]) => record.gone !== undefined);
  if (order.whole && isEmpty && since !== undefined && !isLater(draft, since, at))
    draft.drains.delete(order.cluster);
}

/**
 * Above every version of the forgotten snapshot under any configuration, and below the owner's next
 * snapshot.
 */
function above({ epoch, counter }: Version): Version {
  return { epoch, counter: counter + 1, generation: 0 };
}

/**
 * Keeps the fences: when its events are superseded, the watcher of the adopted cluster continues
 * above them.
 */
function adopt(draft: PlanDraft, order: AdoptOrder, at: number): void {
  const { cluster, clusterUid } = order;
  const records = recordsOf(draft, cluster);
  const known = [
    ...(draft.replaced.get(cluster) ?? []),
    ...records.map(([, record]) => record.clusterUid),
  ];
  const replaced = [...new Set(known)].filter((uid) => uid !== clusterUid).sort();
  if (replaced.length > 0) draft.replaced.set(cluster, replaced);
  else draft.replaced.delete(cluster);
  const others = records.filter(([, record]) => record.clusterUid !== clusterUid);
  for (const [, record] of others) Object.assign(record, { clusterUid, rival: undefined });
  note(draft, order, at);
}

function recordsOf(
  { owners }: PlanDraft,
  cluster: string,
): readonly (readonly [string, OwnerDraft])[] {
  return [...owners].filter(([owner]) => parseOwner(owner).cluster === cluster);
}
