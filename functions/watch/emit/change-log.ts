/** Remembers changes until a result confirms the snapshot that reported them. */
import { provesRemoval, type Change } from '../../../shared/domain/snapshot/snapshot.ts';
import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';

/** Maximum number of changes that prove nothing; the oldest are dropped. */
const MAX_CHANGES = 500;
/**
 * Maximum number of proofs of removals. No cluster has so many Gateways. With more than twice as
 * many, a snapshot would exceed the size of a message, and a refused snapshot is worse than held
 * removals.
 */
const MAX_PROOFS = 50_000;

/** A change, with the revision that reported it last; absent until it was sent. */
interface Entry {
  readonly change: Change;
  readonly sent?: Revision;
}

type Entries = Map<string, Entry>;

/**
 * Observed changes that are not confirmed yet. Each snapshot contains them until a result for one
 * of these snapshots arrives, because the proof of a deletion must survive a lost message and many
 * other changes.
 */
export class ChangeLog {
  /** By object and kind of change; separate, because changes of pods are numerous. */
  readonly #proofs: Entries = new Map();
  readonly #others: Entries = new Map();

  /**
   * Adds a change; of equal changes only the newest stays. Changes that prove removals have a limit
   * of their own, so that other changes never displace them.
   */
  add(change: Change): void {
    const proof = provesRemoval(change);
    const entries = proof ? this.#proofs : this.#others;
    const key = `${change.what} ${change.kind} ${change.namespace}/${change.name}`;
    entries.delete(key);
    entries.set(key, { change });
    const [oldest] = entries.keys();
    if (entries.size > (proof ? MAX_PROOFS : MAX_CHANGES) && oldest !== undefined)
      entries.delete(oldest);
  }

  list(): readonly Change[] {
    return this.#all().flatMap((entries) => [...entries.values()].map(({ change }) => change));
  }

  /** Number of changes that no snapshot reported yet. */
  get unsent(): number {
    const all = this.#all().flatMap((entries) => [...entries.values()]);
    return all.filter(({ sent }) => sent === undefined).length;
  }

  /** The listed changes were sent with `revision`. */
  markSent(changes: readonly Change[], revision: Revision): void {
    const sent = new Set(changes);
    for (const entries of this.#all())
      for (const [key, { change }] of entries)
        if (sent.has(change)) entries.set(key, { change, sent: revision });
  }

  /** A result for `revision` arrived. */
  settle(revision: Revision): void {
    this.#drop(({ sent }) => sent !== undefined && compareRevisions(sent, revision) <= 0);
  }

  /** The changes turned out not to affect the ingress. */
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
