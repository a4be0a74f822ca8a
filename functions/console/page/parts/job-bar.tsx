/** Jobs that run or are paused, in sight of every room. */
import { useEffect } from 'preact/hooks';
import type { VNode } from 'preact';
import { formatCount } from '../../../../shared/domain/text/counts.ts';
import type { Answers, JobHead } from '../api/answers.ts';
import { isBusy, useLive } from '../api/live.ts';
import {
  isShownIn,
  jobActions,
  jobSentence,
  progressOf,
  progressWords,
  unendedJobs,
} from '../logic/jobs.ts';
import { place } from '../api/place.ts';
import { hrefOf } from '../logic/place.ts';
import { Name, Words } from './basic.tsx';
import { RequestButton } from './request-button.tsx';

const ACTIONS = {
  start: 'Send',
  resume: 'Resume',
  pause: 'Pause',
  cancel: 'Cancel',
} as const;

/** Pause and Cancel, or what else its state allows. */
export function JobActions({
  job,
  isAside = false,
}: {
  readonly job: JobHead;
  /** The room has a first deed of its own. */
  readonly isAside?: boolean;
}): VNode {
  return (
    <span class="actions">
      {jobActions(job).map((kind) => (
        <RequestButton
          key={kind}
          request={{ kind, job: job.id }}
          primary={!isAside && (kind === 'start' || kind === 'resume')}
        >
          {ACTIONS[kind]} …
        </RequestButton>
      ))}
    </span>
  );
}

/** The part that is decided. */
export function Progress({ details }: { readonly details: Answers['job'] }): VNode {
  const { job, results, total } = details;
  const progress = progressOf(results, total);
  const words = progressWords(progress, job.state === 'done');
  return (
    <span class="progress">
      <progress max={Math.max(total, 1)} value={progress.decided} aria-label={words} />
      <span>{words}</span>
    </span>
  );
}

/**
 * One running or paused job, with progress and its buttons. Until its details are read, the head
 * from the list is shown.
 */
function UnendedJob({ job }: { readonly job: JobHead }): VNode {
  const details = useLive('job', `jobs/${job.id}?limit=1`);
  const head = details.value?.job ?? job;
  return (
    <div class={`job-bar ${head.state}`} role="status">
      <a href={hrefOf('replay', job.id)}>
        Replay <Name text={job.id} />
      </a>
      <Words text={jobSentence(head)} />
      {details.value !== undefined && head.state === 'running' && (
        <Progress details={details.value} />
      )}
      <JobActions job={head} isAside />
    </div>
  );
}

/** More would hide the room. */
const MOST = 3;

/** While one runs, everything is asked more often. */
export function JobBar(): VNode | null {
  const { value } = useLive('jobs', 'jobs');
  const unended = unendedJobs(value?.jobs ?? []);
  const isRunning = unended.some(({ state }) => state === 'running');
  const jobs = unended.filter((job) => !isShownIn(place.value, job));
  useEffect(() => {
    isBusy.value = isRunning;
  }, [isRunning]);
  if (jobs.length === 0) return null;
  const rest = jobs.length - MOST;
  return (
    <div class={isRunning ? 'job-bars running' : 'job-bars'}>
      {jobs.slice(0, MOST).map((job) => (
        <UnendedJob key={job.id} job={job} />
      ))}
      {rest > 0 && (
        <a class="job-bar" href={hrefOf('replay')}>
          {formatCount(rest, 'more replay')} not ended
        </a>
      )}
    </div>
  );
}
