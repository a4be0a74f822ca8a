/**
 * The cause of a complete list. `asked`: requested; `due`: periodic; `unserved`: the kind became
 * available again.
 */
export type RelistCause = 'first' | 'expired' | 'denied' | 'failed' | 'unserved' | 'due' | 'asked';

import type { Clock } from '../runtime/clock.ts';

/** Statistics of a stream; times in milliseconds since 1970, 0 for never. */
export interface StreamFigures {
  /** Time of the last complete list; 0 before it. */
  readonly lastList: number;
  /** Time of the last event of a watch; 0 before it. */
  readonly lastEvent: number;
  /** Time of the last received data of a list or watch. */
  readonly lastByte: number;
  /** The same by the monotonic clock, for durations. */
  readonly heard: number;
  readonly bytes: number;
  /** Events of watches since the start. */
  readonly events: number;
  /** Lists and watches that ended with an error. */
  readonly interruptions: number;
  /** Complete lists by the reason why each was needed. */
  readonly lists: Readonly<Partial<Record<RelistCause, number>>>;
}

/**
 * Figures of one stream since its start. Times are milliseconds since 1970 unless they are
 * monotonic.
 */
export class Figures implements StreamFigures {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  lastList = 0;
  lastEvent = 0;
  lastByte = 0;
  heard = Number.NEGATIVE_INFINITY;
  /** Time of the last complete list, by the monotonic clock. */
  complete = Number.NEGATIVE_INFINITY;
  bytes = 0;
  events = 0;
  interruptions = 0;
  readonly lists: Partial<Record<RelistCause, number>> = {};

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  readonly received = (bytes: number): void => {
    this.bytes += bytes;
    this.lastByte = this.#clock.now();
    this.heard = this.#clock.monotonic();
  };

  listed(cause: RelistCause): void {
    this.lastList = this.#clock.now();
    this.complete = this.#clock.monotonic();
    this.lists[cause] = (this.lists[cause] ?? 0) + 1;
  }

  event(): void {
    this.lastEvent = this.#clock.now();
    this.events += 1;
  }
}
