/** Milliseconds: send after `quiet` without changes, and at most `max` after the first. */
export interface DebounceLimits {
  readonly quietMs: number;
  readonly maxMs: number;
}

/** Milliseconds that a removal may wait for others, if nothing needs it sooner. */
export const COLLECT_MS = 10_000;

/** Groups changes that belong together. */
export class Debounce {
  readonly #limits: DebounceLimits;
  #first: number | undefined;
  #last = 0;
  #urgent = false;
  /** When the first removal that waits has to go. */
  #collectedUntil = Number.POSITIVE_INFINITY;

  constructor(limits: DebounceLimits) {
    this.#limits = limits;
  }

  touch(now: number, urgent: boolean): void {
    this.#first ??= now;
    this.#last = now;
    this.#urgent ||= urgent;
  }

  /** A removal that may wait for others. */
  collect(now: number): void {
    this.#collectedUntil = Math.min(this.#collectedUntil, now + COLLECT_MS);
  }

  /** Milliseconds that what was collected may still wait; undefined if nothing was. */
  collected(now: number): number | undefined {
    return Number.isFinite(this.#collectedUntil)
      ? Math.max(0, this.#collectedUntil - now)
      : undefined;
  }

  /**
   * Milliseconds to wait from `now`; 0 if due, undefined without changes. `maxMs`: instead of that
   * of the limits.
   */
  due(now: number, maxMs = this.#limits.maxMs): number | undefined {
    const collected = this.collected(now);
    if (this.#first === undefined) return collected;
    if (this.#urgent) return 0;
    const quiet = Math.min(this.#last + this.#limits.quietMs, this.#first + maxMs) - now;
    return Math.max(0, Math.min(quiet, collected ?? quiet));
  }

  reset(): void {
    this.#first = undefined;
    this.#urgent = false;
    this.#collectedUntil = Number.POSITIVE_INFINITY;
  }
}
