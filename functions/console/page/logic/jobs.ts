/** How far a replay job is, and what its verdicts and results are called. Pure. */
import type { JobHead, JobItemRow } from '../api/answers.ts';
import type { PagePlace } from './place.ts';
import type { Tone } from './tones.ts';
import { singular } from './totals.ts';

type Verdict = NonNullable<JobItemRow['preview']>['verdict'];
type Result = NonNullable<JobItemRow['result']>['kind'];
type Counts = Readonly<Record<string, number>>;

/** What an item has before its result. */
const UNDECIDED = ['waiting', 'sending', 'sent'] as const satisfies readonly JobItemRow['status'][];

/** Verdicts of previews, in the order in which they are shown. */
export const VERDICT_LABELS: Readonly<Record<Verdict, readonly [string, Tone]>> = {
  'would-apply': ['would apply', 'ok'],
  unchanged: ['unchanged', 'plain'],
  superseded: ['superseded', 'plain'],
  conflict: ['conflict', 'bad'],
  invalid: ['still invalid', 'bad'],
  unknown: ['not known', 'warn'],
};

/** Results, in the order in which they are shown. */
export const RESULT_WORDS: Readonly<Record<Result, readonly [string, Tone]>> = {
  applied: ['applied', 'ok'],
  unchanged: ['unchanged', 'ok'],
  superseded: ['superseded', 'ok'],
  conflict: ['conflict', 'bad'],
  invalid: ['still invalid', 'bad'],
  quarantined: ['quarantined', 'bad'],
  failed: ['failed', 'bad'],
  'no-result': ['no result', 'warn'],
  skipped: ['skipped', 'plain'],
};

/** Results after which the failure is no longer open. */
const CLOSING: readonly Result[] = ['applied', 'unchanged', 'superseded', 'skipped'];

/** Of a job: how many have a result, and how many of those closed their failure. */
export interface JobCounts {
  readonly decided: number;
  readonly closed: number;
  readonly total: number;
}

const sum = (counts: Counts, keys: readonly string[]): number =>
  keys.reduce((all, key) => all + (counts[key] ?? 0), 0);

/** `results` counts results, and items without one by their status. */
export function progressOf(results: Counts, total: number): JobCounts {
  return { decided: total - sum(results, UNDECIDED), closed: sum(results, CLOSING), total };
}

/** `40 of 500 decided`, at the end `500 of 500 closed`. */
export function progressWords({ decided, closed, total }: JobCounts, isEnded: boolean): string {
  return isEnded ? `${closed} of ${total} closed` : `${decided} of ${total} decided`;
}

/** A number with its word. */
export interface Counted<K extends string = string> {
  readonly key: K;
  readonly word: string;
  readonly tone: Tone;
  readonly n: number;
}

/** The counts of a table of words that are not zero, in its order. */
export function countsIn<K extends string>(
  counts: Counts,
  words: Readonly<Record<K, readonly [string, Tone]>>,
): readonly Counted<K>[] {
  return (Object.keys(words) as K[]).flatMap((key) => {
    const [word, tone] = words[key];
    const n = counts[key] ?? 0;
    return n === 0 ? [] : [{ key, word, tone, n }];
  });
}

/** Of the preview of a change: runs of jobs count verdicts, other changes count objects. */
export function countedObjects(counts: Counts): readonly Counted[] {
  const verdicts: Readonly<Record<string, readonly [string, Tone]>> = VERDICT_LABELS;
  return Object.entries(counts).map(([key, n]) => {
    const [word, tone] = verdicts[key] ?? [n === 1 ? singular(key) : key, 'plain'];
    return { key, word, tone, n };
  });
}

/** What can be done with a job in its state. */
export function jobActions({
  state,
  isDriven,
}: Pick<JobHead, 'state' | 'isDriven'>): readonly ('start' | 'resume' | 'pause' | 'cancel')[] {
  if (state === 'planned') return ['start', 'cancel'];
  if (state === 'paused') return ['resume', 'cancel'];
  if (state !== 'running') return [];
  // Nobody drives it any more: a process died.
  return isDriven ? ['pause', 'cancel'] : ['resume', 'pause', 'cancel'];
}

/** Those that somebody has to watch or to end: running ones first, then paused ones. */
export function unendedJobs(jobs: readonly JobHead[]): readonly JobHead[] {
  return (['running', 'paused'] as const).flatMap((state) =>
    jobs.filter((job) => job.state === state),
  );
}

/** Whether the room itself shows the job with what can be done about it. */
export function isShownIn({ room, part }: PagePlace, { id, state }: JobHead): boolean {
  return room === 'replay' && (part === undefined ? state !== 'running' : part === id);
}

/** One sentence on the state of a job. */
export function jobSentence(job: JobHead): string {
  const sentences: Readonly<Record<JobHead['state'], string>> = {
    planned: 'Previewed; nothing is sent yet.',
    running: job.isDriven
      ? job.canaryPassed || job.canary === 0
        ? 'It is running.'
        : `It is sending the first ${job.canary}; the rest follows if that succeeds.`
      : 'It waits for the function replay to take it.',
    paused: `It is paused${job.reason === undefined ? '.' : `: ${job.reason}`}`,
    cancelled: `It was cancelled${job.reason === undefined ? '.' : `: ${job.reason}`}`,
    done: 'It is done.',
  };
  return sentences[job.state];
}
