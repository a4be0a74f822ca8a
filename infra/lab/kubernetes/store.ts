/**
 * Objects with their history and one revision counter for all, as in etcd. Stored objects are never
 * modified in place.
 */
import { expired } from './errors.ts';
import type { EventType, KubernetesObject } from './types.ts';

/** One write. `previous` is absent for a new object. */
export interface StoreChange {
  readonly revision: number;
  readonly type: EventType;
  readonly storage: string;
  readonly object: KubernetesObject;
  readonly previous?: KubernetesObject;
}

/** What a list or watch covers: one kind, in one namespace or in all. */
export interface StorePlace {
  readonly storage: string;
  readonly namespace?: string;
}

/** Long enough for any reconnect, and short enough for a lab that runs for days. */
const MAX_HISTORY_EVENTS = 20_000;
/** The number of writes by other components before the lab's first object. */
const FIRST_REVISION = 300;

/** `namespace/name`; the order of lists. */
export function keyOf(object: KubernetesObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Order of objects in lists and pages, the same at every revision. */
function byKey(left: KubernetesObject, right: KubernetesObject): number {
  return keyOf(left) < keyOf(right) ? -1 : 1;
}

function within(place: StorePlace, object: KubernetesObject): boolean {
  return place.namespace === undefined || object.metadata.namespace === place.namespace;
}

/** Synchronous, so each write is a step of its own. */
export class VersionedStore {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  readonly #lastOf = new Map<string, number>();
  #progress = 0;
  #history: StoreChange[] = [];
  /**
   * As in a cluster that has run for a while: a watch from the very beginning is refused as too
   * old.
   */
  #revision = FIRST_REVISION;
  #compacted = FIRST_REVISION;

  get revision(): number {
    return this.#revision;
  }

  get(storage: string, namespace: string | undefined, name: string): KubernetesObject | undefined {
    return this.#objects.get(storage)?.get(`${namespace ?? ''}/${name}`);
  }

  list(place: StorePlace): readonly KubernetesObject[] {
    const all = [...(this.#objects.get(place.storage)?.values() ?? [])];
    return all.filter((object) => within(place, object)).sort(byKey);
  }

  /** The list at a revision, computed by undoing later changes. */
  listAt(place: StorePlace, revision: number): readonly KubernetesObject[] {
    const state = new Map(this.list(place).map((object) => [keyOf(object), object]));
    for (const change of this.since(place, revision).toReversed()) {
      if (change.previous) state.set(keyOf(change.object), change.previous);
      else state.delete(keyOf(change.object));
    }
    return [...state.values()].sort(byKey);
  }

  /** The changes after a revision; throws 410 if they are no longer stored. */
  since(place: StorePlace, revision: number): readonly StoreChange[] {
    if (revision < this.#compacted)
      throw expired(`too old resource version: ${revision} (${this.#compacted})`);
    return this.#history.filter(
      (change) =>
        change.revision > revision &&
        change.storage === place.storage &&
        within(place, change.object),
    );
  }

  /** Stores a new or changed object and assigns its resourceVersion. */
  put(storage: string, object: KubernetesObject): KubernetesObject {
    const previous = this.get(storage, object.metadata.namespace, object.metadata.name);
    const stored = this.#stamped(object);
    const table = this.#objects.get(storage) ?? new Map<string, KubernetesObject>();
    this.#objects.set(storage, table.set(keyOf(stored), stored));
    this.#record({
      revision: this.#revision,
      type: previous ? 'MODIFIED' : 'ADDED',
      storage,
      object: stored,
      ...(previous && { previous }),
    });
    return stored;
  }

  remove(storage: string, object: KubernetesObject): KubernetesObject {
    const stored = this.#stamped(object);
    this.#objects.get(storage)?.delete(keyOf(object));
    this.#record({
      revision: this.#revision,
      type: 'DELETED',
      storage,
      object: stored,
      previous: object,
    });
    return stored;
  }

  /** Discards the history: watches and pages that start before now get 410. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  /** Etcd reports its progress for all kinds, including those without changes. */
  progress(): void {
    this.#progress = this.#revision;
  }

  /** The revision of the watch cache of a kind: its last change, or etcd's last progress report. */
  known(storage: string): number {
    return Math.max(this.#progress, this.#lastOf.get(storage) ?? 0);
  }

  listen(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #stamped(object: KubernetesObject): KubernetesObject {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  #record(change: StoreChange): void {
    this.#history.push(change);
    this.#lastOf.set(change.storage, change.revision);
    if (this.#history.length > MAX_HISTORY_EVENTS) {
      const dropped = this.#history.splice(0, MAX_HISTORY_EVENTS / 2);
      this.#compacted = dropped.at(-1)?.revision ?? this.#compacted;
    }
    for (const listener of this.#listeners) listener(change);
  }
}
