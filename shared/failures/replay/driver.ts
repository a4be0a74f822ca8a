/**
 * Runs a job. Every step is stored before it is carried out, so that a driver that resumes after a
 * crash knows what may have happened: an event in state `sending` is sent again with the same
 * deduplication id, unless it arrived.
 */
import { stillHolds } from '../../runtime/clock.ts';
import { ReplayError } from '../error.ts';
import { countResults, DRIVER_LEASE_MS } from './job.ts';
import type { ReplayItem, ReplayJob } from './job.ts';
import type { Ledger } from './jobs.ts';
import { nextJobStep } from './job-machine.ts';
import type { JobProgress, JobStep } from './job-machine.ts';
import type { ReplayContext } from './context.ts';
import { checkSentUnit } from './check-sent.ts';
import { findRivalJob } from './rivals.ts';
import { sendUnit } from './send.ts';

/** `signal` stops the run after the current step; the job stays as it is and can be resumed. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after every change. */
  readonly onProgress?: ((job: ReplayJob, items: readonly ReplayItem[]) => void) | undefined;
}

/** Units grouped by the next step; rebuilt from the items at every start. */
interface Books {
  readonly ledger: Ledger;
  /** Time at which this driver started. */
  readonly began: number;
  readonly waiting: number[];
  readonly inFlight: Set<number>;
  readonly members: ReadonlyMap<number, readonly number[]>;
  sent: number;
  bad: number;
  due: number | undefined;
  looked: number | undefined;
}

/** Sent and failed. */
export const FAILED_RESULTS: ReadonlySet<string> = new Set(['quarantined', 'failed', 'no-result']);

/** The counters of a job from its stored items, so that a resumed job continues correctly. */
function openBooks(ledger: Ledger, began: number): Books {
  const members = Map.groupBy(ledger.items.keys(), (index) => ledger.items[index]!.unit);
  const books: Books = {
    ledger,
    began,
    waiting: [],
    inFlight: new Set(),
    members,
    sent: 0,
    bad: 0,
    due: undefined,
    looked: undefined,
  };
  for (const [unit, indexes] of members) {
    const items = indexes.map((index) => ledger.items[index]!);
    if (items.some((item) => item.status === 'sent')) books.inFlight.add(unit);
    if (items.every((item) => item.status === 'done' || item.status === 'sent'))
      books.sent += items.some((item) => item.sentAt !== undefined) ? 1 : 0;
    else if (!books.inFlight.has(unit)) books.waiting.push(unit);
    if (items.some(isBad)) books.bad += 1;
  }
  // Units that may already be in flight come first.
  books.waiting.sort((a, b) => Number(isSending(books, b)) - Number(isSending(books, a)));
  return books;
}

function isBad({ result }: ReplayItem): boolean {
  return FAILED_RESULTS.has(result?.kind ?? '');
}

function itemsOf({ ledger, members }: Books, unit: number): ReadonlyMap<number, ReplayItem> {
  return new Map((members.get(unit) ?? []).map((index) => [index, ledger.items[index]!]));
}

function isSending(books: Books, unit: number): boolean {
  return [...itemsOf(books, unit).values()].some((item) => item.status === 'sending');
}

/**
 * Resolves when the job has ended, was paused or cancelled, or the signal fired. The state is in
 * the store in each case.
 */
export async function runJob(
  world: ReplayContext,
  id: string,
  options: RunOptions = {},
): Promise<ReplayJob> {
  const holder = world.id();
  let job = await world.jobs.update(id, (current) => claim(current, holder, world.clock.now()));
  const books = openBooks(await world.jobs.ledger(id), world.clock.now());
  try {
    const rival = await findRivalJob(world, job, books.ledger.items);
    if (rival !== undefined)
      return await pauseItself(world, job, { code: 'RPL713', reason: rival });
    while (job.state === 'running' && options.signal?.aborted !== true) {
      const step = nextJobStep(job, progressOf(books), world.clock.monotonic());
      job = await perform({ world, books, options }, job, step);
      options.onProgress?.(job, books.ledger.items);
      // Checked before every step, so that a pause or cancellation takes effect before the next
      // event.
      job = await renew(world, job, holder);
    }
    return job;
  } finally {
    await world.jobs.update(id, (current) =>
      current.lease?.holder === holder ? without(current) : current,
    );
  }
}

/** The job without the lease of its driver. */
function without(job: ReplayJob): ReplayJob {
  const { lease: _, ...rest } = job;
  return rest;
}

/** Throws RPL704 if a driver has the job. */
export function refuseIfDriven(job: ReplayJob, now: number): void {
  if (job.lease !== undefined && stillHolds(job.lease.until, now, DRIVER_LEASE_MS)) {
    throw new ReplayError(
      'RPL704',
      `Another process runs job ${job.id}, ` +
        `at least until ${new Date(job.lease.until).toISOString()}; ` +
        `follow it with "sluice replay status ${job.id}".`,
    );
  }
}

