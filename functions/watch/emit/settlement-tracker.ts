/** Tracks which devices have answered which snapshot. */
import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';

/** The result of one device for a snapshot, or of `map` alone. */
export interface Settlement {
  readonly revision: Revision;
  readonly device?: string | undefined;
  /** Every device that got the snapshot. */
  readonly devices: readonly string[];
}

/**
 * Tracks which devices have answered for the newest revision known to any of them. An answer may
 * arrive before the sender knows that it sent.
 */
export class SettlementTracker {
  #revision: Revision = { epoch: 0, counter: 0 };
  #waiting = new Set<string>();

  /**
   * Takes a result of a revision; older ones are ignored. A result without a device concerns all
   * devices.
   */
  add({ revision, device, devices }: Settlement): void {
    const order = compareRevisions(revision, this.#revision);
    if (order < 0) return;
    if (order > 0) {
      this.#revision = revision;
      this.#waiting = new Set(device === undefined ? [] : devices);
    }
    if (device === undefined) this.#waiting.clear();
    else this.#waiting.delete(device);
  }

  complete(revision: Revision): boolean {
    return compareRevisions(this.#revision, revision) >= 0 && this.#waiting.size === 0;
  }
}
