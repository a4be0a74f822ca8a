/** In milliseconds: send after `quiet` without a change, at the latest `max` after the first. */
export interface DebounceLimits {
  readonly quiet: number;
  readonly max: number;
}

/** Collects the changes that belong together. */
export class Debounce {
  readonly #limits: DebounceLimits;
  #first: number | undefined;
  #last = 0;
  #urgent = false;

  constructor(limits: DebounceLimits) {
    this.#limits = limits;
  }

  touch(now: number, urgent: boolean): void {
    this.#first ??= now;
    this.#last = now;
    this.#urgent ||= urgent;
  }

  /** Milliseconds to wait from `now`; 0 when it is time, undefined when nothing happened. */
  due(now: number): number | undefined {
    if (this.#first === undefined) return undefined;
    if (this.#urgent) return 0;
    return Math.max(
      0,
      Math.min(this.#last + this.#limits.quiet, this.#first + this.#limits.max) - now,
    );
  }

  reset(): void {
    this.#first = undefined;
    this.#urgent = false;
  }
}
