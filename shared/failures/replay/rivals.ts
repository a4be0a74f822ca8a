/** Two jobs with a common failure would count each other's results, so only one of them may run. */
import { stillHolds } from '../../runtime/clock.ts';
import { DRIVER_LEASE_MS } from './job.ts';
import type { ReplayItem, ReplayJob } from './job.ts';
import type { ReplayContext } from './context.ts';

/** Milliseconds for which a planned but unstarted job keeps policies away from its failures. */
const PLAN_COUNTS_MS = 3_600_000;

/** Whether a living process works on the job. */
function isDriven({ state, lease }: ReplayJob, now: number): boolean {
  return (
    state === 'running' && lease !== undefined && stillHolds(lease.until, now, DRIVER_LEASE_MS)
  );
}

/**
 * Describes the overlap with another job, as a sentence; if both detect it at the same time, both
 * pause.
 */
export async function findRivalJob(
  { jobs, clock }: Pick<ReplayContext, 'jobs' | 'clock'>,
  job: ReplayJob,
  items: readonly ReplayItem[],
): Promise<string | undefined> {
  const mine = new Set(items.filter((item) => item.status !== 'done').map((item) => item.failure));
  const now = clock.now();
  for (const other of await jobs.list()) {
    if (other.id === job.id || !isDriven(other, now)) continue;
    const shared = (await jobs.items(other.id)).filter(
      (item) => item.status !== 'done' && mine.has(item.failure),
    );
    if (shared.length > 0)
      return (
        `${shared.length} of its failures are also in the running job ${other.id} of ` +
        `${other.by}; resume this one when that job has ended`
      );
  }
  return undefined;
}

/** Failures and owners in other jobs; a planned job counts for an hour. */
export async function failuresInHand({
  jobs,
  clock,
}: Pick<ReplayContext, 'jobs' | 'clock'>): Promise<
  (head: {
    readonly id: string;
    readonly owner?: string | undefined;
    readonly device?: string | undefined;
  }) => boolean
> {
  const failures = new Set<string>();
  const owners = new Set<string>();
  for (const job of await jobs.list()) {
    if (job.state === 'done' || job.state === 'cancelled') continue;
    if (job.state === 'planned' && Math.abs(clock.now() - job.created) > PLAN_COUNTS_MS) continue;
    for (const item of (await jobs.items(job.id)).filter(({ status }) => status !== 'done')) {
      failures.add(item.failure);
      if (item.owner !== undefined) owners.add(`${item.owner} ${item.device ?? ''}`);
    }
  }
  return ({ id, owner, device }) =>
    failures.has(id) || (owner !== undefined && owners.has(`${owner} ${device ?? ''}`));
}
