/** The changes of a round: ordered, in parts that the device can process in time. Pure. */
import type { Declared } from '../../../shared/device/device.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { Plan, PlanEntry } from '../../../shared/domain/plan/plan.ts';
import { changeId } from '../../../shared/domain/plan/plan.ts';
import { isChange } from '../../../shared/domain/plan/plan-entry.ts';
import { countFitting, orderChanges } from '../../../shared/domain/plan/steps.ts';
import { expectedTime, measured, paceAt, stepOf } from '../pace.ts';
import { resetBudgets } from './budgets.ts';
import type { Effect, Loop, LoopTime, Task, Work } from './state.ts';

/** The changes of a new round, as planned. */
export function withPlannedChanges(loop: Loop, plan: Plan): Loop {
  const { job, seen } = loop;
  const rest = plan.entries.filter(isChange);
  const { exposures } = seen.state;
  const { cost } = job.capabilities.declareSize;
  const costs = new Map(
    rest.map((entry) => [
      changeId(entry),
      cost(exposures[entry.key], plan.next.exposures[entry.key]),
    ]),
  );
  const { readings } = seen;
  return { ...loop, work: { ...loop.work, plan, rest, costs, refused: 0, readings } };
}

/** Quarantined changes to try again now; their cost is that of new exposures. */
export function withRetriedChanges(loop: Loop, changes: readonly PlanEntry[]): Loop {
  const ids = changes.map(changeId);
  const { exposure } = loop.job.capabilities.declareSize;
  const costs = new Map(ids.map((id) => [id, exposure]));
  return withOrderedChanges(
    { ...loop, work: { ...loop.work, costs, refused: 0, retry: new Set(ids) } },
    changes,
  );
}

/** These changes are to be declared before anything else. */
export function withOrderedChanges(loop: Loop, changes: readonly PlanEntry[]): Loop {
  const rest = orderChanges(changes, costIn(loop.work), loop.job.capabilities.declareSize.exposure);
  return { ...loop, work: { ...loop.work, rest, part: 0, tasks: [] } };
}

/** As many changes as fit into one declare; undefined if none are left. */
export function nextPart(loop: Loop, { monotonic }: LoopTime): Loop | undefined {
  const pace = paceAt(loop.pace, monotonic);
  const { work } = loop;
  if (work.rest.length === 0) return undefined;
  const part = countFitting(work.rest, costIn(work), stepOf(pace));
  const isolating = work.phase === 'quarantined';
  const tasks: readonly Task[] = [{ changes: work.rest.slice(0, part), isolating }];
  return { ...loop, pace, work: { ...work, part, tasks, refusedBefore: work.refused } };
}

/** The changes after a part that is done. */
export function withoutPart(loop: Loop): Loop {
  const { work, spent } = loop;
  return {
    ...loop,
    spent: resetBudgets(spent, 'part'),
    work: { ...work, rest: work.rest.slice(work.part), part: 0 },
  };
}

/** Whether a run may end after this part: others are left, and nothing refused must be stored. */
export function mayEnd({ work, results }: Loop): boolean {
  return work.phase === 'changes' && work.rest.length > 0 && results.refused.size === 0;
}

/** The same part with fewer changes; undefined if it cannot be made smaller. */
export function smallerPart(before: Loop, at: LoopTime): Loop | undefined {
  const { work } = before;
  const loop = nextPart({ ...before, work: { ...work, refused: work.refusedBefore } }, at);
  return loop !== undefined && loop.work.part < work.part ? loop : undefined;
}

/** The declare of the attempt, with the time that it will probably take. */
export function declareEffect(
  loop: Loop,
  state: DeclaredState,
  lockKey: string | undefined,
): Effect {
  const expected = expectedTime(loop.pace, loop.job.partition, attemptCost(loop));
  return { kind: 'declare', state, lockKey, ...(expected !== undefined && { expected }) };
}

/** After a declare of the whole target: its state and its time are known. */
export function afterDeclare(before: Loop, declared: Declared): Loop {
  const { job, seen, attempt, pace } = before;
  const { partition } = job;
  const { took, created, cost: done, lockKey } = declared;
  const posted = Object.keys(seen.state.exposures).length;
  const own = lockKey !== undefined && seen.trusted ? { state: seen.state, lockKey } : undefined;
  const loop = { ...before, seen: { ...seen, own } };
  const begun =
    created === undefined ? pace : measured(pace, { partition, cost: 0, took: created });
  // What each half of a declare costs is unknown.
  return took === undefined || attempt?.half === true
    ? { ...loop, pace: begun }
    : {
        ...loop,
        pace: measured(begun, { partition, cost: attemptCost(loop), done, took, posted }),
      };
}

/** In the unit of the device's capabilities, as the pace is. */
function attemptCost({ work, attempt }: Loop): number {
  const cost = costIn(work);
  return (attempt?.task.changes ?? []).reduce((sum, change) => sum + cost(change), 0);
}

function costIn({ costs }: Work): (change: PlanEntry) => number {
  return (change) => costs.get(changeId(change)) ?? 0;
}
