/** What schedules do in AWS: the bundles of audit and replay, every so often. */
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { loadBundle } from './hosted.ts';

interface AuditModule {
  readonly create: (runtime: Runtime) => { audit(): Promise<unknown>; close(): Promise<void> };
}

interface ReplayModule {
  readonly create: (runtime: Runtime) => { turns(signal: AbortSignal): Promise<unknown>; close(): Promise<void> };
}

export interface Schedule {
  /** Lets what runs come to an end. */
  stop(): Promise<void>;
}

/** Milliseconds: a look whether a policy's turn is due costs one small read each. */
const LOOK = 60_000;

/** `every` in milliseconds; 0 is never. */
export async function startAudits(runtime: Runtime, every: number): Promise<Schedule> {
  const { create } = await loadBundle<AuditModule>('audit/handler.mjs');
  const auditor = create(runtime);
  return schedule(runtime, { every, work: () => auditor.audit(), failed: 'audit failed; the next one comes by itself', close: () => auditor.close() });
}

export async function startReplays(runtime: Runtime): Promise<Schedule> {
  if (runtime.config.failures.replay.length === 0) return { stop: () => Promise.resolve() };
  const { create } = await loadBundle<ReplayModule>('replay/handler.mjs');
  const replayer = create(runtime);
  return schedule(runtime, { every: LOOK, work: (signal) => replayer.turns(signal), failed: 'replay failed; the next turn comes by itself', close: () => replayer.close() });
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

async function repeat({ clock, log }: Runtime, { every, work, failed }: Plan, signal: AbortSignal): Promise<void> {
  if (every === 0) return;
  for (;;) {
    await clock.sleep(every, signal);
    if (signal.aborted) return;
    await work(signal).catch((error: unknown) => log.error({ error: errorMessage(error) }, failed));
  }
}
