/**
 * One declare: read, plan, post, verify. Repeated if another client wrote in between or the outcome
 * is unknown.
 */
import { DeviceError, inWords, isInner, trim } from '../../shared/bigip/errors.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { isSameContent } from '../../shared/domain/declared/declared.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import { firstStep } from '../../shared/domain/plan/steps.ts';
import { asLookupFault, withoutCausingChange } from './inner.ts';
import type { Run } from './run.ts';
import { planFrom, readDeclared } from './run.ts';

/** AS3 3.56 reports success for additions that it skipped; a second declare makes them. */
const MAX_REDECLARES = 2;
/**
 * Maximum number of re-reads after a concurrent post or an unknown outcome, before the message
 * returns to the queue.
 */
const MAX_RACES = 3;

/**
 * Behaviour if nothing changes: do nothing, compare the live objects and declare only if they
 * differ, or declare in any case.
 */
type Idle = 'leave' | 'look' | 'declare';

/**
 * Declares exactly these changes (`again`: even if nothing changes). Resolves with the error if the
 * device refuses the content; rejects for all other errors.
 */
export async function tryDeclare(
  run: Run,
  changes: readonly PlanEntry[],
  again = false,
): Promise<DeviceError | undefined> {
  const only = new Set(changes.map(changeId));
  let idle: Idle = again ? 'declare' : 'leave';
  let redeclares = 0;
  for (let races = 0; ;) {
    run.job.checkTime();
    try {
      const problems = await logged(run, only, idle);
      if (problems.length === 0) return undefined;
      idle = 'declare';
      redeclares += 1;
      if (redeclares > MAX_REDECLARES)
        throw new DeviceError(
          'BIP440',
          'device',
          `${run.job.device.name}, partition ${run.job.partition}: ${problems[0]}`,
          { response: problems.join('; ') },
        );
    } catch (thrown) {
      const error = await asLookupFault(run, changes, thrown);
      races += 1;
      if (isFinal(run, error, races)) return follows(run, changes, error);
      idle = idleAfter(error, idle);
      if (!(await mayPass(run, error, races))) throw error;
    }
  }
}

/** Whether a refusal or internal fault is final: one that occurs twice is not accidental. */
function isFinal(run: Run, error: unknown, races: number): error is DeviceError {
  if (isInner(error)) return run.isolating || races > 1;
  return (
    error instanceof DeviceError &&
    error.fault === 'content' &&
    !(error.hint === 'raced' && races === 1)
  );
}

function idleAfter(error: unknown, before: Idle): Idle {
  if (!isInner(error) || before === 'declare') return before;
  return error.hint === 'unsaved' ? 'declare' : 'look';
}

/**
 * An error that names no content, or a live state that differs without AS3 noticing, is attributed
 * to these changes only if a declare without any changes succeeds.
 */
async function follows(
  run: Run,
  changes: readonly PlanEntry[],
  error: DeviceError,
): Promise<DeviceError> {
  if (run.isolating || !(isInner(error) || error.hint === 'raced'))
    return noted(run, changes, error);
  if (changes.length === 0) throw withoutCausingChange(run, error);
  try {
    await logged(run, new Set(), 'declare');
  } catch (thrown) {
    throw thrown instanceof DeviceError && (isInner(thrown) || thrown.fault === 'content')
      ? withoutCausingChange(run, thrown)
      : thrown;
  }
  return noted(run, changes, error);
}

/** Waits until repeating the same declare may succeed; false if it cannot. */
async function mayPass(run: Run, error: unknown, races: number): Promise<boolean> {
  if (!(error instanceof DeviceError) || races > MAX_RACES) return false;
  const { fault, code, hint } = error;
  // Not every difference is visible: a script that was slow again had not been applied.
  if (hint === 'slow') return (races === 1 && (await landed(run))) || slower(run);
  if (fault !== 'ambiguous' && code !== 'BIP430' && hint !== 'raced') return false;
  await run.job.clock.sleep(500 * races);
  return true;
}

function slower({ pace }: Run): false {
  pace.slower();
  return false;
}

/** Milliseconds; how long and how often to wait for a script that took too long. */
const LATE = { pause: 2_000, looks: 5 } as const;

/**
 * The script that AS3 gave up on may still finish. If it did, repeating the same declare is cheap
 * and stores the result; if not, later declares are smaller. A smaller declare at once would undo
 * the changes outside of it when the script finishes.
 */
async function landed({ job, posted }: Run): Promise<boolean> {
  const { device, partition, clock } = job;
  if (!posted) return false;
  for (let look = 0; look < LATE.looks; look++) {
    await clock.sleep(LATE.pause);
    job.checkTime();
    if ((await device.verify(partition, posted)).length === 0) return true;
  }
  return false;
}

function noted(run: Run, changes: readonly PlanEntry[], error: DeviceError): DeviceError {
  const attempt = {
    at: new Date(run.job.clock.now()).toISOString(),
    code: error.code,
    reason: trim(inWords(error)),
  };
  for (const change of changes) {
    const id = changeId(change);
    run.attempts.set(id, [...(run.attempts.get(id) ?? []), attempt]);
  }
  return error;
}

async function logged(run: Run, only: ReadonlySet<string>, idle: Idle): Promise<readonly string[]> {
  const { clock, partition, onTry } = run.job;
  const begun = clock.monotonic();
  const say = (outcome: string, reason?: string): void =>
    onTry?.({
      partition,
      changes: only.size,
      outcome,
      took: clock.monotonic() - begun,
      ...(reason === undefined ? {} : { reason }),
    });
  try {
    const problems = await declareOnce(run, only, idle);
    if (problems === 'nothing to do') return [];
    say(problems.length === 0 ? 'applied' : 'incomplete', problems[0]);
    return problems;
  } catch (error) {
    say(error instanceof DeviceError ? error.code : 'failed', String(error));
    throw error;
  }
}

/** Resolves with the remaining differences on the device. */
async function declareOnce(
  run: Run,
  only: ReadonlySet<string>,
  idle: Idle,
): Promise<readonly string[] | 'nothing to do'> {
  const { device, partition } = run.job;
  const { state, lockKey } = await readDeclared(run);
  const { next, changed } = await planFrom(run, state, only);
  if (!changed && idle === 'leave') return 'nothing to do';
  // Do not create a partition without owners; do create it for an owner that was addressed, so that
  // late events meet a fence.
  if (lockKey === undefined && Object.keys(next.owners).length === 0) return 'nothing to do';
  if (!changed && idle === 'look' && (await device.verify(partition, state)).length === 0)
    return [];
  const step = firstStep(state, next);
  run.posted = step;
  await device.declare(partition, step, lockKey);
  run.state = step;
  if (step !== next) return declareOnce(run, only, 'declare');
  // They are stored in the declaration now.
  run.refused.clear();
  if (idle === 'leave' && sameOnDevice(state, next)) return [];
  return device.verify(partition, next);
}

/**
 * Whether only the stored metadata differs. With shared nodes, drains are declared at the members.
 */
function sameOnDevice(before: DeclaredState, after: DeclaredState): boolean {
  const sameDrains = after.shareNodes !== true || isSameContent(before.drains, after.drains);
  return (
    sameDrains &&
    isSameContent([before.exposures, before.overrides], [after.exposures, after.overrides]) &&
    (before.shareNodes ?? after.shareNodes) === after.shareNodes
  );
}
