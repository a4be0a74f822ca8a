/**
 * The loop for one partition: what happened goes in, what to do next comes out. Pure; `run.ts`
 * carries it out. In order: observe, plan, guard, declare, verify, report. What the device refuses
 * is isolated (`isolate.ts`), and quarantined changes are tried again (`retry.ts`), by the same
 * steps. What may be repeated, and how often, is in `budgets.ts`.
 */
import type { PartitionReading } from '../../../shared/device/reading.ts';
import type { Declared } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { MissingReference } from '../../../shared/device/references.ts';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import type { Plan } from '../../../shared/domain/plan/plan.ts';
import { takenSince } from '../addresses.ts';
import { slower } from '../pace.ts';
import { OutOfTime } from '../outage.ts';
import {
  attemptOf,
  fenceOf,
  isEmptyPartition,
  isRepetition,
  NO_CHANGES,
  plannedAlready,
  planOf,
  proofOf,
  restarted,
  triedAs,
  withOwnState,
  withoutOwnState,
  withReading,
} from './attempt.ts';
import { isOverBudget, LATE_LOOK_MS, countUse } from './budgets.ts';
import { afterRefusal, afterSuccess } from './isolate.ts';
import {
  explainedLookup,
  withoutCausingChange,
  incompleteError,
  isClash,
  classifyFault,
  proofError,
  referencesNotFound,
} from './classify-fault.ts';
import {
  recordRefusal,
  detectsManualChanges,
  makePlan,
  unfinishedError,
  withFailedDeclare,
  overwrittenError,
  withdrawRefusals,
  refusedResult,
  finished,
  sameOnDevice,
  withEntries,
  withManualChanges,
} from './plan.ts';
import { plannedBefore, readFirst } from './read-first.ts';
import { referencesToLookUp, withoutMissing } from './references.ts';
import { report, reportDrained, reportMembers } from './report.ts';
import { nextRetry, dueChanges } from './retry.ts';
import type { AttemptKind, Event, Loop, LoopTime, Phase, Step, Task } from './state.ts';
import { step, fail } from './state.ts';
import {
  afterDeclare,
  declareEffect,
  mayEnd,
  nextPart,
  withOrderedChanges,
  withPlannedChanges,
  withRetriedChanges,
  smallerPart,
  withoutPart,
} from './work.ts';

/** The transition for one event. Depends on its arguments only. */
export function nextStep(loop: Loop, event: Event): Step {
  const { at } = event;
  switch (event.kind) {
    case 'begin':
      return round(loop, at);
    case 'read':
      return observe(loop, event.reading, at);
    case 'holders':
      return holdersRead({ ...loop, seen: { ...loop.seen, holders: event.holders } }, at);
    case 'nodes':
      return nodesRead(loop, event.nodes, at);
    case 'drift':
      return checkReferences(withManualChanges(loop, event.manualChanges), at);
    case 'lookup':
      return lookedUp(loop, event.missing, at);
    case 'declare':
      return declared(loop, event.declared, at);
    case 'verify':
      return verified(loop, event.problems, at);
    case 'newer':
      return between(loop, at, event.waits);
    case 'wait':
      return waited(loop, at);
    case 'failed':
      return failed(loop, event.error, at);
    default:
      event.kind satisfies 'members';
      return reportMembers(loop);
  }
}

// Observe: what is declared. Rounds begin here, until nothing is left.

function round(before: Loop, at: LoopTime): Step {
  const spent = countUse(before.spent, 'rounds');
  const loop = withOwnState({ ...before, attempt: undefined, spent });
  return isOverBudget(spent, 'rounds') ? fail(loop, unfinishedError(loop)) : plan(loop, at);
}

function observe(before: Loop, reading: PartitionReading, at: LoopTime): Step {
  const { job, seen } = before;
  const isFirst = seen.before === undefined;
  if (reading.kind === 'refused')
    return isFirst
      ? { loop: before, effect: { kind: 'done', result: refusedResult(before, reading) } }
      : failed(before, new DeviceError('BIP430', 'transient', reading.reason), at);
  const { state } = reading.declared;
  const readings = seen.readings + (isFirst ? 0 : 1);
  const known = { ...seen, before: seen.before ?? state, state, own: undefined, readings };
  const loop = { ...before, seen: known, work: { ...before.work, plan: undefined } };
  const taken = isFirst ? undefined : takenSince(job, state);
  if (taken !== undefined) return failed(loop, taken, at);
  return plan({ ...loop, seen: { ...known, fresh: reading.declared } }, at);
}

