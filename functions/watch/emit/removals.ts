/** Removals of members whose pods are gone, which may wait for each other (decision 79). */
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { EndedDrain } from '../view/departed-pods.ts';
import { COLLECT_MS } from './debounce.ts';

/** What the watcher knows of the addresses, and where removals go. */
export interface RemovalsOptions {
  readonly emitter: {
    changed(change: Change, urgent: boolean): void;
    collected(change: Change): void;
    hurry(): void;
  };
  /** Whether every device said, after this revision, that no client gets to the addresses. */
  readonly isOut: (addresses: readonly string[], since: Revision) => boolean;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Whether a pod has one of the addresses. */
  readonly isUsed: (addresses: readonly string[]) => boolean;
}

/** Lets removals wait where nobody notices, until one of the addresses is used again. */
export class DelayedRemovals {
  readonly #options: RemovalsOptions;
  /** Until when removals wait, by address. One that was sent since does no harm. */
  #waiting = new Map<string, number>();

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /**
   * A member whose drain has ended. It is removed at once if its address is used again or it is not
   * out of rotation; otherwise up to COLLECT_MS later, together with others.
   */
  add({ change, addresses, since }: EndedDrain): void {
    const { emitter, isOut, isUsed, clock } = this.#options;
    if (!isOut(addresses, since) || isUsed(addresses)) return emitter.changed(change, true);
    const now = clock.monotonic();
    this.#waiting = new Map([...this.#waiting].filter(([, until]) => until > now));
    for (const address of addresses) this.#waiting.set(address, now + COLLECT_MS);
    emitter.collected(change);
  }

  /** A pod with these addresses exists. */
  seen(addresses: readonly string[]): void {
    if (this.#waiting.size === 0) return;
    if (addresses.some((address) => this.#waiting.has(address))) this.#options.emitter.hurry();
  }
}
