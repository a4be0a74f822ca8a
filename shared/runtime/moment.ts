import type { Clock } from './clock.ts';

/** A moment by both clocks of a process. */
export type Moment = Readonly<Record<'now' | 'monotonic', number>>;

type Clocks = Pick<Clock, 'now' | 'monotonic'>;

export function momentOf(clock: Clocks): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds since then, by the clock that says more: the monotonic one stands still while a machine is suspended, and the other one may
 * be set back. For what is trusted for a while only; a clock that is set ahead costs one more look.
 */
export function longestSince(clock: Clocks, then: Moment): number {
  return Math.max(clock.now() - then.now, clock.monotonic() - then.monotonic);
}
