import type { Clock } from '../../../shared/runtime/runtime.ts';

/** Time that passes only when somebody sleeps or the test says so. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
}

export function virtualClock(start = Date.parse('2026-01-01T00:00:00Z')): VirtualClock {
  let now = start;
  return {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    advance: (ms) => {
      now += ms;
    },
  };
}
