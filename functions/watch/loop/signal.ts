import type { Clock } from '../../../shared/runtime/clock.ts';

/**
 * A waiter that can be woken. Check the condition and call `wait` without an await in between, so
 * that no wake-up is lost.
 */
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

  /** Until the next wake-up, at most `ms`. */
  wait(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#abort.signal);
  }
}
