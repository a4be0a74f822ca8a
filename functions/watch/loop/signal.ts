import type { Clock } from '../../../shared/runtime/clock.ts';

/** A sleeper that can be woken. Check your condition and call `wait` without an await between: no ring is lost then. */
export class Signal {
  readonly #clock: Clock;
  #abort = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** Until the next ring, at most `ms`. */
  wait(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#abort.signal);
  }
}
