/** Replays failed events: a plan with a preview, the job, and its results. */
import type { ReplayPolicy } from '../../config/schema.ts';
import { canonicalJson } from '../../domain/declared/declared.ts';
import { formatFilter, parseFilter } from '../../failures/filter.ts';
import { digest } from '../../failures/identity.ts';
import { controlJob } from '../../failures/replay/control.ts';
import { runJob } from '../../failures/replay/driver.ts';
import type { ReplayContext } from '../../failures/replay/context.ts';
import type { RunOptions } from '../../failures/replay/driver.ts';
import type { ReplayItem, ReplayJob } from '../../failures/replay/job.ts';
import { createPreviewer } from '../../failures/replay/preview.ts';
import type { MapEvent } from '../../failures/replay/preview.ts';
import { createJob, previewItems, selectItems } from '../../failures/replay/select.ts';
import type { PolicyTurn } from '../../failures/replay/turns.ts';
import type { Author, OperationContext } from '../context.ts';
import { formatCount } from '../../domain/text/counts.ts';

/**
 * Caches device readings for the duration of the work. `map`: maps a snapshot with the deployed
 * function.
 */
export async function withReplay<T>(
  { runtime, store, jobs, audit }: OperationContext,
  map: MapEvent,
  work: (replay: ReplayContext) => Promise<T>,
): Promise<T> {
  const { queues, clock, id } = runtime;
  const previewer = createPreviewer({ runtime, map });
  try {
    return await work({ store, jobs, audit, previewer, queues, clock, id });
  } finally {
    await previewer.close();
  }
}

/** What to replay, and how. */
export interface ReplayRequest extends Author {
  /** Filter terms, such as `code:BIP421 since:2h`. */
  readonly words: readonly string[];
  /** Number of events to send first; the rest is sent only if all of them succeed. */
  readonly canary: number;
  /** Events per second. */
  readonly rate: number;
  /** Store the plan as a job; otherwise only show it. */
  readonly keep: boolean;
  /** Try what cannot be sent, too: the devices are ordered to try the newest revisions again. */
  readonly force?: boolean;
}

/** A job with all its events. */
export interface JobItems {
  readonly job: ReplayJob;
  readonly items: readonly ReplayItem[];
}

/** Fixes a selection and previews each failure; sends nothing. Throws if no failure matches. */
export async function planReplay(
  replay: ReplayContext,
  { words, canary, rate, keep, force = false, who, why }: ReplayRequest,
  onProgress: (done: number, total: number) => void,
): Promise<JobItems> {
  const now = replay.clock.now();
  const filter = parseFilter(words, now);
  const selected = await selectItems(replay.store, filter, now);
  const items = await previewItems(replay, selected, (done) => onProgress(done, selected.length));
  const job = createJob(
    { id: replay.id().slice(0, 8), filter, by: who, why, canary, rate, now, force },
    items,
  );
  if (!keep) return { job, items };
  const selection = `job ${job.id}: ${formatFilter(filter)}`;
  return replay.audit.record({ who, action: 'replay plan', selection, why }, async () => {
    await replay.jobs.create(job, items);
    const result = `${formatCount(items.length, 'failure')}, ${formatCount(job.units, 'event')}`;
    return { result, value: { job, items } };
  });
}

/**
 * Identifies what the items would do that are not sent yet: equal as long as the same would happen.
 */
export function previewHash(items: readonly ReplayItem[]): string {
  const seen = items
    .filter(({ status }) => status === 'waiting')
    .map(({ failure, preview }) => ({
      failure,
      verdict: preview?.verdict,
      code: preview?.code,
      by: preview?.by,
      difference: preview?.difference.map(({ owner, key, kind, code }) => [owner, key, kind, code]),
    }));
  return digest(canonicalJson(seen)).slice(0, 32);
}

/** Number of items by verdict, in order of priority. */
export function countVerdicts(items: readonly ReplayItem[]): Readonly<Record<string, number>> {
  const byVerdict = Map.groupBy(items, (item) => item.preview?.verdict ?? 'unknown');
  return Object.fromEntries([...byVerdict].map(([verdict, list]) => [verdict, list.length]));
}

/** Verdicts after which sending the event again changes nothing. */
const CALM: ReadonlySet<string> = new Set(['unchanged', 'superseded']);

/** A replay would change nothing: everything is declared already, or superseded. */
export function isCalm(items: readonly ReplayItem[]): boolean {
  return items.every((item) => CALM.has(item.preview?.verdict ?? ''));
}

/** Runs a job until it ends or pauses, or until the signal fires, which pauses it. */
export async function runReplay(
  replay: ReplayContext,
  action: 'start' | 'resume',
  { id, who, why, ...options }: Author & RunOptions & { readonly id: string },
): Promise<JobItems> {
  await controlJob(replay, action, { id, who, why });
  const ran = await runJob(replay, id, options);
  const job =
    ran.state === 'running'
      ? await controlJob(replay, 'pause', { id, who, why: 'interrupted on the command line' })
      : ran;
  return { job, items: await replay.jobs.items(id) };
}

/** Results of failures that remain. */
const BAD_RESULTS: ReadonlySet<string> = new Set([
  'quarantined',
  'failed',
  'no-result',
  'conflict',
  'invalid',
]);

/** Whether the job is done and every event succeeded, for the exit code. */
export function endedWell({ job, items }: JobItems): boolean {
  return job.state === 'done' && !items.some((item) => BAD_RESULTS.has(item.result?.kind ?? ''));
}

/** Throws a {@link ReplayError} if the job does not exist. */
export async function findJob(
  { jobs }: Pick<OperationContext, 'jobs'>,
  id: string,
): Promise<JobItems> {
  const [job, items] = await Promise.all([jobs.get(id), jobs.items(id)]);
  return { job, items };
}

/** A policy of `failures.replay` with its state. */
export interface PolicyStatus {
  readonly policy: ReplayPolicy;
  /** Absent before its first run. */
  readonly turn: PolicyTurn | undefined;
}

/** The configured policies, in their order. */
export async function listPolicies({
  turns,
  runtime,
}: Pick<OperationContext, 'turns' | 'runtime'>): Promise<readonly PolicyStatus[]> {
  return Promise.all(
    runtime.config.failures.replay.map(async (policy) => ({
      policy,
      turn: await turns.get(policy.name),
    })),
  );
}
