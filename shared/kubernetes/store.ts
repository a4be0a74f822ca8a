/** The objects of one stream, and the changes between two versions. */
import { objectKey, type RawObject } from './object.ts';

/** An observed change. `object` is the newest state; for a deletion the last known one. */
export interface StreamChange<T> {
  readonly what: 'added' | 'updated' | 'deleted';
  /** Empty for kinds without namespaces. */
  readonly namespace: string;
  readonly name: string;
  /** Opaque; of a deletion that a list shows, the last known one. */
  readonly resourceVersion: string;
  readonly object: T;
}

interface Entry<T> {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly object: T;
}

/**
 * The objects of one kind. An object that was deleted and created again under the same name is two
 * changes, even if both happened unobserved; only the UID shows this.
 */
export class ObjectStore<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #emit: (change: StreamChange<T>) => void;

  constructor(emit: (change: StreamChange<T>) => void) {
    this.#emit = emit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#entries.get(objectKey({ namespace, name }))?.object;
  }

  *values(): Generator<T> {
    for (const entry of this.#entries.values()) yield entry.object;
  }

  /** Emits nothing if UID and version are known. Returns the key of the object. */
  put(raw: RawObject, object: T): string {
    const { namespace = '', name, uid = '', resourceVersion = '' } = raw.metadata;
    const key = objectKey(raw.metadata);
    const known = this.#entries.get(key);
    const entry = { uid, namespace, name, resourceVersion, object };
    if (known?.uid === uid && known.resourceVersion === resourceVersion) return key;
    if (known !== undefined && known.uid !== uid)
      this.#emit({ ...changeOf(known), what: 'deleted' });
    this.#entries.set(key, entry);
    this.#emit({ ...changeOf(entry), what: known?.uid === uid ? 'updated' : 'added' });
    return key;
  }

  /**
   * An unknown key is no change. `resourceVersion`: that of the deletion itself, if a watch told
   * it.
   */
  delete(key: string, resourceVersion?: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.#entries.delete(key);
    this.#emit({
      ...changeOf(known),
      what: 'deleted',
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    });
  }

  /** After a complete list: objects that were not listed are gone. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#entries.keys()) {
      if (!keys.has(key)) this.delete(key);
    }
  }
}

function changeOf<T>(entry: Entry<T>): Omit<StreamChange<T>, 'what'> {
  const { namespace, name, resourceVersion, object } = entry;
  return { namespace, name, resourceVersion, object };
}