// Plan: the whole round, then the changes of each declare.

function plan(before: Loop, at: LoopTime, known?: Plan): Step {
  const loop = withReading(before);
  const { attempt: now, seen, job } = loop;
  const base = now === undefined ? seen.fresh : now.base;
  if (base === undefined) return step(loop, 'observing', { kind: 'read' });
  const only = now === undefined ? job.only : now.only;
  const made = known ?? plannedAlready(loop) ?? makePlan(loop, base.state, at, only);
  const first = readFirst(loop, made, at);
  if (first !== undefined) return first;
  const told = {
    ...loop,
    results: withEntries(loop.results, made),
    work: { ...loop.work, plan: undefined },
  };
  return now === undefined
    ? guard(withPlannedChanges(told, made), made, at)
    : declare({ ...told, attempt: { ...now, next: made.next } }, made.changed, at);
}

function nodesRead(loop: Loop, nodes: readonly LiveNode[], at: LoopTime): Step {
  return loop.phase === 'reporting'
    ? reportDrained(loop, nodes)
    : plan({ ...loop, seen: { ...loop.seen, nodes } }, at);
}

/** The holders of addresses are read before a plan, and after a clash that was not planned. */
function holdersRead(loop: Loop, at: LoopTime): Step {
  return loop.phase === 'planning' ? plan(loop, at, plannedBefore(loop)) : work(loop, at);
}

// Guard: what is changed by hand is kept, and what refers to missing objects is left out.

function guard(loop: Loop, { changed }: Plan, at: LoopTime): Step {
  const { state } = loop.seen;
  return detectsManualChanges(loop, changed)
    ? step(loop, 'guarding', { kind: 'drift', state })
    : checkReferences(loop, at);
}

function checkReferences(loop: Loop, at: LoopTime): Step {
  const references = referencesToLookUp(loop, loop.work.rest);
  return references.length === 0
    ? referencesChecked(loop, [], at)
    : step(loop, 'checking references', { kind: 'lookup', references });
}

function lookedUp(loop: Loop, missing: readonly MissingReference[], at: LoopTime): Step {
  const { error } = loop.attempt ?? {};
  return loop.phase === 'looking up' && error !== undefined
    ? handleFault(loop, explainedLookup(loop, error, missing), at)
    : referencesChecked(loop, missing, at);
}

function referencesChecked(before: Loop, missing: readonly MissingReference[], at: LoopTime): Step {
  const { loop, healthy } = withoutMissing(before, missing, at);
  if (loop.work.phase === 'quarantined')
    return retry({ ...loop, work: { ...loop.work, rest: [], due: healthy } }, at);
  if (healthy.length > 0) return work(withOrderedChanges(loop, healthy), at);
  return open(withOrderedChanges(loop, []), fenceOf(loop), at);
}

// Declare: part by part, each as one task until the device refuses it.

function work(loop: Loop, at: LoopTime): Step {
  const [task, ...tasks] = loop.work.tasks;
  if (task === undefined) return between(withoutPart(loop), at);
  const { refused: count } = loop.work;
  const { fault, ifRefused = count } = task.known ?? {};
  const next = { ...loop, work: { ...loop.work, tasks } };
  return fault !== undefined && ifRefused === count
    ? isolate(next, task, fault, at)
    : open(next, { purpose: 'task', task, idle: 'leave' }, at);
}

function between(loop: Loop, at: LoopTime, waits?: boolean): Step {
  // Nodes follow the whole versions, so the run that finishes them reconciles.
  if (waits === true) return finished(loop);
  const asks = waits === undefined && mayEnd(loop);
  return asks ? step(loop, 'between', { kind: 'newer' }) : partDone(loop, at);
}

function partDone(loop: Loop, at: LoopTime): Step {
  const next = nextPart(loop, at);
  if (next !== undefined) return work(next, at);
  const { phase, refused: count, readings } = loop.work;
  if (phase === 'quarantined') return retry(loop, at);
  // Declared in one step from the planned state, so nothing is left.
  if (count > 0 || readings !== loop.seen.readings) return round(loop, at);
  const rest = dueChanges(loop, at);
  return checkReferences({ ...loop, work: { ...loop.work, phase: 'quarantined', rest } }, at);
}

