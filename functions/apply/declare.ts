/** One declare: read, plan, post, verify; again where somebody was in between or the answer is in doubt. */
import { DeviceError, trim } from '../../shared/bigip/errors.ts';
import type { DeclaredState } from '../../shared/domain/plan/declared.ts';
import { sameContent } from '../../shared/domain/plan/declared.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import { firstStep } from '../../shared/domain/plan/steps.ts';
import type { Run } from './run.ts';
import { planFrom, readDeclared } from './run.ts';

/** AS3 3.56 answers success for additions it skipped; the second declare does them. */
const MAX_REDECLARES = 2;
/** Somebody else's post in between, or an answer in doubt: read again so often before the queue takes over. */
const MAX_RACES = 3;

/** Declares these changes and no other (`again`: even if that changes nothing); resolves with the error when the device refuses the content, rejects for all else. */
export async function tryDeclare(run: Run, changes: readonly PlanEntry[], again = false): Promise<DeviceError | undefined> {
  const only = new Set(changes.map(changeId));
  let redeclares = 0;
  for (let races = 0; ; ) {
    run.job.checkTime();
    try {
      const problems = await logged(run, only, again || redeclares > 0);
      if (problems.length === 0) return undefined;
      redeclares += 1;
      if (redeclares > MAX_REDECLARES) throw new DeviceError('BIP440', 'device', `${run.job.device.name}, partition ${run.job.partition}: ${problems[0]}`, { response: problems.join('; ') });
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (error.fault === 'content') return noted(run, changes, error);
      const mayRace = error.fault === 'ambiguous' || error.code === 'BIP430';
      races += 1;
      if (!mayRace || races > MAX_RACES) throw error;
      await run.job.clock.sleep(500 * races);
    }
  }
}

function noted(run: Run, changes: readonly PlanEntry[], error: DeviceError): DeviceError {
  const attempt = { at: new Date(run.job.clock.now()).toISOString(), code: error.code, reason: trim(`${error.message} ${error.response}`) };
  for (const change of changes) {
    const id = changeId(change);
    run.attempts.set(id, [...(run.attempts.get(id) ?? []), attempt]);
  }
  return error;
}

async function logged(run: Run, only: ReadonlySet<string>, again: boolean): Promise<readonly string[]> {
  const { clock, partition, onTry } = run.job;
  const begun = clock.now();
  const say = (outcome: string, reason?: string): void => onTry?.({ partition, changes: only.size, outcome, took: clock.now() - begun, ...(reason === undefined ? {} : { reason }) });
  try {
    const problems = await declareOnce(run, only, again);
    if (problems === 'nothing to do') return [];
    say(problems.length === 0 ? 'applied' : 'incomplete', problems[0]);
    return problems;
  } catch (error) {
    say(error instanceof DeviceError ? error.code : 'failed', String(error));
    throw error;
  }
}

/** Resolves with what is still different on the device. */
async function declareOnce(run: Run, only: ReadonlySet<string>, again: boolean): Promise<readonly string[] | 'nothing to do'> {
  const { device, partition } = run.job;
  const { state, lockKey } = await readDeclared(run);
  const { next, changed } = await planFrom(run, state, only);
  if (!changed && !again) return 'nothing to do';
  // A partition is not created for nobody; but who is asked to be here gets a fence, so that no late event of his finds none.
  if (lockKey === undefined && Object.keys(next.owners).length === 0) return 'nothing to do';
  const step = firstStep(state, next);
  await device.declare(partition, step, lockKey);
  run.state = step;
  if (step !== next) return declareOnce(run, only, true);
  // Stored with the declaration now.
  run.refused.clear();
  if (!again && sameOnDevice(state, next)) return [];
  return device.verify(partition, next);
}

/** Nothing but what Sluice remembers differs. Drains stand at the members where nodes are shared. */
function sameOnDevice(before: DeclaredState, after: DeclaredState): boolean {
  const sameDrains = after.shareNodes !== true || sameContent(before.drains, after.drains);
  return sameDrains && sameContent(before.exposures, after.exposures) && (before.shareNodes ?? after.shareNodes) === after.shareNodes;
}
