/** Why everything was listed again. `asked`: somebody wanted to be sure; `due`: it was time; `unserved`: the kind came back. */
export type RelistCause = 'first' | 'expired' | 'denied' | 'failed' | 'unserved' | 'due' | 'asked';

import type { Clock } from '../runtime/clock.ts';

/** What a stream has been through; times in milliseconds since 1970, 0 for never. */
export interface StreamFigures {
  readonly lastList: number;
  readonly lastEvent: number;
  /** The last sign of life: a piece of a list or of the watch. */
  readonly lastByte: number;
  /** The same by the monotonic clock, for whoever asks how long that is ago. */
  readonly heard: number;
  readonly bytes: number;
  readonly events: number;
  readonly interruptions: number;
  readonly lists: Readonly<Partial<Record<RelistCause, number>>>;
}

export class Figures implements StreamFigures {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  lastList = 0;
  lastEvent = 0;
  lastByte = 0;
  heard = Number.NEGATIVE_INFINITY;
  /** When everything was listed, by the monotonic clock. */
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
