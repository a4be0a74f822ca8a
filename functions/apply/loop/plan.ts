/** Plans from what the loop knows, and keeps the results of changes. Pure. */
import { DeviceError, errorText, trim } from '../../../shared/device/errors.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE, isSameContent } from '../../../shared/domain/declared/declared.ts';
import type { Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposureWithKey } from '../../../shared/domain/exposure/exposure.ts';
import { stillDeferred, withDeferred } from '../../../shared/domain/plan/deferred-fences.ts';
import { joinEntries } from '../../../shared/domain/plan/plan-entry.ts';
import type { Plan, PlanEntry, PlanRules } from '../../../shared/domain/plan/plan.ts';
import { changeId, planPartition } from '../../../shared/domain/plan/plan.ts';
import { nextQuarantine, quarantineEntry } from '../../../shared/domain/plan/quarantine.ts';
import { compareVersions } from '../../../shared/domain/revision.ts';
import { approvedKeys } from '../../../shared/domain/steering/steering.ts';
import type { PartitionResult } from '../job.ts';
import { BUDGETS } from './budgets.ts';
import type { LoopTime, Loop, LoopJob, Results, Step } from './state.ts';

/** The plan from this state, limited to the given changes. */
export function makePlan(
  loop: Loop,
  state: DeclaredState,
  { now }: LoopTime,
  only: ReadonlySet<string> | undefined,
): Plan {
  const { job, seen, results } = loop;
  const { partition, slices, sameFleet, fleetOf, orders, absences, overrides } = job;
  return planPartition(partition, state, slices, {
    sameFleet,
    ...(fleetOf && { fleetOf }),
    now,
    refused: results.refused,
    retry: retryIn(loop),
    ...(only && { only }),
    ...(seen.holders && { holders: seen.holders }),
    ...(seen.nodes && { live: seen.nodes }),
    ...(orders && { orders }),
    ...(absences && { absences }),
    ...outsideOfDeclaration(job),
    ...surroundingsOf(job),
    overrides: { ...overrides, adopt: [...(overrides?.adopt ?? []), ...seen.manualChanges] },
  });
}

/** What is known of the other partitions of the device. */
function surroundingsOf({
  movedFrom,
  closed,
  shareNodes,
  nodes,
  waiting,
}: LoopJob): Partial<PlanRules> {
  return {
    ...(movedFrom && { movedFrom }),
    ...(closed && { closed }),
    ...(shareNodes === undefined ? {} : { shareNodes }),
    ...(nodes && { nodes }),
    ...(waiting && { waiting }),
  };
}

/** What is known of events that the declaration does not contain. */
function outsideOfDeclaration({ heard, deferred }: LoopJob): Pick<PlanRules, 'heard' | 'deferred'> {
  return { ...(heard && { heard }), ...(deferred && { deferred }) };
}

/** Quarantined changes that this plan tries although the device refused them before. */
function retryIn({ work, attempt }: Loop): ReadonlySet<string> {
  return attempt?.task.again === true ? attempt.only : work.retry;
}

/** With the entries of a later plan. */
export function withEntries(results: Results, { entries, deferred = new Map() }: Plan): Results {
  return {
    ...results,
    entries: joinEntries(results.entries.values(), entries),
    deferred: new Map([...results.deferred, ...deferred]),
  };
}

/** The state with the fences that wait, as if they were declared. */
export function withFences({ seen: { state }, results }: Loop): DeclaredState {
  return { ...state, owners: withDeferred(state.owners, state, results.deferred) };
}

/** Records that the device refuses this change. */
export function recordRefusal(
  loop: Loop,
  entry: PlanEntry,
  error: DeviceError,
  { now }: LoopTime,
): Loop {
  const { job, seen, results, work } = loop;
  const id = changeId(entry);
  const remembered = nextQuarantine(
    entry,
    { code: error.code, reason: errorText(error) },
    { before: quarantineEntry(seen.state, entry), now },
  );
  const rejection = {
    error,
    attempts: results.attempts.get(id) ?? [],
    news: remembered.tries === 1 || isReplayed(job, seen.before, entry.owner),
  };
  return {
    ...loop,
    results: {
      ...results,
      refused: new Map(results.refused).set(id, remembered),
      rejections: new Map(results.rejections).set(id, rejection),
    },
    work: { ...work, plan: undefined, refused: work.refused + 1 },
  };
}

/** Withdraws refusals that these changes did not cause, or not alone. */
export function withdrawRefusals(loop: Loop, entries: readonly PlanEntry[]): Loop {
  const ids = new Set(entries.map(changeId));
  const without = <T>(all: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...all].filter(([id]) => !ids.has(id)));
  const { refused, rejections } = loop.results;
  return {
    ...loop,
    results: { ...loop.results, refused: without(refused), rejections: without(rejections) },
  };
}

