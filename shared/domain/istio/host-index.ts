/** Finds items with overlapping hosts without comparing every pair. */

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [item]);
  else there.push(item);
}

/** For `a.b.com`: `.b.com` and `.com`; for `.b.com`, itself as well. */
function suffixes(host: string): string[] {
  const found: string[] = [];
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1))
    found.push(host.slice(dot));
  return found;
}

/** Positions of items by host. */
class Places {
  readonly #exact = new Map<string, number[]>();
  /** `*.b.com` under `.b.com`. */
  readonly #wild = new Map<string, number[]>();
  /** All hosts, including wildcards, under each suffix that a wildcard could match. */
  readonly #under = new Map<string, number[]>();
  /** `*`, and wildcards that do not end at a dot: always candidates. */
  readonly #always: number[] = [];

  /**
   * Adds a host by its place in a list. A star that is not a whole label may cover any host, so
   * such a host is compared with all.
   */
  add(place: number, host: string): void {
    if (host.startsWith('*') && !host.startsWith('*.')) {
      this.#always.push(place);
      return;
    }
    const name = host.replace(/^\*/, '');
    push(host === name ? this.#exact : this.#wild, name, place);
    for (const suffix of suffixes(name)) push(this.#under, suffix, place);
  }

  /**
   * Places of the hosts that may overlap with this one, with duplicates: equal ones, wildcards
   * above it, and for a wildcard those under it.
   */
  overlapping(host: string): number[] {
    const name = host.replace(/^\*/, '');
    const same = (host === name ? this.#exact : this.#under).get(name) ?? [];
    return [
      ...this.#always,
      ...same,
      ...suffixes(name).flatMap((suffix) => this.#wild.get(suffix) ?? []),
    ];
  }
}

/** Up to this number, a linear scan is faster than an index. */
const MAX_SCANNED = 8;

/**
 * Items by their hosts. A lookup returns the items whose hosts overlap with the given ones, with
 * wildcards on either side.
 */
export class HostIndex<T> {
  readonly #all: T[] = [];
  readonly #hosts: (readonly string[])[] = [];
  #places: Places | undefined;

  /**
   * Add all items, in the order in which {@link candidates} should return them, before the first
   * query.
   */
  add(item: T, hosts: readonly string[]): void {
    this.#all.push(item);
    this.#hosts.push(hosts);
  }

  #index(): Places {
    const places = new Places();
    this.#hosts.forEach((hosts, place) => hosts.forEach((host) => places.add(place, host)));
    return places;
  }

  /** A superset of the items that overlap with one of the hosts, in order. */
  candidates(hosts: readonly string[]): readonly T[] {
    if (
      this.#all.length <= MAX_SCANNED ||
      hosts.some((host) => host.startsWith('*') && !host.startsWith('*.'))
    )
      return this.#all;
    const places = (this.#places ??= this.#index());
    const found = new Set(hosts.flatMap((host) => places.overlapping(host)));
    return [...found].sort((a, b) => a - b).flatMap((place) => this.#all[place] ?? []);
  }
}
