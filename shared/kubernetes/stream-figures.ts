/** Why everything was listed again. `asked`: somebody wanted to be sure; `due`: it was time; `unserved`: the kind came back. */
export type RelistCause = 'first' | 'expired' | 'denied' | 'failed' | 'unserved' | 'due' | 'asked';

/** What a stream has been through; times in milliseconds since 1970, 0 for never. */
export interface StreamFigures {
  readonly lastList: number;
  readonly lastEvent: number;
  /** The last sign of life: a piece of a list or of the watch. */
  readonly lastByte: number;
  readonly bytes: number;
  readonly events: number;
  readonly interruptions: number;
  readonly lists: Readonly<Partial<Record<RelistCause, number>>>;
}

export class Figures implements StreamFigures {
  readonly #now: () => number;
  lastList = 0;
  lastEvent = 0;
  lastByte = 0;
  bytes = 0;
  events = 0;
  interruptions = 0;
  readonly lists: Partial<Record<RelistCause, number>> = {};

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly received = (bytes: number): void => {
    this.bytes += bytes;
    this.lastByte = this.#now();
  };

  listed(cause: RelistCause): void {
    this.lastList = this.#now();
    this.lists[cause] = (this.lists[cause] ?? 0) + 1;
  }

  event(): void {
    this.lastEvent = this.#now();
    this.events += 1;
  }
}