/** Quarantined changes that are due, then what is refused and not stored yet. */
function retry(loop: Loop, at: LoopTime): Step {
  const next = nextRetry(loop, at);
  if (next !== undefined) {
    const { now, due, trying } = next;
    const spent = trying === 'one' ? countUse(loop.spent, 'retries') : loop.spent;
    const tried = { ...loop, spent, work: { ...loop.work, due, trying } };
    return work(withRetriedChanges(withdrawRefusals(tried, now), now), at);
  }
  const ended = { ...loop, work: { ...loop.work, retry: new Set<string>() } };
  return ended.results.refused.size === 0
    ? report(ended)
    : open(ended, { purpose: 'store', task: NO_CHANGES, idle: 'leave' }, at);
}

function open(loop: Loop, begun: AttemptKind, at: LoopTime): Step {
  return attempt(attemptOf(loop, begun), at);
}

function attempt(loop: Loop, at: LoopTime): Step {
  return at.hasTime ? plan(restarted(loop, at), at) : fail(loop, new OutOfTime(loop.job.device));
}

function declare(loop: Loop, changed: boolean, at: LoopTime): Step {
  const { base, next, half, idle } = planOf(loop);
  const isSame = !changed && idle === 'leave' && !half;
  if (isSame || isEmptyPartition(base, next)) return succeeded(loop, at);
  return !changed && idle === 'look'
    ? step(loop, 'looking', { kind: 'verify', state: base.state })
    : post(loop, at);
}

function post(loop: Loop, at: LoopTime): Step {
  const { base, next, half } = planOf(loop);
  const state = loop.job.capabilities.firstStep(base.state, next);
  if (half && state !== next) return failed(loop, overwrittenError(loop), at);
  const posted = { ...loop, seen: { ...loop.seen, posted: state } };
  return step(posted, 'declaring', declareEffect(loop, state, base.lockKey));
}

// Verify: whether the device does what it said it did.

function declared(before: Loop, result: Declared, at: LoopTime): Step {
  const { base, next, half, idle } = planOf(before);
  const { posted = next } = before.seen;
  const known = { ...before, seen: { ...before.seen, state: posted } };
  if (posted !== next) {
    const rest = known.attempt && { ...known.attempt, half: true, base: undefined };
    return step({ ...known, attempt: rest }, 'observing', { kind: 'read' });
  }
  const loop = afterDeclare(known, result);
  // They are stored in the declaration now.
  const stored = { ...loop, results: { ...loop.results, refused: new Map() } };
  return idle === 'leave' && !half && sameOnDevice(base.state, next)
    ? accepted(stored, [], at)
    : step(stored, 'verifying', { kind: 'verify', state: next });
}

function verified(loop: Loop, problems: readonly string[], at: LoopTime): Step {
  if (loop.phase === 'verifying') return accepted(loop, problems, at);
  const isThere = problems.length === 0;
  if (loop.phase === 'looking') return isThere ? accepted(loop, problems, at) : post(loop, at);
  // It landed late. To declare it again is cheap, and stores the result.
  return isThere ? attempt(loop, at) : awaitLate(loop, at);
}

function accepted(told: Loop, problems: readonly string[], at: LoopTime): Step {
  const tried = triedAs(told, problems, at);
  const before = problems.length === 0 ? told : withoutOwnState(told);
  if (problems.length === 0 || before.attempt?.purpose === 'proof')
    return { ...succeeded(before, at), tried };
  const spent = countUse(before.spent, 'redeclares');
  const again = before.attempt && { ...before.attempt, idle: 'declare' as const };
  const loop = { ...before, spent, attempt: again };
  return isOverBudget(spent, 'redeclares')
    ? { ...fail(loop, incompleteError(loop, problems)), tried }
    : { ...attempt(loop, at), tried };
}

function succeeded(loop: Loop, at: LoopTime): Step {
  const { purpose, task, about, error } = loop.attempt ?? {};
  if (purpose === 'store') return report(loop);
  if (purpose === 'proof' && error !== undefined)
    return refused({ ...loop, attempt: about }, error, at);
  const tasks = [...(task === undefined ? [] : afterSuccess(task)), ...loop.work.tasks];
  return work({ ...loop, work: { ...loop.work, tasks } }, at);
}

