/**
 * One run of a policy: creates, starts and drives a normal job. Each step is stored before it is
 * carried out, so that the run after a crash continues the existing job instead of creating another
 * one.
 */
import type { ReplayPolicy } from '../../config/schema.ts';
import { stillHolds } from '../../runtime/clock.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { ReplayError } from '../error.ts';
import { formatFilter } from '../filter.ts';
import { controlJob } from './control.ts';
import { FAILED_RESULTS, runJob } from './driver.ts';
import type { ReplayContext } from './context.ts';
import { countResults, DRIVER_LEASE_MS } from './job.ts';
import type { ReplayJob } from './job.ts';
import { policyFilter, isEligible, pauseAfter } from './policy.ts';
import { failuresInHand } from './rivals.ts';
import { freezeSelection, createJob } from './select.ts';
import type { PolicyTurn, PolicyTurns } from './turns.ts';

/** Dependencies of a policy's run. */
export interface TurnContext extends ReplayContext {
  readonly turns: PolicyTurns;
}

/** Result of a policy's run. */
export type PolicyTurnResult =
  | { readonly kind: 'not-due'; readonly until: number; readonly reason: string }
  /** Another process has the policy or the job. */
  | { readonly kind: 'taken'; readonly reason: string }
  /** A person paused the job. */
  | { readonly kind: 'held'; readonly job: string; readonly reason: string }
  | { readonly kind: 'nothing'; readonly reason: string }
  | { readonly kind: 'ran'; readonly job: string; readonly reason: string };

/** Maximum number of failures per run; the next run takes the rest. */
const MAX_FAILURES_PER_TURN = 1_000;

/**
 * Pause codes after which the next run of the policy continues the job, because they are not
 * failures of the job.
 */
const GOES_ON: ReadonlySet<string> = new Set(['RPL708', 'RPL713']);

class Taken extends Error {}

/** Runs one policy if it is due and no other process has it. */
export async function runPolicyTurn(
  world: TurnContext,
  policy: ReplayPolicy,
  signal?: AbortSignal,
): Promise<PolicyTurnResult> {
  const { turns, clock } = world;
  const holder = world.id();
  const now = clock.now();
  const before = await turns.get(policy.name);
  if (before !== undefined && isLater(policy, before, now))
    return {
      kind: 'not-due',
      until: before.due,
      reason: before.says ?? 'its next run is due later',
    };
  try {
    const turn = await turns.update(policy.name, (current) =>
      claim(policy, current, { holder, until: now + DRIVER_LEASE_MS }),
    );
    return await inTurn({ world, policy, signal }, turn);
  } catch (error) {
    if (error instanceof Taken || (error instanceof ReplayError && error.code === 'RPL704'))
      return { kind: 'taken', reason: error.message };
    throw error;
  } finally {
    await turns.update(policy.name, (current) =>
      current.lease?.holder === holder ? withoutLease(current) : current,
    );
  }
}

/** Limits the next run to one interval from now. */
function isLater(policy: ReplayPolicy, { due, misses }: PolicyTurn, now: number): boolean {
  return stillHolds(due, now, pauseAfter(policy, misses));
}

/** Takes the turn for this process. Throws Taken if another process has it or has just had it. */
function claim(
  policy: ReplayPolicy,
  turn: PolicyTurn,
  lease: NonNullable<PolicyTurn['lease']>,
): PolicyTurn {
  const now = lease.until - DRIVER_LEASE_MS;
  if (turn.lease !== undefined && stillHolds(turn.lease.until, now, DRIVER_LEASE_MS))
    throw new Taken(`another process runs policy ${turn.policy}`);
  if (isLater(policy, turn, now))
    throw new Taken(`another process took over policy ${turn.policy}`);
  return { ...turn, lease };
}

function withoutLease({ lease: _lease, ...turn }: PolicyTurn): PolicyTurn {
  return turn;
}

/** One turn of a policy. */
interface Scope {
  readonly world: TurnContext;
  readonly policy: ReplayPolicy;
  readonly signal: AbortSignal | undefined;
}

/**
 * Continues the policy's unfinished job, or plans a new one. Without matching failures the next run
 * is only noted.
 */
async function inTurn(scope: Scope, turn: PolicyTurn): Promise<PolicyTurnResult> {
  const left = turn.job === undefined ? undefined : await unfinished(scope.world, turn.job);
  if (left !== undefined) return drive(scope, left);
  const job = await plan(scope);
  if (job !== undefined) return drive(scope, job);
  const reason = 'no retryable failure matches that is not already in another job';
  await settle(scope, { misses: turn.misses, says: reason });
  return { kind: 'nothing', reason };
}

