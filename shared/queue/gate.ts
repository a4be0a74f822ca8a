/**
 * Who works in this process at the moment. Whoever is on trial works alone, so that when the process dies nobody else is to blame; on one
 * host all functions share a process, and each is a bundle of its own, so this is one for all of them.
 */
import type { Clock } from '../runtime/clock.ts';

interface Room {
  /** What works side by side. */
  readonly busy: Set<Promise<unknown>>;
  /** Resolves when nobody is on trial any more, or waits for it. */
  trial: Promise<unknown>;
  /** On trial, or waiting for it. */
  trials: number;
}

const ROOM = Symbol.for('sluice.room');

function room(): Room {
  const global = globalThis as { [ROOM]?: Room };
  return (global[ROOM] ??= { busy: new Set(), trial: Promise.resolve(), trials: 0 });
}

/** Side by side with others, after whoever is on trial. */
export async function amongOthers<T>(work: () => Promise<T>): Promise<T> {
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

/** Alone; undefined when the others were not done in time, and nothing was done. */
export async function alone<T>(
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
