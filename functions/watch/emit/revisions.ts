/** Numbers the snapshots of an ingress within the epoch of its leader. */
import type { Revision } from '../../../shared/domain/revision.ts';

/** One counter for all events of a watcher within its epoch. */
export class Revisions {
  #epoch: number;
  #counter = 0;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The newest revision so far. */
  get newest(): Revision {
    return { epoch: this.#epoch, counter: this.#counter };
  }

  next(): Revision {
    this.#counter += 1;
    return { epoch: this.#epoch, counter: this.#counter };
  }

  /** Never goes backwards. */
  moveTo(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#counter = 0;
  }
}
