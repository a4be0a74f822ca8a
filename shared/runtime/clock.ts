/** Time of a process, so that tests decide it. */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes: for what people and other machines read. It may be wrong, and step back or ahead. */
  now(): number;
  /** Milliseconds since some moment of this process; it only ever runs on. For durations, pauses and deadlines within the process. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Whether a deadline that somebody left in a file or a declaration still holds. `longest`: the milliseconds that anybody gives; what lies
 * farther away was written before the clock was set back, and nobody waits for it.
 */
export function stillHolds(until: number, now: number, longest: number): boolean {
  return until > now && until <= now + longest;
}

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

/** Clocks that are wrong at boot are set within minutes. */
const STEADY_AFTER_MS = 60 * 60_000;
const STEP_MS = 60_000;

/** Whether nobody set the wall clock for an hour, as far as this process has seen: what deletes by age waits for that. */
export function createSteadiness(clock: Pick<Clock, 'now' | 'monotonic'>): () => boolean {
  let since = momentOf(clock);
  return () => {
    const apart = clock.now() - since.now - (clock.monotonic() - since.monotonic);
    if (Math.abs(apart) > STEP_MS) since = momentOf(clock);
    return clock.monotonic() - since.monotonic >= STEADY_AFTER_MS;
  };
}
