/** Finds what is under hosts that may overlap with given ones, without comparing every pair. */

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [item]);
  else there.push(item);
}

/** `.b.com` and `.com` of `a.b.com`; of `.b.com` itself, too. */
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
  /** Every host, wild or not, under each suffix that a wildcard could ask for. */
  readonly #under = new Map<string, number[]>();
  /** `*`, and wildcards that do not end at a dot: they are always candidates. */
  readonly #always: number[] = [];

  add(place: number, host: string): void {
    if (host.startsWith('*') && !host.startsWith('*.')) {
      this.#always.push(place);
      return;
    }
    const name = host.replace(/^\*/, '');
    push(host === name ? this.#exact : this.#wild, name, place);
    for (const suffix of suffixes(name)) push(this.#under, suffix, place);
  }

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

/** As many are looked through faster than an index is made. */
const FEW = 8;

export class HostIndex<T> {
  readonly #all: T[] = [];
  readonly #hosts: (readonly string[])[] = [];
  #places: Places | undefined;

  /** Items come in the order in which {@link candidates} is to give them, all before the first question. */
  add(item: T, hosts: readonly string[]): void {
    this.#all.push(item);
    this.#hosts.push(hosts);
  }

  #index(): Places {
    const places = new Places();
    this.#hosts.forEach((hosts, place) => hosts.forEach((host) => places.add(place, host)));
    return places;
  }

  /** Everything that may overlap with one of the hosts, in order, and perhaps a little more. */
  candidates(hosts: readonly string[]): readonly T[] {
    if (
      this.#all.length <= FEW ||
      hosts.some((host) => host.startsWith('*') && !host.startsWith('*.'))
    )
      return this.#all;
    const places = (this.#places ??= this.#index());
    const found = new Set(hosts.flatMap((host) => places.overlapping(host)));
    return [...found].sort((a, b) => a - b).flatMap((place) => this.#all[place] ?? []);
  }
}
