/** Replay jobs and policies. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { hrefOf } from '../logic/place.ts';
import type { Tone } from '../logic/tones.ts';
import { Age, Badge, Empty, Name, Words } from '../parts/basic.tsx';
import { JobActions } from '../parts/job-bar.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';

type Job = Answers['jobs']['jobs'][number];
type Policy = Answers['policies']['policies'][number];

/** The colour of a job's state. */
export const JOB_TONES: Readonly<Record<Job['state'], Tone>> = {
  planned: 'plain',
  running: 'ok',
  paused: 'warn',
  cancelled: 'plain',
  done: 'ok',
};

function Jobs({ jobs }: { readonly jobs: readonly Job[] }): VNode {
  return (
    <Table
      label="Replay jobs"
      rows={jobs}
      keyOf={({ id }) => id}
      columns={[
        {
          head: 'job',
          cell: ({ id }) => (
            <a href={hrefOf('replay', id)}>
              <Name text={id} />
            </a>
          ),
        },
        { head: 'state', cell: ({ state }) => <Badge tone={JOB_TONES[state]}>{state}</Badge> },
        { head: 'failures', isNumber: true, cell: ({ items }) => items },
        { head: 'of', cell: ({ filter }) => <Name text={filter} /> },
        { head: 'by', cell: ({ by }) => <Words text={by} /> },
        { head: 'why', cell: ({ why }) => <Words text={why} /> },
        { head: 'created', cell: ({ created }) => <Age at={created} /> },
        { head: 'do', role: 'operator', cell: (job) => <JobActions job={job} /> },
      ]}
    />
  );
}

function Policies({ policies }: { readonly policies: readonly Policy[] }): VNode {
  return (
    <section class="card">
      <h2>Automatic replays</h2>
      <Table
        label="Policies"
        rows={policies}
        keyOf={({ name }) => name}
        columns={[
          { head: 'policy', cell: ({ name }) => <Name text={name} /> },
          { head: 'every', cell: ({ everyMinutes }) => `${everyMinutes} min` },
          {
            head: 'of',
            cell: ({ codes = [], classes = [] }) => (
              <Words text={[...codes, ...classes].join(', ') || 'all'} />
            ),
          },
          { head: 'at most', isNumber: true, cell: ({ atMost }) => atMost },
          { head: 'next', cell: ({ due }) => <Age at={due} none="not yet" /> },
          { head: 'last', cell: ({ says }) => <Words text={says ?? '-'} /> },
        ]}
      />
    </section>
  );
}

/** Newest first. */
export function ReplayRoom(): VNode {
  const live = useLive('jobs', 'jobs');
  const policies = useLive('policies', 'policies').value?.policies ?? [];
  return (
    <Room title="Replay jobs" lead="Every replay is a job: previewed, started, watched, kept.">
      <Shown live={live} what="the jobs">
        {({ jobs }) =>
          jobs.length === 0 ? (
            <Empty icon="replay" title="No replay yet">
              Open <a href={hrefOf('failures')}>Failures</a>, and choose “Preview replay”. It
              compares them with the devices, and sends nothing.
            </Empty>
          ) : (
            <Jobs jobs={jobs} />
          )
        }
      </Shown>
      {policies.length > 0 && <Policies policies={policies} />}
    </Room>
  );
}