/** Undefined if the job has ended, or the process died before it was created. */
async function unfinished({ jobs }: TurnContext, id: string): Promise<ReplayJob | undefined> {
  const job = await jobs.get(id).catch((error: unknown) => {
    if (error instanceof ReplayError && error.code === 'RPL702') return undefined;
    throw error;
  });
  return job?.state === 'done' || job?.state === 'cancelled' ? undefined : job;
}

/**
 * Creates the job without a preview: each event is checked against the device just before it is
 * sent.
 */
async function plan({ world, policy }: Scope): Promise<ReplayJob | undefined> {
  const { store, jobs, audit, clock, turns } = world;
  const now = clock.now();
  const taken = await failuresInHand(world);
  const heads = (await store.list()).filter(
    (head) => isEligible(policy, head, now) && !taken(head),
  );
  const items = freezeSelection(heads).slice(0, MAX_FAILURES_PER_TURN);
  if (items.length === 0) return undefined;
  const { name, everyMinutes, atMost, canary, rate } = policy;
  const id = world.id().slice(0, 8);
  const why = `policy ${name} of failures.replay, every ${everyMinutes} minutes`;
  const job = createJob(
    {
      id,
      filter: policyFilter(policy, now),
      by: byOf(policy),
      why,
      canary,
      rate,
      now,
      policy: { name, atMost },
    },
    items,
  );
  await turns.update(name, (turn) => ({ ...turn, job: id }));
  await jobs.create(job, items);
  await audit.append({
    who: byOf(policy),
    action: 'replay plan',
    selection: `job ${id}: ${formatFilter(policyFilter(policy, now))}`,
    why,
    result: `${formatCount(items.length, 'failure')}, ${formatCount(job.units, 'event')}`,
  });
  return job;
}

function byOf({ name }: ReplayPolicy): string {
  return `policy ${name}`;
}

/**
 * Continues the job of the policy, starts or resumes it if that is allowed, and concludes the run.
 */
async function drive(scope: Scope, job: ReplayJob): Promise<PolicyTurnResult> {
  const { world, policy, signal } = scope;
  const order = { id: job.id, who: byOf(policy), why: job.why };
  if (job.code === 'RPL707') return giveUp(scope, job);
  if (job.state === 'paused' && !GOES_ON.has(job.code ?? '')) {
    const reason =
      `job ${job.id} was paused (${job.reason ?? 'by hand'}); ` +
      `policy ${policy.name} continues when the job is resumed or cancelled`;
    await settle(scope, { says: reason });
    return { kind: 'held', job: job.id, reason };
  }
  if (job.state !== 'running')
    await controlJob(world, job.state === 'planned' ? 'start' : 'resume', order);
  const after = await runJob(world, job.id, { signal });
  if (after.code === 'RPL707') return giveUp(scope, after);
  // Out of time: the run stays due and continues with this job.
  if (after.state === 'running')
    return { kind: 'ran', job: job.id, reason: 'not finished yet; it continues' };
  return conclude(scope, after);
}

/**
 * Records the results of an ended job. After a failure, the policy pauses longer before its next
 * run.
 */
async function conclude(scope: Scope, job: ReplayJob): Promise<PolicyTurnResult> {
  const items = await scope.world.jobs.items(job.id);
  const counts = Object.entries(countResults(items))
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  const reason =
    job.state === 'done' ? counts : `${job.state} (${job.reason ?? 'by hand'}): ${counts}`;
  const failed = items.some((item) => FAILED_RESULTS.has(item.result?.kind ?? ''));
  await settle(scope, {
    says: `job ${job.id}: ${reason}`,
    ...(job.state === 'done' ? { misses: failed ? 'more' : 0 } : {}),
  });
  return { kind: 'ran', job: job.id, reason };
}

/** After a failed canary: cancels the rest, and the next run selects again. */
async function giveUp(scope: Scope, job: ReplayJob): Promise<PolicyTurnResult> {
  const reason = `the canary failed (${job.reason ?? ''}); the rest waits for the next run`;
  // The interval first, so that a crash in between can only make it longer.
  await settle(scope, { misses: 'more', says: `job ${job.id}: ${reason}` });
  await controlJob(scope.world, 'cancel', { id: job.id, who: byOf(scope.policy), why: reason });
  return { kind: 'ran', job: job.id, reason };
}

/** How a turn ended, for the next one and for lists of policies. */
interface Outcome {
  /** Default: unchanged. */
  readonly misses?: number | 'more';
  readonly says: string;
}

/** Notes how the turn ended. `misses` lengthen the pause before the next one. */
async function settle({ world, policy }: Scope, { misses, says }: Outcome): Promise<void> {
  await world.turns.update(policy.name, (turn) => {
    const count = misses === 'more' ? turn.misses + 1 : (misses ?? turn.misses);
    return { ...turn, misses: count, says, due: world.clock.now() + pauseAfter(policy, count) };
  });
}
