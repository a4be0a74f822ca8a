/** What schedules do in AWS, on one host: audit, replay and what waits for a device, every so often. The bundles come from whoever hosts them. */
import { errorMessage } from '../telemetry/errors.ts';
import type { Runtime } from './runtime.ts';

export interface AuditModule {
  readonly create: (runtime: Runtime) => { audit(): Promise<unknown>; close(): Promise<void> };
}

export interface ReplayModule {
  readonly create: (runtime: Runtime) => {
    turns(signal: AbortSignal): Promise<unknown>;
    close(): Promise<void>;
  };
}

export interface ApplyModule {
  readonly create: (runtime: Runtime) => {
    turns(signal: AbortSignal): Promise<unknown>;
    close(): Promise<void>;
  };
}

export interface Schedule {
  /** Lets what runs come to an end. */
  stop(): Promise<void>;
}

/** Milliseconds from one audit to the next, where nobody says otherwise. */
export const AUDIT_INTERVAL_MS = 10 * 60_000;

/** Milliseconds: a look whether a policy's turn is due costs one small read each. */
const LOOK = 60_000;

/** Milliseconds: where nothing waits, a look costs a listing of few names. */
const WAITING_LOOK = 15_000;

/** `every` in milliseconds; 0 is never. */
export function startAudits(
  runtime: Runtime,
  { create }: AuditModule,
  every = AUDIT_INTERVAL_MS,
): Schedule {
  const auditor = create(runtime);
  return schedule(runtime, {
    every,
    work: () => auditor.audit(),
    failed: 'audit failed; the next run tries again',
    close: () => auditor.close(),
  });
}

/** Nothing, and no bundle loaded, where the configuration has no policies. */
export async function startReplays(
  runtime: Runtime,
  load: () => Promise<ReplayModule>,
): Promise<Schedule> {
  if (runtime.config.failures.replay.length === 0) return { stop: () => Promise.resolve() };
  const { create } = await load();
  const replayer = create(runtime);
  return schedule(runtime, {
    every: LOOK,
    work: (signal) => replayer.turns(signal),
    failed: 'replay failed; the next run tries again',
    close: () => replayer.close(),
  });
}

/** What waits for a device goes back when the device answers; with connections of its own, beside those of the function. */
export function startReturns(runtime: Runtime, { create }: ApplyModule): Schedule {
  const apply = create(runtime);
  return schedule(runtime, {
    every: WAITING_LOOK,
    work: (signal) => apply.turns(signal),
    failed: 'waiting changes could not be checked; the next run tries again',
    close: () => apply.close(),
  });
}

interface Plan {
  readonly every: number;
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  readonly failed: string;
  readonly close: () => Promise<void>;
}

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

async function repeat(
  { clock, log }: Runtime,
  { every, work, failed }: Plan,
  signal: AbortSignal,
): Promise<void> {
  if (every === 0) return;
  for (;;) {
    await clock.sleep(every, signal);
    if (signal.aborted) return;
    await work(signal).catch((error: unknown) => log.error({ error: errorMessage(error) }, failed));
  }
}
