/**
 * Retries quarantined changes that are due, alone and after everything else, so that they cost the
 * others nothing; and changes just left out because of an internal fault that may have ended.
 */
import { isInner } from '../../shared/bigip/errors.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import { isRetryDue, quarantineEntry } from '../../shared/domain/plan/quarantine.ts';
import { SCRIPT_LINES } from '../../shared/domain/plan/steps.ts';
import { tryDeclare } from './declare.ts';
import { declareParts } from './parts.ts';
import { separateMissing } from './references.ts';
import type { Run } from './run.ts';
import { withdrawRefusal } from './run.ts';

/** After this many refusals, the other changes wait for the next run. */
const MAX_FAILURES = 5;

/** Retries due quarantined changes one by one; call last. */
export async function retryQuarantined(run: Run): Promise<void> {
  const owed = [...run.entries.values()].filter((entry) => isOwed(run, entry));
  const { healthy: due } = await separateMissing(run, owed);
  run.isolating = true;
  await tryOneByOne(run, due).finally(() => {
    run.isolating = false;
  });
  run.retry = new Set();
  if (run.refused.size === 0) return;
  const fault = await tryDeclare(run, []);
  if (fault) throw fault;
}

async function tryOneByOne(run: Run, due: readonly PlanEntry[]): Promise<void> {
  for (const [i, entry] of due.slice(0, MAX_FAILURES).entries()) {
    if (!hasTime(run)) return;
    if ((await tryAgain(run, [entry])) > 0) continue;
    // One cause often affects all of them.
    if (hasTime(run)) await tryAgain(run, due.slice(i + 1));
    return;
  }
}

async function tryAgain(run: Run, entries: readonly PlanEntry[]): Promise<number> {
  if (entries.length === 0) return 0;
  run.retry = new Set(entries.map(changeId));
  for (const entry of entries) withdrawRefusal(run, entry);
  return declareParts(run, entries, () => SCRIPT_LINES.exposure);
}

function isOwed(run: Run, entry: PlanEntry): boolean {
  if (entry.kind !== 'rejected') return false;
  const rejection = run.rejections.get(changeId(entry));
  if (rejection) return isInner(rejection.error);
  const known = quarantineEntry(run.state, entry);
  return (
    known !== undefined && (isRetryDue(known, run.job.clock.now()) || run.replays.has(entry.owner))
  );
}

function hasTime(run: Run): boolean {
  try {
    run.job.checkTime();
    return true;
  } catch {
    return false;
  }
}
