import type { Clock } from '../../../shared/runtime/clock.ts';

/** At most so many requests a second; what was not used up within the last second may be used at once. */
export class RequestPace {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** The moment at which the request after those given out may leave, if nothing was saved up. */
  #next = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Waits for its turn. False where the signal fired before that. */
  async take(signal: AbortSignal): Promise<boolean> {
    const now = this.#clock.monotonic();
    this.#next = Math.max(this.#next, now - 1_000) + 1_000 / this.#perSecond;
    const wait = this.#next - now;
    if (wait <= 0) return true;
    await this.#clock.sleep(wait, signal);
    return !signal.aborted;
  }
}
