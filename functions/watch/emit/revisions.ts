import type { Revision } from '../../../shared/domain/revision.ts';

/** One counter for everything this watcher says within its epoch. */
export class Revisions {
  #epoch: number;
  #counter = 0;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The newest one given out. */
  get newest(): Revision {
    return { epoch: this.#epoch, counter: this.#counter };
  }

  next(): Revision {
    this.#counter += 1;
    return { epoch: this.#epoch, counter: this.#counter };
  }

  /** Only ever upwards. */
  moveTo(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#counter = 0;
  }
}
