/** Actions of a person on a job; each is recorded in the audit log. */
import type { AuditLog } from '../audit.ts';
import { ReplayError } from '../error.ts';
import type { ReplayJob, JobState } from './job.ts';
import type { Jobs } from './jobs.ts';

/** Which job to change, and who gives the order for which reason. */
export interface JobOrder {
  /** Of the job. */
  readonly id: string;
  /** The person, for the audit log. */
  readonly who: string;
  /** Also kept in the job. */
  readonly why: string;
}

/** What a person can do with a job. */
export type JobAction = 'start' | 'pause' | 'resume' | 'cancel';

/** States in which an action is possible; others are refused with the present state. */
const FROM: Readonly<Record<JobAction, readonly JobState[]>> = {
  start: ['planned'],
  pause: ['running'],
  // A job whose driver died is still `running`; its lease shows whether a process has it.
  resume: ['paused', 'running'],
  cancel: ['planned', 'running', 'paused'],
};
const TO: Readonly<Record<JobAction, JobState>> = {
  start: 'running',
  pause: 'paused',
  resume: 'running',
  cancel: 'cancelled',
};

/** Pure; throws RPL703 if the action does not apply to the state. */
export function applyJobAction(job: ReplayJob, action: JobAction, why: string): ReplayJob {
  if (!FROM[action].includes(job.state)) {
    throw new ReplayError(
      'RPL703',
      `Job ${job.id} is ${job.state}${job.reason === undefined ? '' : ` (${job.reason})`}; ` +
        `${action} requires a job that is ${FROM[action].join(' or ')}.`,
    );
  }
  const { reason: _reason, code: _code, ...rest } = job;
  const state = TO[action];
  // Resuming after a failed canary is a decision made with its result, so the rest is sent.
  if (action === 'resume')
    return { ...rest, state, canaryPassed: job.canaryPassed || job.code === 'RPL707' };
  return action === 'start' ? { ...rest, state } : { ...rest, state, reason: why };
}

/** Changes the state of a job and records it in the audit log. Throws RPL702 or RPL703. */
export async function controlJob(
  { jobs, audit }: { readonly jobs: Jobs; readonly audit: AuditLog },
  action: JobAction,
  { id, who, why }: JobOrder,
): Promise<ReplayJob> {
  const before = await jobs.get(id);
  // Refused before it is recorded.
  applyJobAction(before, action, why);
  const selection = `job ${id}: ${before.filter}`;
  return audit.record({ who, action: `replay ${action}`, selection, why }, async () => {
    const job = await jobs.update(id, (current) => applyJobAction(current, action, why));
    return { result: job.state, value: job };
  });
}
