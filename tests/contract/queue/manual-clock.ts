import type { Clock } from '../../../shared/runtime/clock.ts';

export interface ManualClock extends Clock {
  /** Advances the time: wakes sleepers in the order of their times, and runs what they start. */
  pass(ms: number): Promise<void>;
  /** Sets the wall clock; no time passes. */
  step(ms: number): void;
  /** Number of sleepers. */
  readonly sleeping: () => number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Runs everything that does not wait for time to pass. */
export async function idle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
  }
}

export function createManualClock(start = Date.UTC(2026, 10, 22)): ManualClock {
  let now = start;
  let set = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now + set,
    monotonic: () => now,
    sleep: (ms, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (signal?.aborted) return Promise.resolve();
      const sleeper: Sleeper = {
        at: now + ms,
        wake: () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      return promise;
    },
    pass: async (ms) => {
      const end = now + ms;
      await idle();
      for (;;) {
        const due = [...sleepers].filter((s) => s.at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        now = Math.max(now, due.at);
        due.wake();
        await idle();
      }
      now = end;
    },
    step: (ms) => {
      set += ms;
    },
    sleeping: () => sleepers.size,
  };
}
