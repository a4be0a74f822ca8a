/** Milliseconds: send after `quiet` without changes, and at most `max` after the first. */
export interface DebounceLimits {
  readonly quietMs: number;
  readonly maxMs: number;
}

/** Groups changes that belong together. */
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

  /** Milliseconds to wait from `now`; 0 if due, undefined without changes. */
  due(now: number): number | undefined {
    if (this.#first === undefined) return undefined;
    if (this.#urgent) return 0;
    return Math.max(
      0,
      Math.min(this.#last + this.#limits.quietMs, this.#first + this.#limits.maxMs) - now,
    );
  }

  reset(): void {
    this.#first = undefined;
    this.#urgent = false;
  }
}
