/**
 * Quarantined changes that are tried again, alone and after everything else, so that they cost the
 * others nothing; and changes just left out because of an internal fault that may have ended. Pure.
 */
import { isInner } from '../../../shared/device/errors.ts';
import type { PlanEntry } from '../../../shared/domain/plan/plan.ts';
import { changeId } from '../../../shared/domain/plan/plan.ts';
import { isRetryDue, quarantineEntry } from '../../../shared/domain/plan/quarantine.ts';
import { isOverBudget, countUse } from './budgets.ts';
import { isReplayed } from './plan.ts';
import type { Loop, LoopTime, Work } from './state.ts';

/** What is due, in the order of the results. */
export function dueChanges(loop: Loop, at: LoopTime): readonly PlanEntry[] {
  return [...loop.results.entries.values()].filter((entry) => isOwed(loop, entry, at));
}

/**
 * Whether a refused change is tried again in this run: it failed by a fault inside the device, its
 * pause is over, or a replay asks for it.
 */
function isOwed({ job, seen, results }: Loop, entry: PlanEntry, { now }: LoopTime): boolean {
  if (entry.kind !== 'rejected') return false;
  const rejection = results.rejections.get(changeId(entry));
  if (rejection) return isInner(rejection.error);
  const known = quarantineEntry(seen.state, entry);
  return (
    known !== undefined && (isRetryDue(known, now) || isReplayed(job, seen.before, entry.owner))
  );
}

/** What to try now, and what remains. */
export interface Retry {
  /** Tried with the next declare. */
  readonly now: readonly PlanEntry[];
  /** Tried later in this run. */
  readonly due: readonly PlanEntry[];
  /** Whether they are tried one by one or together. */
  readonly trying: Work['trying'];
}

/**
 * One by one while each is refused. Once one succeeds, the cause is gone: the others together.
 * Undefined if nothing is left, or the others wait for the next run.
 */
export function nextRetry({ work, spent }: Loop, { hasTime }: LoopTime): Retry | undefined {
  const [first, ...due] = work.due;
  if (first === undefined || !hasTime) return undefined;
  if (work.trying === 'one' && work.refused === 0) return { now: work.due, due: [], trying: 'all' };
  return isOverBudget(countUse(spent, 'retries'), 'retries')
    ? undefined
    : { now: [first], due, trying: 'one' };
}
