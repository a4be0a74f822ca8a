/** One declare: read, plan, post, verify; again where somebody was in between or the answer is in doubt. */
import { DeviceError, inWords, isInner, trim } from '../../shared/bigip/errors.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { isSameContent } from '../../shared/domain/declared/declared.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import { firstStep } from '../../shared/domain/plan/steps.ts';
import { ofLooks, followsNone } from './inner.ts';
import type { Run } from './run.ts';
import { planFrom, readDeclared } from './run.ts';

/** AS3 3.56 answers success for additions it skipped; the second declare does them. */
const MAX_REDECLARES = 2;
/** Somebody else's post in between, or an answer in doubt: read again so often before the queue takes over. */
const MAX_RACES = 3;

/** When nothing is to be changed: nothing is done, or what is live is looked at and declared only if it differs, or it is declared anyhow. */
type Idle = 'leave' | 'look' | 'declare';

/** Declares these changes and no other (`again`: even if that changes nothing); resolves with the error when the device refuses the content, rejects for all else. */
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
      const error = await ofLooks(run, changes, thrown);
      races += 1;
      if (isFinal(run, error, races)) return follows(run, changes, error);
      idle = idleAfter(error, idle);
      if (!(await mayPass(run, error, races))) throw error;
    }
  }
}

/** A refusal, or a fault inside the device: once it came twice it is no accident. */
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

/** What names nothing of the content, or a state of the device that AS3 did not see, is held against these changes only if none at all passes. */
async function follows(
  run: Run,
  changes: readonly PlanEntry[],
  error: DeviceError,
): Promise<DeviceError> {
  if (run.isolating || !(isInner(error) || error.hint === 'raced'))
    return noted(run, changes, error);
  if (changes.length === 0) throw followsNone(run, error);
  try {
    await logged(run, new Set(), 'declare');
  } catch (thrown) {
    throw thrown instanceof DeviceError && (isInner(thrown) || thrown.fault === 'content')
      ? followsNone(run, thrown)
      : thrown;
  }
  return noted(run, changes, error);
}

/** Waits until the same declare is worth another try, where it is. */
async function mayPass(run: Run, error: unknown, races: number): Promise<boolean> {
  if (!(error instanceof DeviceError) || races > MAX_RACES) return false;
  const { fault, code, hint } = error;
  // Not every difference is visible: what was slow again had not landed.
  if (hint === 'slow') return (races === 1 && (await landed(run))) || slower(run);
  if (fault !== 'ambiguous' && code !== 'BIP430' && hint !== 'raced') return false;
  await run.job.clock.sleep(500 * races);
  return true;
}

function slower({ pace }: Run): false {
  pace.slower();
  return false;
}

/** Milliseconds: how often and how long a script that took too long is waited for. */
const LATE = { pause: 2_000, looks: 5 } as const;

/**
 * The script that AS3 gave up on may still finish. If it did, the same declare costs nothing and is stored with it; if not, less is
 * asked for from now on. To ask for less at once would undo, when the script lands, what is not in that part.
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

/** Resolves with what is still different on the device. */
async function declareOnce(
  run: Run,
  only: ReadonlySet<string>,
  idle: Idle,
): Promise<readonly string[] | 'nothing to do'> {
  const { device, partition } = run.job;
  const { state, lockKey } = await readDeclared(run);
  const { next, changed } = await planFrom(run, state, only);
  if (!changed && idle === 'leave') return 'nothing to do';
  // A partition is not created for nobody; but who is asked to be here gets a fence, so that no late event of his finds none.
  if (lockKey === undefined && Object.keys(next.owners).length === 0) return 'nothing to do';
  if (!changed && idle === 'look' && (await device.verify(partition, state)).length === 0)
    return [];
  const step = firstStep(state, next);
  run.posted = step;
  await device.declare(partition, step, lockKey);
  run.state = step;
  if (step !== next) return declareOnce(run, only, 'declare');
  // Stored with the declaration now.
  run.refused.clear();
  if (idle === 'leave' && sameOnDevice(state, next)) return [];
  return device.verify(partition, next);
}

/** Nothing but what Sluice remembers differs. Drains stand at the members where nodes are shared. */
function sameOnDevice(before: DeclaredState, after: DeclaredState): boolean {
  const sameDrains = after.shareNodes !== true || isSameContent(before.drains, after.drains);
  return (
    sameDrains &&
    isSameContent([before.exposures, before.overrides], [after.exposures, after.overrides]) &&
    (before.shareNodes ?? after.shareNodes) === after.shareNodes
  );
}
