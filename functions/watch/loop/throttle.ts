/** Lets expensive work rest in proportion to the time that it took. */
import type { Clock } from '../../../shared/runtime/clock.ts';

/** Factor between pause and run time. */
const REST_FACTOR = 50;
/** Maximum pause in milliseconds, acceptable for users who wait for a port. */
const MAX_REST_MS = 3_000;

/** Limits the share of time spent on frequently requested work. The first run is never delayed. */
export class Throttle {
  readonly #clock: Clock;
  #rested = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work`, or returns the milliseconds after which to call again. */
  run(work: () => void): number | undefined {
    const left = this.#rested - this.#clock.monotonic();
    if (left > 0) return left;
    this.now(work);
    return undefined;
  }

  /** Runs `work` without a rest before it, but with one after it. */
  now(work: () => void): void {
    const began = this.#clock.monotonic();
    work();
    const ended = this.#clock.monotonic();
    this.#rested = ended + Math.min(MAX_REST_MS, REST_FACTOR * (ended - began));
  }
}
