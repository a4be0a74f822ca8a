import { provesRemoval, type Change } from '../../../shared/domain/snapshot/snapshot.ts';
import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';

/** Of changes that prove nothing; beyond this the oldest are forgotten. */
const MOST = 500;
/**
 * Of proofs. Nobody has so many Gateways, and more than twice as many would not be read as one message: a snapshot that is refused for
 * its size is worse than removals that are held.
 */
const MOST_PROOFS = 50_000;

interface Entry {
  readonly change: Change;
  readonly sent?: Revision;
}

type Entries = Map<string, Entry>;

/**
 * What was seen to change and is not yet known to have arrived. A change goes along with every snapshot until a result for one of them
 * came back: the proof of a deletion must not be lost with a lost message, nor because much else changed in the meantime.
 */
export class ChangeLog {
  /** By object and kind of change; apart from the rest, which pods fill in no time. */
  readonly #proofs: Entries = new Map();
  readonly #others: Entries = new Map();

  add(change: Change): void {
    const proof = provesRemoval(change);
    const entries = proof ? this.#proofs : this.#others;
    const key = `${change.what} ${change.kind} ${change.namespace}/${change.name}`;
    entries.delete(key);
    entries.set(key, { change });
    const [oldest] = entries.keys();
    if (entries.size > (proof ? MOST_PROOFS : MOST) && oldest !== undefined) entries.delete(oldest);
  }

  list(): readonly Change[] {
    return this.#all().flatMap((entries) => [...entries.values()].map(({ change }) => change));
  }

  /** The listed changes went out with `revision`. */
  markSent(changes: readonly Change[], revision: Revision): void {
    const sent = new Set(changes);
    for (const entries of this.#all())
      for (const [key, { change }] of entries)
        if (sent.has(change)) entries.set(key, { change, sent: revision });
  }

  /** A result came back for `revision`. */
  settle(revision: Revision): void {
    this.#drop(({ sent }) => sent !== undefined && compareRevisions(sent, revision) <= 0);
  }

  /** They turned out to change nothing of the ingress. */
  dropUnsent(): void {
    this.#drop(({ sent }) => sent === undefined);
  }

  #all(): readonly Entries[] {
    return [this.#proofs, this.#others];
  }

  #drop(isOver: (entry: Entry) => boolean): void {
    for (const entries of this.#all())
      for (const [key, entry] of entries) if (isOver(entry)) entries.delete(key);
  }
}
