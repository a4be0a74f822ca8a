/** What a declare that did not succeed means. Pure. */
import { DeviceError, isInner } from '../../../shared/device/errors.ts';
import type { MissingReference, Reference } from '../../../shared/device/references.ts';
import { referencesOf } from '../../../shared/device/references.ts';
import { isOverBudget, countUse } from './budgets.ts';
import { requestedExposure } from './plan.ts';
import type { DeclareAttempt, Loop, Task } from './state.ts';

/** How to go on after a failed declare. */
export type FaultVerdict =
  | { readonly kind: 'refused' }
  /** Find out whether a declare without any changes succeeds. */
  | { readonly kind: 'prove' }
  /** The same again, after this many milliseconds. */
  | { readonly kind: 'repeat'; readonly after: number; readonly idle: DeclareAttempt['idle'] }
  /** AS3 gave up on a script that may still finish: look whether it does. */
  | { readonly kind: 'look'; readonly idle: DeclareAttempt['idle'] }
  /** Too much for one declare. */
  | { readonly kind: 'smaller' }
  | { readonly kind: 'fail'; readonly error: unknown };

/** Milliseconds before each repetition, more each time. */
const RACE_PAUSE_MS = 500;

/** A refusal or fault that is final is no race, however many there were before. */
export function classifyFault(loop: Loop, error: DeviceError): FaultVerdict {
  const { attempt } = loop;
  if (attempt === undefined) return { kind: 'fail', error };
  const spent = countUse(loop.spent, 'races');
  if (isFinal(attempt, error, spent.races)) return classifyFinal(loop, attempt.task, error);
  if (isOverBudget(spent, 'races')) return { kind: 'fail', error };
  const idle = idleAfter(error, attempt.idle);
  // Not every difference is visible: a script that was slow again had not been applied.
  if (error.hint === 'slow')
    return spent.looks === 0 ? { kind: 'look', idle } : { kind: 'smaller' };
  if (error.fault !== 'ambiguous' && error.code !== 'BIP430' && error.hint !== 'raced')
    return { kind: 'fail', error };
  return { kind: 'repeat', after: RACE_PAUSE_MS * spent.races, idle };
}

/**
 * The verdict when repeating does not help: the content is refused, or the fault may be the
 * device's own. The latter is proved by a declare without changes.
 */
function classifyFinal(loop: Loop, { changes, isolating }: Task, error: DeviceError): FaultVerdict {
  if (isolating || !(isInner(error) || error.hint === 'raced')) return { kind: 'refused' };
  return changes.length === 0
    ? { kind: 'fail', error: withoutCausingChange(loop, error) }
    : { kind: 'prove' };
}

/** Whether a refusal or internal fault is final: one that occurs twice is not accidental. */
function isFinal({ task }: DeclareAttempt, error: DeviceError, races: number): boolean {
  if (isInner(error)) return task.isolating || races > 1;
  return error.fault === 'content' && !(error.hint === 'raced' && races === 1);
}

/**
 * What a retry does if the plan changes nothing: after a fault inside the device it at least looks,
 * and it declares if the configuration was not saved.
 */
function idleAfter(error: DeviceError, before: DeclareAttempt['idle']): DeclareAttempt['idle'] {
  if (!isInner(error) || before === 'declare') return before;
  return error.hint === 'unsaved' ? 'declare' : 'look';
}

/**
 * After the declare without any changes: an error that names no content, or a live state that
 * differs without AS3 noticing, is attributed to the changes only if it succeeds.
 */
export function proofError(loop: Loop, error: unknown): unknown {
  return error instanceof DeviceError && (isInner(error) || error.fault === 'content')
    ? withoutCausingChange(loop, error)
    : error;
}

/**
 * The fault occurs with every change and without any: the device waits like an unreachable one, and
 * an alarm is raised.
 */
export function withoutCausingChange(
  { job: { device } }: Loop,
  { response, inner, message }: DeviceError,
): DeviceError {
  return new DeviceError(
    'BIP509',
    'transient',
    `${message}; the fault does not depend on a change, so all changes wait until ${device} is repaired`,
    { response, inner },
  );
}

/** The objects that AS3 says it did not find. */
export function referencesNotFound(
  { job, attempt }: Loop,
  { hint, response }: DeviceError,
): readonly Reference[] {
  if (hint !== 'unfound') return [];
  const asked = (attempt?.task.changes ?? []).flatMap((change) =>
    referencesOf(requestedExposure(job, change)?.settings ?? { iRules: [], profiles: {} }),
  );
  return asked.filter(({ path }) => response.includes(` ${path} `));
}

/** If the device does have the objects, AS3's lookup failed. */
export function explainedLookup(
  { job: { device, partition } }: Loop,
  error: DeviceError,
  missing: readonly MissingReference[],
): DeviceError {
  if (missing.length > 0) return error;
  return new DeviceError(
    'BIP509',
    'ambiguous',
    `${device}, partition ${partition}: AS3 could not look up an object that exists`,
    { response: error.response, hint: 'inner' },
  );
}

/** AS3 reported success, but the device differs. */
export function incompleteError(
  { job: { device, partition } }: Loop,
  problems: readonly string[],
): DeviceError {
  return new DeviceError('BIP440', 'device', `${device}, partition ${partition}: ${problems[0]}`, {
    response: problems.join('; '),
  });
}

/** A clash that was not detected before: with the holders it is a conflict, not a quarantine. */
export function isClash({ code }: DeviceError): boolean {
  return code === 'BIP422' || code === 'BIP423';
}
