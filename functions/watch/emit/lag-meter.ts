import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';

/**
 * Measures the time from a change to the first snapshot that contains it. Milliseconds of a
 * monotonic clock.
 */
export class LagMeter {
  readonly #seen = new WeakMap<Change, number>();

  seen(change: Change, now: number): void {
    this.#seen.set(change, now);
  }

  /** The longest time among the changes that are sent for the first time. */
  sent(changes: readonly Change[], now: number): number | undefined {
    const lags = changes.flatMap((change) => {
      const at = this.#seen.get(change);
      this.#seen.delete(change);
      return at === undefined ? [] : [now - at];
    });
    return lags.length === 0 ? undefined : Math.max(...lags);
  }
}