/** Adds a refused declare to the history of the changes that it contained. */
export function withFailedDeclare(
  { attempts, ...results }: Results,
  changes: readonly PlanEntry[],
  error: DeviceError,
  { now }: LoopTime,
): Results {
  const attempt = {
    at: new Date(now).toISOString(),
    code: error.code,
    reason: trim(errorText(error)),
  };
  const all = new Map(attempts);
  for (const change of changes.map(changeId))
    all.set(change, [...(all.get(change) ?? []), attempt]);
  return { ...results, attempts: all };
}

/** The exposure that the owner's slice requests for this change. */
export function requestedExposure(
  { slices }: Pick<LoopJob, 'slices'>,
  { owner, key }: PlanEntry,
): Exposure | undefined {
  const slice = slices.find((one) => one.owner === owner);
  return slice && exposureWithKey(slice, key);
}

/**
 * Whether the declared version of an owner arrived again without being a redelivery: a replay, to
 * which quarantine does not apply.
 */
export function isReplayed(
  { slices, firstReceived }: Pick<LoopJob, 'slices' | 'firstReceived'>,
  before: DeclaredState | undefined,
  owner: string,
): boolean {
  const declared = before?.owners[owner]?.version;
  const isSame = (slice: Slice): boolean =>
    slice.owner === owner &&
    declared !== undefined &&
    compareVersions(slice.version, declared) === 0;
  return firstReceived?.has(owner) === true && slices.some(isSame);
}

/**
 * Whether only the stored metadata differs. With shared nodes, drains are declared at the members.
 */
export function sameOnDevice(before: DeclaredState, after: DeclaredState): boolean {
  const sameDrains = after.shareNodes !== true || isSameContent(before.drains, after.drains);
  return (
    sameDrains &&
    isSameContent([before.exposures, before.overrides], [after.exposures, after.overrides]) &&
    (before.shareNodes ?? after.shareNodes) === after.shareNodes
  );
}

/** Manual changes are looked for once, before the first declare that could undo them. */
export function detectsManualChanges({ job, seen, spent }: Loop, changed: boolean): boolean {
  return (
    spent.rounds === 1 &&
    (changed || job.again === true) &&
    job.adopting === true &&
    job.overrides?.lift !== true &&
    Object.keys(seen.state.exposures).length > 0
  );
}

/** The plan of the round does not contain what is to be kept. */
export function withManualChanges(loop: Loop, manualChanges: Loop['seen']['manualChanges']): Loop {
  const { seen, work } = loop;
  return {
    ...loop,
    seen: { ...seen, manualChanges },
    ...(manualChanges.length > 0 && { work: { ...work, plan: undefined } }),
  };
}

/** Another client undid the first half of a declare before the second. */
export function overwrittenError({ job }: Loop): DeviceError {
  const where = `${job.device}, partition ${job.partition}`;
  return new DeviceError('BIP430', 'transient', `${where}: another client keeps changing it`);
}

/** The last refusal is a better hint than a possible concurrent writer. */
export function unfinishedError(loop: Loop): DeviceError {
  const { job, results } = loop;
  const where = `${job.device}, partition ${job.partition}`;
  const last = [...results.rejections.values()].at(-1)?.error;
  if (last === undefined) return overwrittenError(loop);
  return new DeviceError(
    last.code,
    'device',
    `${where}: the device still refuses a change after ${BUDGETS.rounds.limit} rounds of leaving changes out`,
    { response: last.response },
  );
}

/** The result for a partition that Sluice may not write. */
export function refusedResult(
  { job: { partition } }: Loop,
  refused: { readonly code: string; readonly reason: string },
): PartitionResult {
  const nothing = { entries: new Map(), rejections: new Map(), approved: [] };
  return { partition, refused, ...nothing, declared: EMPTY_STATE };
}

/**
 * The result of the partition. Which of the approved removals were held is decided by the state
 * before the first declare.
 */
function resultOf({ job, seen, results, work }: Loop): PartitionResult {
  const { partition, orders = [] } = job;
  const approvals = orders.flatMap(({ steering, at }) =>
    steering.action === 'approve' ? [{ steering, at }] : [],
  );
  const approved = approvals.flatMap((order) =>
    approvedKeys(seen.before ?? seen.state, order).map((key) => ({
      owner: order.steering.owner,
      key,
    })),
  );
  const { entries, rejections } = results;
  const { drained } = results;
  const deferred = stillDeferred(seen.state, results.deferred);
  // Only a run that ended early leaves changes.
  const unfinished = new Set(work.rest.map(({ owner }) => owner));
  return {
    partition,
    entries,
    rejections,
    approved,
    declared: seen.state,
    ...(deferred.size > 0 && { deferred }),
    ...(drained.size > 0 && { drained }),
    ...(unfinished.size > 0 && { unfinished }),
  };
}

/** The last step, with the result. */
export function finished(loop: Loop): Step {
  return { loop, effect: { kind: 'done', result: resultOf(loop) } };
}
