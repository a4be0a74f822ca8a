/** The course of one failure: when it was seen, each attempt, and the replays. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { stationsOf } from '../logic/stations.ts';
import { At, Words } from '../parts/basic.tsx';
import { hrefOf } from '../logic/place.ts';

/** Oldest first, as it happened. */
export function TimeLine({ details }: { readonly details: Answers['failure'] }): VNode {
  return (
    <section class="card">
      <h2>Course</h2>
      <ol class="timeline">
        {stationsOf(details).map(({ at, tone, title, says }, i) => (
          <li key={i} class={tone}>
            <div>
              <b>{title}</b>{' '}
              <span class="muted">
                <At at={at} />
              </span>
            </div>
            {says !== undefined && (
              <p>
                <Words text={says} />
              </p>
            )}
          </li>
        ))}
        {details.jobs.map((job) => (
          <li key={job} class="plain">
            <a href={hrefOf('replay', job)}>Replayed by job {job}</a>
          </li>
        ))}
      </ol>
    </section>
  );
}