/**
 * Takes the lease of the job. Throws if the job does not run, or if another driver holds the lease.
 */
function claim(job: ReplayJob, holder: string, now: number): ReplayJob {
  if (job.state !== 'running')
    throw new ReplayError(
      'RPL703',
      `Job ${job.id} is ${job.state}; ${job.state === 'planned' ? 'start' : 'resume'} it first.`,
    );
  if (job.lease?.holder !== holder) refuseIfDriven(job, now);
  return { ...job, lease: { holder, until: now + DRIVER_LEASE_MS } };
}

/**
 * Renews the lease once half of it has passed. Returns the job as stored, which a person may have
 * paused.
 */
async function renew(
  { jobs, clock }: ReplayContext,
  known: ReplayJob,
  holder: string,
): Promise<ReplayJob> {
  const current = await jobs.get(known.id);
  const now = clock.now();
  if (
    current.lease?.holder === holder &&
    stillHolds(current.lease.until - DRIVER_LEASE_MS / 2, now, DRIVER_LEASE_MS / 2)
  )
    return current;
  return jobs.update(known.id, (job) => (job.state === 'running' ? claim(job, holder, now) : job));
}

function progressOf({ waiting, inFlight, sent, bad, due, looked }: Books): JobProgress {
  return { waiting: waiting.length, inFlight: inFlight.size, sent, bad, due, looked };
}

/** One run of a job by this process, until the job ends, is paused, or the time is up. */
interface Run {
  readonly world: ReplayContext;
  readonly books: Books;
  readonly options: RunOptions;
}

/** Carries out one step, and returns the job as it is stored afterwards. */
async function perform(run: Run, job: ReplayJob, step: JobStep): Promise<ReplayJob> {
  const { world, options } = run;
  switch (step.kind) {
    case 'send':
      return send(run, job, step.due);
    case 'look':
      await look(run, job);
      return job;
    case 'wait':
      await world.clock.sleep(Math.max(1, step.until - world.clock.monotonic()), options.signal);
      return job;
    case 'pass-canary':
      return world.jobs.update(job.id, (current) => ({ ...current, canaryPassed: true }));
    case 'pause':
      return pauseItself(world, job, step);
    case 'finish':
      return finish(run, job);
  }
}

/** Pauses the job with a code, and records it in the audit log. */
async function pauseItself(
  { jobs, audit }: ReplayContext,
  job: ReplayJob,
  { code, reason }: { readonly code: 'RPL707' | 'RPL708' | 'RPL713'; readonly reason: string },
): Promise<ReplayJob> {
  const paused = await jobs.update(job.id, (current) =>
    current.state === 'running' ? { ...current, state: 'paused', code, reason } : current,
  );
  if (paused.code === code)
    await audit.append({
      who: 'replay',
      action: 'replay pause',
      selection: `job ${job.id}`,
      why: `${code}: ${reason}`,
      result: 'paused',
    });
  return paused;
}

/** Ends the job with its results in the audit log. */
async function finish({ world, books }: Run, job: ReplayJob): Promise<ReplayJob> {
  const { jobs, audit, clock } = world;
  const ended = await jobs.update(job.id, (current) =>
    current.state === 'running' ? { ...current, state: 'done', ended: clock.now() } : current,
  );
  const results = Object.entries(countResults(books.ledger.items)).map(
    ([kind, count]) => `${count} ${kind}`,
  );
  if (ended.state === 'done')
    await audit.append({
      who: job.by,
      action: 'replay done',
      selection: `job ${job.id}: ${job.filter}`,
      why: job.why,
      result: results.join(', '),
    });
  return ended;
}

/** Sends the next waiting unit. A device or key that cannot be read pauses the job (RPL708). */
async function send(run: Run, job: ReplayJob, due: number): Promise<ReplayJob> {
  const { world, books } = run;
  const [unit] = books.waiting;
  if (unit === undefined) return job;
  const outcome = await sendUnit(world, job, {
    items: itemsOf(books, unit),
    save: (changes) => books.ledger.save(changes),
  });
  if (outcome.kind === 'away')
    return pauseItself(world, job, { code: 'RPL708', reason: outcome.reason });
  books.waiting.shift();
  if (outcome.kind === 'sent') {
    books.due = due;
    books.sent += 1;
    books.inFlight.add(unit);
  }
  return job;
}

/** Checks the results of all units in flight. */
async function look({ world, books }: Run, job: ReplayJob): Promise<void> {
  books.looked = world.clock.monotonic();
  world.previewer.refresh();
  for (const unit of books.inFlight) {
    await checkSentUnit(world, job, {
      items: itemsOf(books, unit),
      save: (changes) => books.ledger.save(changes),
      since: books.began,
    });
    const items = [...itemsOf(books, unit).values()];
    if (items.some((item) => item.status !== 'done')) continue;
    books.inFlight.delete(unit);
    if (items.some(isBad)) books.bad += 1;
  }
}
