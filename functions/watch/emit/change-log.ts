import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';

/** Beyond this the oldest are forgotten: they only prove absences, and an inventory or a complete list proves them too. */
const MOST = 500;

/**
 * What was seen to change and is not yet known to have arrived. A change goes along with every snapshot until a result for one of them
 * came back: the proof of a deletion must not be lost with a lost message.
 */
export class ChangeLog {
  #entries = new Map<string, { readonly change: Change; readonly sent?: Revision }>();

  add(change: Change): void {
    const key = `${change.what} ${change.kind} ${change.namespace}/${change.name}`;
    this.#entries.delete(key);
    this.#entries.set(key, { change });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST && oldest !== undefined) this.#entries.delete(oldest);
  }

  list(): readonly Change[] {
    return [...this.#entries.values()].map((entry) => entry.change);
  }

  /** The listed changes went out with `revision`. */
  markSent(changes: readonly Change[], revision: Revision): void {
    const sent = new Set(changes);
    for (const [key, entry] of this.#entries) {
      if (sent.has(entry.change)) this.#entries.set(key, { change: entry.change, sent: revision });
    }
  }

  /** A result came back for `revision`. */
  settle(revision: Revision): void {
    for (const [key, entry] of this.#entries) {
      if (entry.sent !== undefined && compareRevisions(entry.sent, revision) <= 0)
        this.#entries.delete(key);
    }
  }

  /** They turned out to change nothing of the ingress. */
  dropUnsent(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.sent === undefined) this.#entries.delete(key);
    }
  }
}
