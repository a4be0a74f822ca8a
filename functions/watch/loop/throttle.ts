import type { Clock } from '../../../shared/runtime/clock.ts';

/** Rests so many times as long as the work took, */
const REST = 50;
/** but no longer than somebody who waits for a port would like, in milliseconds. */
const LONGEST = 3_000;

/** Keeps work that is asked for all the time from taking all the time. The first run is never late. */
export class Throttle {
  readonly #clock: Clock;
  #rested = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work`, or returns the milliseconds after which to ask again. */
  run(work: () => void): number | undefined {
    const began = this.#clock.monotonic();
    const left = this.#rested - began;
    if (left > 0) return left;
    work();
    const ended = this.#clock.monotonic();
    this.#rested = ended + Math.min(LONGEST, REST * (ended - began));
    return undefined;
  }
}
