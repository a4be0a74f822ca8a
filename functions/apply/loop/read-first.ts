/** What a plan needs to know of the device before it is carried out. Pure. */
import { areHeld } from '../../../shared/domain/plan/foreign.ts';
import type { Plan } from '../../../shared/domain/plan/plan.ts';
import { DRAIN_LOOK_MS, isOverBudget, countUse } from './budgets.ts';
import type { LoopTime, Loop, Step } from './state.ts';
import { step } from './state.ts';

/**
 * Reads the holders of addresses for new exposures, and the nodes if less has to be declared where
 * they are out; waits a little for those that express is about to drain. Undefined if nothing more
 * is to be known.
 */
export function readFirst(before: Loop, plan: Plan, { hasTime }: LoopTime): Step | undefined {
  if (before.seen.holders === undefined && plan.entries.some(({ kind }) => kind === 'create'))
    return step(withUnchecked(before, plan), 'planning', { kind: 'holders' });
  if (plan.nodes === undefined || before.attempt !== undefined) return undefined;
  if (plan.nodes === 'unread') return step(before, 'planning', { kind: 'nodes' });
  const loop = { ...before, spent: countUse(before.spent, 'drains') };
  return hasTime && !isOverBudget(loop.spent, 'drains')
    ? step(loop, 'draining', { kind: 'wait', time: DRAIN_LOOK_MS })
    : undefined;
}

function withUnchecked(loop: Loop, unchecked: Plan | undefined): Loop {
  return { ...loop, work: { ...loop.work, unchecked } };
}

/**
 * The plan that was made before the holders of addresses were read, if they have no address that
 * is asked for: they change nothing then.
 */
export function plannedBefore({ job, seen, work }: Loop): Plan | undefined {
  const { holders = [], state } = seen;
  const asked = [
    ...job.slices.flatMap(({ exposures }) => exposures),
    ...Object.values(state.owners).flatMap(({ claims = {} }) => Object.values(claims)),
  ].map(({ address }) => address);
  return areHeld(holders, new Set(asked)) ? undefined : work.unchecked;
}
