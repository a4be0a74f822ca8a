/**
 * Tracks the handlers running in this process. A suspect message runs alone, so that a crash has a
 * single cause. Shared by all bundles of the process, because on one host all functions run in one
 * process.
 */
import type { Clock } from '../runtime/clock.ts';

/** What runs in this process: suspects need it for themselves. */
interface Room {
  /** Work in progress that runs in parallel. */
  readonly busy: Set<Promise<unknown>>;
  /** Resolves when no suspect runs or waits to run. */
  trial: Promise<unknown>;
  /** Number of suspects that run or wait to run. */
  trials: number;
}

/** Shared by all bundles in one process, which have a copy of this module each. */
const ROOM = Symbol.for('sluice.room');

function room(): Room {
  const global = globalThis as { [ROOM]?: Room };
  return (global[ROOM] ??= { busy: new Set(), trial: Promise.resolve(), trials: 0 });
}

/** Runs `work` in parallel with others, after any suspect. */
export async function runAmongOthers<T>(work: () => Promise<T>): Promise<T> {
  const here = room();
  while (here.trials > 0) await here.trial;
  const working = work();
  here.busy.add(working);
  try {
    return await working;
  } finally {
    here.busy.delete(working);
  }
}

/**
 * Runs `work` alone. Resolves with undefined, without running it, if the other work did not finish
 * in time.
 */
export async function runAlone<T>(
  work: () => Promise<T>,
  patience: { readonly clock: Pick<Clock, 'sleep'>; readonly ms: number },
): Promise<T | undefined> {
  const here = room();
  const before = here.trial;
  const idle = here.trials === 0 && here.busy.size === 0;
  const done = Promise.withResolvers<void>();
  here.trial = Promise.all([before, done.promise]);
  here.trials += 1;
  try {
    return idle ||
      (await inTime(
        before.then(() => Promise.allSettled(here.busy)),
        patience,
      ))
      ? await work()
      : undefined;
  } finally {
    here.trials -= 1;
    done.resolve();
  }
}

/** Whether `ready` resolves within `ms` milliseconds. The timer ends in any case. */
async function inTime(
  ready: Promise<unknown>,
  { clock, ms }: { readonly clock: Pick<Clock, 'sleep'>; readonly ms: number },
): Promise<boolean> {
  const over = new AbortController();
  const free = await Promise.race([
    ready.then(() => true),
    clock.sleep(ms, over.signal).then(() => false),
  ]);
  over.abort();
  return free;
}
