/**
 * Brings one partition of one device to the newest slices: reads, plans, declares, verifies,
 * isolates refused changes and stores them.
 */
import { DeviceError } from '../../shared/bigip/errors.ts';
import { isChange } from '../../shared/domain/plan/plan-entry.ts';
import { EMPTY_STATE } from '../../shared/domain/declared/declared.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import { scriptLinesOf } from '../../shared/domain/plan/steps.ts';
import { detectManualChanges } from './adopt.ts';
import { tryDeclare } from './declare.ts';
import type { PartitionJob, PartitionResult } from './job.ts';
import { declareParts } from './parts.ts';
import { separateMissing } from './references.ts';
import { retryQuarantined } from './retry.ts';
import type { Run } from './run.ts';
import { planFrom, readDeclared, resultOf, startRun } from './run.ts';

export type { PartitionJob, PartitionResult } from './job.ts';

/** Each round has fewer changes; more rounds mean that another client undoes them. */
const MAX_ROUNDS = 10;

/**
 * Declares one partition until nothing is left. Throws a DeviceError if the device is unavailable;
 * refused changes are in the result.
 */
export async function applyPartition(job: PartitionJob): Promise<PartitionResult> {
  const { partition, device } = job;
  const first = job.reading ?? (await device.read(partition));
  if (first.kind === 'refused')
    return {
      partition,
      refused: first,
      entries: new Map(),
      rejections: new Map(),
      approved: [],
      declared: EMPTY_STATE,
    };
  const before = first.declared.state;
  const run = startRun(job, first.declared);
  await bringUp(run);
  await retryQuarantined(run);
  // Includes unchanged ones: express changes are reconciled here.
  if (Object.keys(run.state.exposures).length > 0)
    await device.reconcileMembers(partition, run.state);
  return resultOf(run, before);
}

/**
 * Declares until the plan is empty. Refused changes still update their members, and free resources
 * that others wait for.
 */
async function bringUp(run: Run): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const declared = await readDeclared(run);
    const plan = await planFrom(run, declared.state);
    run.fresh = declared;
    if (round === 0 && (plan.changed || run.job.again === true))
      await detectManualChanges(run, declared.state);
    const changes = plan.entries.filter(
      (entry) => isChange(entry) && (run.job.only?.has(changeId(entry)) ?? true),
    );
    const { readings } = run;
    const { healthy, refused: missing } = await separateMissing(run, changes);
    const refused =
      missing +
      (healthy.length === 0
        ? await declareFence(run, round === 0)
        : await declareParts(run, healthy, ({ key }) =>
            scriptLinesOf(declared.state.exposures[key], plan.next.exposures[key]),
          ));
    // Declared in one step from the planned state, so nothing is left.
    if (refused === 0 && run.readings === readings) return;
  }
  throw neverDone(run);
}

/** The last refusal is a better hint than a possible concurrent writer. */
function neverDone({ job, rejections }: Run): DeviceError {
  const where = `${job.device.name}, partition ${job.partition}`;
  const last = [...rejections.values()].at(-1)?.error;
  if (last === undefined)
    return new DeviceError('BIP430', 'transient', `${where}: another client keeps changing it`);
  return new DeviceError(
    last.code,
    'device',
    `${where}: the device still refuses a change after ${MAX_ROUNDS} rounds of leaving changes out`,
    { response: last.response },
  );
}

/** Declares a new version and metadata without changes on the device. */
async function declareFence(run: Run, first: boolean): Promise<number> {
  const fault = await tryDeclare(run, [], first && run.job.again === true);
  if (fault) throw fault;
  return 0;
}
