/** The key of an object, and any number of groups. */
export interface IndexFunctions<T> {
  readonly key: (object: T) => string;
  readonly groups: (object: T) => readonly string[];
}

/**
 * An index of objects of one kind by key and group. Its content depends only on the objects, never
 * on the order of updates.
 */
export class Indexer<T> {
  readonly #places: IndexFunctions<T>;
  readonly #objects = new Map<string, T>();
  /**
   * Most groups have one member and there are tens of thousands of groups, so a set is created only
   * for the second member.
   */
  readonly #members = new Map<string, string | Set<string>>();

  constructor(places: IndexFunctions<T>) {
    this.#places = places;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** With their keys. */
  all(): Iterable<readonly [string, T]> {
    return this.#objects;
  }

  names(): Iterable<string> {
    return this.#members.keys();
  }

  /** Any member of a group. */
  one(group: string): T | undefined {
    for (const [, object] of this.in(group)) return object;
    return undefined;
  }

  /** The members of a group with their keys. */
  *in(group: string): Generator<readonly [string, T]> {
    const members = this.#members.get(group) ?? [];
    for (const key of typeof members === 'string' ? [members] : members) {
      const object = this.#objects.get(key);
      if (object !== undefined) yield [key, object];
    }
  }

  /** Returns the previous object with this key. */
  put(object: T): T | undefined {
    const key = this.#places.key(object);
    const before = this.#objects.get(key);
    const groups = this.#places.groups(object);
    const old = before === undefined ? [] : this.#places.groups(before);
    for (const group of old) if (!groups.includes(group)) this.#leave(group, key);
    for (const group of groups) if (!old.includes(group)) this.#join(group, key);
    this.#objects.set(key, object);
    return before;
  }

  clear(): void {
    this.#objects.clear();
    this.#members.clear();
  }

  /**
   * Removes an object from all of its groups; returns the last known one, undefined if there was
   * none.
   */
  delete(object: T): T | undefined {
    const key = this.#places.key(object);
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    for (const group of this.#places.groups(before)) this.#leave(group, key);
    this.#objects.delete(key);
    return before;
  }

  #join(group: string, key: string): void {
    const members = this.#members.get(group);
    if (members === undefined || members === key) this.#members.set(group, key);
    else if (typeof members === 'string') this.#members.set(group, new Set([members, key]));
    else members.add(key);
  }

  #leave(group: string, key: string): void {
    const members = this.#members.get(group);
    if (typeof members === 'object') members.delete(key);
    if (members === key || (typeof members === 'object' && members.size === 0))
      this.#members.delete(group);
  }
}

/** Objects sorted by key, independent of the locale. */
export function sortedObjects<T>(found: Iterable<readonly [key: string, object: T]>): T[] {
  return [...found].sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, object]) => object);
}
