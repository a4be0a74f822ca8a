/** One set of changes on its way to the device. Pure. */
import type { DeclaredPartition } from '../../../shared/device/reading.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { isChange } from '../../../shared/domain/plan/plan-entry.ts';
import type { Plan } from '../../../shared/domain/plan/plan.ts';
import { changeId } from '../../../shared/domain/plan/plan.ts';
import { LeaseLost } from '../../../shared/queue/lease.ts';
import type { DeclareTry } from '../job.ts';
import { resetBudgets } from './budgets.ts';
import type { AttemptKind, DeclareAttempt, Loop, LoopTime, Task } from './state.ts';

/** The task of attempts that change nothing on the device. */
export const NO_CHANGES: Task = { changes: [], isolating: false };

/** Not begun yet. */
const NEW = {
  base: undefined,
  next: undefined,
  half: false,
  begun: 0,
  error: undefined,
} as const satisfies Partial<DeclareAttempt>;

/** The attempt to declare a task, with budgets of its own. */
export function attemptOf(loop: Loop, { purpose, task, idle }: AttemptKind): Loop {
  const only = new Set(task.changes.map(changeId));
  return {
    ...loop,
    attempt: { ...NEW, purpose, task, only, idle },
    spent: resetBudgets(loop.spent, 'declare'),
  };
}

/** The declare of new versions and metadata only. */
export function fenceOf({ spent, job }: Loop): AttemptKind {
  const isAgain = spent.rounds === 1 && job.again === true;
  return { purpose: 'fence', task: NO_CHANGES, idle: isAgain ? 'declare' : 'leave' };
}

/**
 * A partition without owners is not created; one for an owner that was addressed is, so that late
 * events meet a fence.
 */
export function isEmptyPartition({ lockKey }: DeclaredPartition, next: DeclaredState): boolean {
  return lockKey === undefined && Object.keys(next.owners).length === 0;
}

/**
 * Whether the attempt declares what is declared already. The device accepted it before, so none of
 * the changes is the cause of a refusal, unless it shows that one was left out by mistake.
 */
export function isRepetition({ base, next, task }: DeclareAttempt): boolean {
  return task.named === undefined && base?.state === next;
}

/** The same again, from the start. */
export function restarted(loop: Loop, { monotonic }: LoopTime): Loop {
  return loop.attempt ? { ...loop, attempt: { ...loop.attempt, ...NEW, begun: monotonic } } : loop;
}

/** The attempt to declare nothing, to find out whether `error` depends on the changes. */
export function proofOf(loop: Loop, error: DeviceError, { monotonic }: LoopTime): Loop {
  const attempt: DeclareAttempt = {
    ...NEW,
    purpose: 'proof',
    task: NO_CHANGES,
    only: new Set(),
    idle: 'declare',
    error,
    begun: monotonic,
    ...(loop.attempt && { about: loop.attempt }),
  };
  return { ...loop, attempt };
}

/** With the reading that the attempt is planned on; a reading is used for one declare only. */
export function withReading(before: Loop): Loop {
  const { attempt } = before;
  if (attempt === undefined) return before;
  const { seen, ...loop } = withOwnState(before);
  return {
    ...loop,
    attempt: { ...attempt, base: attempt.base ?? seen.fresh },
    seen: { ...seen, fresh: undefined },
  };
}

/** What the loop declared itself takes the place of a reading; there is never one besides. */
export function withOwnState(loop: Loop): Loop {
  const { own, readings } = loop.seen;
  return own === undefined
    ? loop
    : { ...loop, seen: { ...loop.seen, fresh: own, own: undefined, readings: readings + 1 } };
}

/** Anything but a clean success is read again. */
export function withoutOwnState(loop: Loop, error?: unknown): Loop {
  const isOther = error instanceof DeviceError && error.code === 'BIP430';
  const trusted = loop.seen.trusted && !isOther;
  return { ...loop, seen: { ...loop.seen, own: undefined, trusted } };
}

/** The plan of the round, if the attempt makes all of its changes. */
export function plannedAlready({ work, attempt }: Loop): Plan | undefined {
  const changes = work.plan?.entries.filter(isChange) ?? [];
  return changes.every((entry) => attempt?.only.has(changeId(entry)) === true)
    ? work.plan
    : undefined;
}

/** For the log: the problems that remain, or the error. */
export function triedAs(
  { job, attempt }: Loop,
  outcome: readonly string[] | { readonly error: unknown },
  { monotonic }: LoopTime,
): DeclareTry {
  const { only, begun } = attempt ?? { only: new Set(), begun: monotonic };
  const tried = { partition: job.partition, changes: only.size, took: monotonic - begun };
  if ('error' in outcome) {
    const { error } = outcome;
    return { ...tried, outcome: outcomeOf(error), reason: String(error) };
  }
  const [reason] = outcome;
  return reason === undefined
    ? { ...tried, outcome: 'applied' }
    : { ...tried, outcome: 'incomplete', reason };
}

/** The outcome for the list of attempts: the code of the device, or why there is none. */
function outcomeOf(error: unknown): string {
  if (error instanceof LeaseLost) return 'dropped';
  return error instanceof DeviceError ? error.code : 'failed';
}

/** An attempt with the reading and the plan that it declares. */
export type PlannedAttempt = DeclareAttempt & {
  readonly base: DeclaredPartition;
  readonly next: DeclaredState;
};

/** The attempt with its plan. Throws if there is none, which would be a bug of the loop. */
export function planOf({ attempt: now }: Loop): PlannedAttempt {
  const { base, next } = now ?? {};
  if (now === undefined || base === undefined || next === undefined)
    throw new Error('declare without a plan');
  return { ...now, base, next };
}
