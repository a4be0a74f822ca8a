/**
 * Finds the revision since which every snapshot was settled, which lets fences wait (decision 62).
 */
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';

/** Snapshots whose answers are awaited; beyond this number, the oldest count as unanswered. */
const MAX_OPEN = 100;

/**
 * The snapshots of one ingress that were settled without anything left to do. Only if there was no
 * other snapshot in between may a device keep an older version as its fence: a replay of the other
 * one would pass it.
 */
export class SettledRun {
  /** Nothing at or before it is known. */
  #broken: Revision = { epoch: 0, counter: 0 };
  /** Not answered yet, oldest first; the devices that answered, once one did. */
  readonly #open = new Map<string, { readonly revision: Revision; waiting?: Set<string> }>();

  /**
   * A snapshot is about to be sent. Returns the revision after which every earlier one was settled
   * as applied or unchanged on every device.
   */
  next(revision: Revision): Revision {
    // A term knows nothing of the ones before it.
    this.broke({ epoch: revision.epoch, counter: 0 });
    const since = [...this.#open.values()].reduce(
      (newest, one) => later(newest, one.revision),
      this.#broken,
    );
    this.#open.set(keyOf(revision), { revision });
    const [oldest] = this.#open.values();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.broke(oldest.revision);
    return since;
  }

  /** An event at this revision may have had another result, or other content. */
  broke(revision: Revision): void {
    this.#broken = later(this.#broken, revision);
    for (const [key, one] of this.#open)
      if (compareRevisions(one.revision, this.#broken) <= 0) this.#open.delete(key);
  }

  /** A result of one device. */
  settled({ version, device, devices, exposures, supersededBy }: SettledAnswer): void {
    const isClean = exposures.every(
      ({ outcome }) => outcome === 'applied' || outcome === 'unchanged',
    );
    if (!isClean || supersededBy !== undefined || device === undefined) return this.broke(version);
    const one = this.#open.get(keyOf(version));
    if (one === undefined) return;
    one.waiting ??= new Set(devices);
    one.waiting.delete(device);
    if (one.waiting.size === 0) this.#open.delete(keyOf(version));
  }
}

type SettledAnswer = Pick<Settled, 'version' | 'device' | 'devices' | 'exposures' | 'supersededBy'>;

function keyOf({ epoch, counter }: Revision): string {
  return `${epoch}.${counter}`;
}

function later(a: Revision, b: Revision): Revision {
  const { epoch, counter } = compareRevisions(a, b) >= 0 ? a : b;
  return { epoch, counter };
}