// What fails is repeated, looked at, proved, made smaller, or isolated.

const DECLARES: readonly Phase[] = ['observing', 'planning', 'looking', 'declaring', 'verifying'];

function failed(before: Loop, error: unknown, at: LoopTime): Step {
  const loop = withoutOwnState(before, error);
  // Another client declares elsewhere, so a comparison is not possible now; do not wait for it.
  const isBusy = error instanceof DeviceError && error.code === 'BIP503';
  if (loop.phase === 'guarding' && isBusy) return checkReferences(loop, at);
  if (loop.attempt === undefined || !DECLARES.includes(loop.phase)) return fail(loop, error);
  const tried = triedAs(loop, { error }, at);
  if (loop.attempt.purpose === 'proof') return { ...fail(loop, proofError(loop, error)), tried };
  if (!(error instanceof DeviceError)) return { ...fail(loop, error), tried };
  const references = referencesNotFound(loop, error);
  const withError = { ...loop, attempt: { ...loop.attempt, error } };
  return references.length > 0
    ? { ...step(withError, 'looking up', { kind: 'lookup', references }), tried }
    : { ...handleFault(loop, error, at), tried };
}

function handleFault(before: Loop, error: DeviceError, at: LoopTime): Step {
  const verdict = classifyFault(before, error);
  const { attempt: now, spent } = before;
  const repeated = { ...before, spent: countUse(spent, 'races') };
  const loop: Loop =
    'idle' in verdict && now !== undefined
      ? { ...repeated, attempt: { ...now, idle: verdict.idle, error } }
      : { ...before, attempt: now && { ...now, error } };
  switch (verdict.kind) {
    case 'refused':
      return refused(loop, error, at);
    case 'prove':
      return plan(proofOf(loop, error, at), at);
    case 'repeat':
      return step(loop, 'pausing', { kind: 'wait', time: verdict.after });
    case 'look':
      return awaitLate(loop, at);
    case 'smaller':
      return smaller(loop, at);
    case 'fail':
      return fail(loop, verdict.error);
  }
}

function awaitLate(before: Loop, at: LoopTime): Step {
  const loop = { ...before, spent: countUse(before.spent, 'looks') };
  return isOverBudget(loop.spent, 'looks')
    ? smaller(loop, at)
    : step(loop, 'late', { kind: 'wait', time: LATE_LOOK_MS });
}

function waited(loop: Loop, at: LoopTime): Step {
  const { posted } = loop.seen;
  if (loop.phase === 'draining') return step(loop, 'planning', { kind: 'nodes' });
  if (loop.phase !== 'late') return attempt(loop, at);
  if (!at.hasTime || posted === undefined) return fail(loop, new OutOfTime(loop.job.device));
  return step(loop, 'late', { kind: 'verify', state: posted });
}

function smaller(before: Loop, at: LoopTime): Step {
  const pace = slower(before.pace, at.monotonic);
  const loop = { ...before, pace, spent: countUse(before.spent, 'parts') };
  const part = isOverBudget(loop.spent, 'parts') ? undefined : smallerPart(loop, at);
  return part === undefined ? fail(loop, loop.attempt?.error) : work(part, at);
}

function refused(loop: Loop, error: DeviceError, at: LoopTime): Step {
  const { attempt: now } = loop;
  if (now?.purpose !== 'task' || isRepetition(now)) return fail(loop, error);
  const results = withFailedDeclare(loop.results, now.task.changes, error, at);
  return isolate({ ...loop, results }, now.task, error, at);
}

function isolate(before: Loop, task: Task, fault: DeviceError, at: LoopTime): Step {
  const found = afterRefusal(before.job, task, fault, before.work.refused);
  if (found.kind === 'give up') return fail(before, withoutCausingChange(before, found.fault));
  const tasks = [...found.tasks, ...before.work.tasks];
  const { cleared } = found;
  const free = cleared === undefined ? before : withdrawRefusals(before, [cleared]);
  const refusals = before.work.refused - (cleared === undefined ? 0 : 1);
  const loop = { ...free, work: { ...before.work, tasks, refused: refusals } };
  if (found.culprit === undefined) return work(loop, at);
  const { change, error } = found.culprit;
  const next = recordRefusal(loop, change, error, at);
  return isClash(error) ? step(next, 'quarantining', { kind: 'holders' }) : work(next, at);
}
