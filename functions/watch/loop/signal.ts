import type { Clock } from '../../../shared/runtime/clock.ts';

/** Why a wait ends early. An exception, the default, would cost its stack at every change. */
const WOKEN = 'woken';

/**
 * A waiter that can be woken. Check the condition and call `wait` without an await in between, so
 * that no wake-up is lost.
 */
export class Signal {
  readonly #clock: Clock;
  /** Present while somebody may wait: most changes come while nobody does. */
  #abort: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    const waiting = this.#abort;
    this.#abort = undefined;
    waiting?.abort(WOKEN);
  }

  /** Until the next wake-up, at most `ms`. */
  wait(ms: number): Promise<void> {
    this.#abort ??= new AbortController();
    return this.#clock.sleep(ms, this.#abort.signal);
  }
}
