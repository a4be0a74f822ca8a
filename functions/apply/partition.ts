/** Brings one partition of one device to the newest slices: read, plan, declare, verify, isolate what the device refuses, and remember it. */
import { isChange } from '../../shared/domain/plan/entry.ts';
import type { DeclaredState } from '../../shared/domain/plan/declared.ts';
import { EMPTY_STATE } from '../../shared/domain/plan/declared.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import { parts } from '../../shared/domain/plan/steps.ts';
import { tryDeclare } from './declare.ts';
import { declareAll } from './isolate.ts';
import type { PartitionJob, PartitionResult } from './job.ts';
import { retryQuarantined } from './retry.ts';
import type { Run } from './run.ts';
import { planFrom, readDeclared, resultOf, startRun } from './run.ts';

export type { PartitionJob, PartitionResult } from './job.ts';

/** Each round leaves less to do; more than this is somebody who undoes it. */
const MAX_ROUNDS = 10;

export async function applyPartition(job: PartitionJob): Promise<PartitionResult> {
  const { partition, device } = job;
  const first = job.reading ?? (await device.read(partition));
  if (first.kind === 'refused') return { partition, refused: first, entries: new Map(), rejections: new Map(), approved: [], declared: EMPTY_STATE };
  const before = first.declared.state;
  const run = startRun(job, first.declared);
  await bringUp(run);
  await retryQuarantined(run);
  // Only where something drains, or did.
  if ([before, run.state].some(hasDraining)) await device.reconcileMembers(partition, run.state);
  return resultOf(run, before);
}

/** Declares until the plan has nothing left to do: refused changes leave their members to follow, and free what others wait for. */
async function bringUp(run: Run): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const declared = await readDeclared(run);
    const plan = await planFrom(run, declared.state);
    run.fresh = declared;
    const changes = plan.entries.filter((entry) => isChange(entry) && (run.job.only?.has(changeId(entry)) ?? true));
    if (changes.length === 0) {
      const fault = await tryDeclare(run, [], run.job.again === true && round === 0);
      if (fault) throw fault;
      return;
    }
    let refused = 0;
    const declares = parts(changes);
    for (const part of declares) refused += await declareAll(run, part);
    if (refused === 0 && declares.length === 1) return;
  }
}

function hasDraining(state: DeclaredState): boolean {
  return Object.values(state.exposures).some((e) => e.contributions.some((c) => c.members.some((m) => m.availability === 'draining')));
}
