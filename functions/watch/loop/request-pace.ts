import type { Clock } from '../../../shared/runtime/clock.ts';

/**
 * Rate limiter: at most this many requests per second; requests unused within the last second can
 * be made up.
 */
export class RequestPace {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** Earliest time of the next request without saved-up ones. */
  #next = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Waits for its turn. False if the signal fired before. */
  async take(signal: AbortSignal): Promise<boolean> {
    const now = this.#clock.monotonic();
    this.#next = Math.max(this.#next, now - 1_000) + 1_000 / this.#perSecond;
    const wait = this.#next - now;
    if (wait <= 0) return true;
    await this.#clock.sleep(wait, signal);
    return !signal.aborted;
  }
}
