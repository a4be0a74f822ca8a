/**
 * Runs the schedules of the AWS stack on one host: audit, replay, and returning waiting changes.
 * The host provides the bundles.
 */
import { errorMessage } from '../telemetry/errors.ts';
import type { Runtime } from './runtime.ts';

/** The exports of the bundle `audit` that the schedule uses. */
export interface AuditModule {
  readonly create: (runtime: Runtime) => {
    /**
     * Audits, and removes what expired; does nothing if another process audited within `every`
     * milliseconds.
     */
    turn(every: number): Promise<unknown>;
    /** Removes what expired in the failure store, once a day. */
    tidy(): Promise<unknown>;
    /** Tells if the failure store continues from an older state. */
    lookBack(): Promise<unknown>;
    close(): Promise<void>;
  };
}

/** The exports of the bundle `replay` that the schedule uses. */
export interface ReplayModule {
  readonly create: (runtime: Runtime) => {
    turns(signal: AbortSignal): Promise<unknown>;
    close(): Promise<void>;
  };
}

/** The exports of the bundle `apply` that the schedule uses. */
export interface ApplyModule {
  readonly create: (runtime: Runtime) => {
    turns(signal: AbortSignal): Promise<unknown>;
    close(): Promise<void>;
  };
}

/** What a console asks of the bundle `replay`, by the id of its question. */
export interface ReplayAnswers {
  /** Resolves when it is answered; a run is answered when it ends. */
  answer(id: string, signal?: AbortSignal): Promise<unknown>;
  /** Continues runs whose process died; resolves with their number. */
  continueRuns(signal?: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/** Continues the runs of a console whose process died. */
export function startContinuing(runtime: Runtime, replay: ReplayAnswers): Schedule {
  return schedule(runtime, {
    every: LOOK_MS,
    work: (signal) => replay.continueRuns(signal),
    failed: 'replay jobs could not be continued; the next run tries again',
    close: () => replay.close(),
  });
}

/** A running schedule. */
export interface Schedule {
  /** Stops the schedules and waits for running work. */
  stop(): Promise<void>;
}

/** Default interval between audits, in milliseconds. */
export const AUDIT_INTERVAL_MS = 10 * 60_000;

/** Milliseconds; checking whether a policy is due costs one small read each. */
const LOOK_MS = 60_000;

/** Milliseconds; with nothing waiting, a check costs one listing of a few names. */
const WAITING_LOOK_MS = 15_000;

/** `every` in milliseconds; 0 disables audits, and only removes what expired. */
export function startAudits(
  runtime: Runtime,
  { create }: AuditModule,
  every = AUDIT_INTERVAL_MS,
): Schedule {
  const auditor = create(runtime);
  return schedule(runtime, {
    every: every === 0 ? AUDIT_INTERVAL_MS : every,
    work: () => (every === 0 ? auditor.tidy() : auditor.turn(every)),
    failed: 'audit failed; the next run tries again',
    close: () => auditor.close(),
  });
}

/** Tells within a minute if the failure store continues from an older state. */
export function startLookingBack(runtime: Runtime, { create }: AuditModule): Schedule {
  const auditor = create(runtime);
  return schedule(runtime, {
    every: LOOK_MS,
    atOnce: true,
    work: () => auditor.lookBack(),
    failed: 'whether the failure store lost changes is not known; the next run tries again',
    close: () => auditor.close(),
  });
}

/** Does nothing, and loads no bundle, if the configuration has no policies. */
export async function startReplays(
  runtime: Runtime,
  load: () => Promise<ReplayModule>,
): Promise<Schedule> {
  if (runtime.config.failures.replay.length === 0) return { stop: () => Promise.resolve() };
  const { create } = await load();
  const replayer = create(runtime);
  return schedule(runtime, {
    every: LOOK_MS,
    work: (signal) => replayer.turns(signal),
    failed: 'replay failed; the next run tries again',
    close: () => replayer.close(),
  });
}

/**
 * Returns waiting changes when their device answers. Uses separate connections from those of the
 * function.
 */
export function startReturns(runtime: Runtime, { create }: ApplyModule): Schedule {
  const apply = create(runtime);
  return schedule(runtime, {
    every: WAITING_LOOK_MS,
    work: (signal) => apply.turns(signal),
    failed: 'waiting changes could not be checked; the next run tries again',
    close: () => apply.close(),
  });
}

/**
 * A repeated task: `every` in milliseconds, `failed` for the log. `close` frees what the task has
 * opened.
 */
interface Plan {
  readonly every: number;
  /** Also before the first pause. */
  readonly atOnce?: true;
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  readonly failed: string;
  readonly close: () => Promise<void>;
}

/** Starts a repeated task. `stop` waits for the run under way. */
function schedule(runtime: Runtime, plan: Plan): Schedule {
  const stopping = new AbortController();
  const running = repeat(runtime, plan, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
      await plan.close();
    },
  };
}

/**
 * Runs the task every `every` milliseconds, counted from the end of the last run; 0 means never. A
 * failed run is logged, and the next one follows.
 */
async function repeat(
  { clock, log }: Runtime,
  { every, atOnce, work, failed }: Plan,
  signal: AbortSignal,
): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    if (!isFirst || atOnce !== true) await clock.sleep(every, signal);
    if (signal.aborted) return;
    await work(signal).catch((error: unknown) => log.error({ error: errorMessage(error) }, failed));
  }
}
