/** One replay job: what it would do, how far it is, and a result for each failure. */
import type { VNode } from 'preact';
import { formatCount } from '../../../../shared/domain/text/counts.ts';
import { shellWords } from '../../../../shared/domain/text/shell.ts';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { countsIn, jobSentence, progressOf, RESULT_WORDS, VERDICT_LABELS } from '../logic/jobs.ts';
import { hrefOf } from '../logic/place.ts';
import { Age, Badge, Copy, Counts, Facts, Name, Words } from '../parts/basic.tsx';
import { JobActions, Progress } from '../parts/job-bar.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { itemPages, JobItems } from './job-items.tsx';
import { JOB_TONES } from './replay.tsx';

type Details = Answers['job'];

function Verdicts({ verdicts }: Pick<Details, 'verdicts'>): VNode {
  return (
    <section class="card">
      <h2>What would happen now</h2>
      <Counts counts={countsIn(verdicts, VERDICT_LABELS)} />
    </section>
  );
}

/** Those that a job did not close are open as before, or in quarantine. */
function StillOpen({
  details: { job, results, total },
}: {
  readonly details: Details;
}): VNode | null {
  const rest = total - progressOf(results, total).closed;
  if (job.state !== 'done' || rest === 0) return null;
  return (
    <p>
      {formatCount(rest, 'failure')} {rest === 1 ? 'is' : 'are'} not closed by it.{' '}
      <a href={hrefOf('failures', undefined, { filter: job.filter })}>
        Show what is open of its selection
      </a>
    </p>
  );
}

function Results({ details }: { readonly details: Details }): VNode | null {
  const { results } = details;
  const counts = countsIn(results, RESULT_WORDS);
  if (counts.length === 0) return null;
  return (
    <section class="card">
      <h2>Results</h2>
      <Counts counts={counts} />
      <StillOpen details={details} />
    </section>
  );
}

function About({ job }: Pick<Details, 'job'>): VNode {
  return (
    <section class="card about">
      <Facts
        rows={[
          ['Selection', <Name text={job.filter} />],
          ['By', <Words text={job.by} />],
          ['Reason', <Words text={job.why} />],
          ['Created', <Age at={job.created} />],
          ['Size', `${formatCount(job.items, 'failure')} in ${formatCount(job.units, 'event')}`],
          ['First', job.canary === 0 ? 'all at once' : `${job.canary}, the rest if they succeed`],
          ['Rate', `${job.rate} events per second`],
          ...(job.policy ? [['Policy', <Name text={job.policy} />] as const] : []),
          ...(job.ended ? [['Ended', <Age at={job.ended} />] as const] : []),
        ]}
      />
      <Copy text={shellWords(['sluice', 'replay', 'status', job.id])} label="Copy as command" />
    </section>
  );
}

/** While it runs, it is asked every two seconds. */
export function JobRoom({ id }: { readonly id: string }): VNode {
  const pages = itemPages(`jobs/${encodeURIComponent(id)}`);
  const live = useLive('job', pages.pathOf(0));
  const job = live.value?.job;
  const isFresh = job?.state === 'planned';
  return (
    <Room
      title={<>Replay {id}</>}
      lead={
        job && (
          <>
            <Badge tone={JOB_TONES[job.state]}>{job.state}</Badge> <Words text={jobSentence(job)} />
          </>
        )
      }
      actions={job && <JobActions job={job} />}
    >
      <p>
        <a href={hrefOf('replay')}>All jobs</a>
      </p>
      <Shown live={live} what="the job">
        {(details) => (
          <>
            {!isFresh && (
              <div class="card wide-progress">
                <Progress details={details} />
              </div>
            )}
            {isFresh ? <Verdicts verdicts={details.verdicts} /> : <Results details={details} />}
            <About job={details.job} />
            <JobItems pages={pages} details={details} />
          </>
        )}
      </Shown>
    </Room>
  );
}
