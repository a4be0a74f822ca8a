import type { Clock } from '../../../shared/runtime/clock.ts';

/** A clock that advances only when the code under test sleeps or the test advances it. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
  /** Sets the wall clock; no time passes. */
  step(ms: number): void;
}

export function virtualClock(start = Date.parse('2026-01-01T00:00:00Z')): VirtualClock {
  let now = start;
  let set = 0;
  return {
    now: () => now + set,
    monotonic: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    advance: (ms) => {
      now += ms;
    },
    step: (ms) => {
      set += ms;
    },
  };
}
