/** The clock of a process; tests inject their own. */
export interface Clock {
  /**
   * Wall-clock time in milliseconds since 1970, for people and other machines. It may be wrong, and
   * may jump.
   */
  now(): number;
  /**
   * Milliseconds since an arbitrary point in this process; never goes backwards. For durations,
   * intervals and deadlines within the process.
   */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Whether a stored deadline is still valid. `longest`: the maximum duration that is ever set, in
 * milliseconds; a deadline further ahead was written before the clock was set back, and counts as
 * expired.
 */
export function stillHolds(until: number, now: number, longest: number): boolean {
  return until > now && until <= now + longest;
}

/** A point in time on both clocks of a process. */
export type Moment = Readonly<Record<'now' | 'monotonic', number>>;

type Clocks = Pick<Clock, 'now' | 'monotonic'>;

/** Both clocks at one moment. */
export function momentOf(clock: Clocks): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds since then, by whichever clock shows more: the monotonic clock stops while a machine
 * is suspended, and the wall clock may be set. For information that is trusted only for a limited
 * time; a wall clock set ahead costs one extra check.
 */
export function longestSince(clock: Clocks, then: Moment): number {
  return Math.max(clock.now() - then.now, clock.monotonic() - then.monotonic);
}

/** Clocks that are wrong at boot are set within minutes. */
const STEADY_AFTER_MS = 60 * 60_000;
const STEP_MS = 60_000;

/**
 * Whether the wall clock was not set for an hour, as far as this process observed. Deletion by age
 * requires it.
 */
export function createSteadiness(clock: Pick<Clock, 'now' | 'monotonic'>): () => boolean {
  let since = momentOf(clock);
  return () => {
    const apart = clock.now() - since.now - (clock.monotonic() - since.monotonic);
    if (Math.abs(apart) > STEP_MS) since = momentOf(clock);
    return clock.monotonic() - since.monotonic >= STEADY_AFTER_MS;
  };
}
