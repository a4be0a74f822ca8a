/** Answers of the function replay to a console: previews, and runs of jobs. */
import { answerAsk, failedBecause } from '../../failures/answer-ask.ts';
import type { Answered } from '../../failures/answer-ask.ts';
import type { Ask, AskChange } from '../../failures/asks.ts';
import { stillHolds } from '../../runtime/clock.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import type { ReplayContext } from '../../failures/replay/context.ts';
import { applyJobAction, controlJob } from '../../failures/replay/control.ts';
import type { JobAction } from '../../failures/replay/control.ts';
import { refuseIfDriven, runJob } from '../../failures/replay/driver.ts';
import { DRIVER_LEASE_MS } from '../../failures/replay/job.ts';
import { previewItems } from '../../failures/replay/select.ts';
import type { OperationContext } from '../context.ts';
import { planReplay, previewHash } from './replay.ts';

/** What the answers need: a replay with the questions. */
export type AnswerContext = ReplayContext & Pick<OperationContext, 'asks'>;

/** Milliseconds between two notes of progress. */
const PROGRESS_MS = 1_000;

/**
 * Answers one question. With a run, it resolves when the job ended, was paused, or the signal
 * fired; the question says `running` as soon as the job is started.
 */
export async function answerReplayAsk(
  context: AnswerContext,
  id: string,
  signal?: AbortSignal,
): Promise<Ask> {
  // What the devices declared a while ago is no preview of what would happen now.
  context.previewer.refresh();
  return answerAsk(context, id, (ask, change) =>
    ask.wanted.kind === 'replay-plan'
      ? answerPlan(context, ask, change)
      : answerRun(context, ask, { change, signal }),
  );
}

/** Answers a request for a replay plan by saving the job; the asker reads the preview from it. */
async function answerPlan(
  context: AnswerContext,
  { wanted, by, why }: Ask,
  change: (change: AskChange) => Promise<void>,
): Promise<Answered> {
  if (wanted.kind !== 'replay-plan') throw new Error(`replay does not answer ${wanted.kind}`);
  const { words, canary, rate, force } = wanted;
  const { job } = await planReplay(
    context,
    { words, canary, rate, force, keep: true, who: by, why },
    progressTo(context, change),
  );
  return { state: 'done', answer: { job: job.id } };
}

/** Notes at most once a second how many previews are there; each note is a sign of life. */
function progressTo(
  { clock }: Pick<AnswerContext, 'clock'>,
  change: (change: AskChange) => Promise<void>,
): (done: number, total: number) => void {
  let told = clock.monotonic();
  return (done, total) => {
    if (clock.monotonic() - told < PROGRESS_MS) return;
    told = clock.monotonic();
    void change({ progress: { done, total } }).catch(() => undefined);
  };
}

/** The items are previewed again: nothing is sent if that differs from what the person saw. */
async function answerRun(
  context: AnswerContext,
  { wanted, by, why }: Ask,
  {
    change,
    signal,
  }: {
    readonly change: (change: AskChange) => Promise<void>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Answered> {
  if (wanted.kind !== 'replay-run') throw new Error(`replay does not answer ${wanted.kind}`);
  const { job: id, action, hash } = wanted;
  const again = { id, action, told: progressTo(context, change) };
  if ((await previewAgain(context, again)) !== hash) return { state: 'moved', answer: { job: id } };
  // Nobody waits for a question that was given up, so its job is not started.
  await change({});
  await controlJob(context, action, { id, who: by, why });
  await change({ state: 'running' });
  return drive(context, id, signal);
}

/**
 * Stores the new previews of the items that are not sent yet, and resolves with their hash. Rejects
 * with RPL703 or RPL704 if somebody else made the job run: then its driver has the items.
 */
async function previewAgain(
  context: AnswerContext,
  {
    id,
    action,
    told,
  }: {
    readonly id: string;
    readonly action: JobAction;
    readonly told: (done: number, total: number) => void;
  },
): Promise<string> {
  const ledger = await context.jobs.ledger(id);
  const waiting = [...ledger.items.entries()].filter(([, { status }]) => status === 'waiting');
  const previewed = await previewItems(
    context,
    waiting.map(([, item]) => item),
    (done) => told(done, waiting.length),
  );
  const job = await context.jobs.get(id);
  applyJobAction(job, action, '');
  refuseIfDriven(job, context.clock.now());
  const byFailure = new Map(previewed.map((item) => [item.failure, item]));
  await ledger.save(
    new Map(waiting.map(([index, item]) => [index, byFailure.get(item.failure) ?? item])),
  );
  return previewHash(ledger.items);
}

/** If the signal fires, the question stays `running`, so that a later process continues. */
async function drive(
  context: AnswerContext,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Answered> {
  const job = await runJob(context, id, { signal });
  if (job.state === 'running') return { state: 'running' };
  return { state: 'done', answer: { job: id, state: job.state } };
}

/**
 * Continues the jobs of questions whose process died. Resolves with their number. A job that cannot
 * be continued stops no other one; if it is gone, its question has failed.
 */
export async function continueRuns(context: AnswerContext, signal?: AbortSignal): Promise<number> {
  const problems: unknown[] = [];
  let count = 0;
  for (const ask of await context.asks.open()) {
    if (ask.state !== 'running' || signal?.aborted === true) continue;
    try {
      count += (await continueRun(context, ask, signal)) ? 1 : 0;
    } catch (error) {
      if (errorCode(error) === 'RPL702')
        await context.asks.update(ask.id, () => failedBecause(error));
      else problems.push(error);
    }
  }
  if (problems.length > 0) throw new Error(problems.map(errorMessage).join('; '));
  return count;
}

/** Whether there was something to do: a driver that is alive is left alone. */
async function continueRun(
  context: AnswerContext,
  { id, wanted }: Ask,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (wanted.kind !== 'replay-run') return false;
  const job = await context.jobs.get(wanted.job);
  if (job.lease && stillHolds(job.lease.until, context.clock.now(), DRIVER_LEASE_MS)) return false;
  const answered: Answered =
    job.state === 'running'
      ? await drive(context, job.id, signal)
      : { state: 'done', answer: { job: job.id, state: job.state } };
  await context.asks.update(id, () => answered);
  return true;
}
