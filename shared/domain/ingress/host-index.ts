/** Finds what is under hosts that may overlap with given ones, without comparing every pair. */

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [item]);
  else there.push(item);
}

/** `.b.com` and `.com` of `a.b.com`; of `.b.com` itself, too. */
function suffixes(host: string): string[] {
  const found: string[] = [];
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) found.push(host.slice(dot));
  return found;
}

export class HostIndex<T> {
  readonly #all: T[] = [];
  readonly #rank = new Map<T, number>();
  readonly #exact = new Map<string, T[]>();
  /** `*.b.com` under `.b.com`. */
  readonly #wild = new Map<string, T[]>();
  /** Every host, wild or not, under each suffix that a wildcard could ask for. */
  readonly #under = new Map<string, T[]>();
  /** `*`, and wildcards that do not end at a dot: they are always candidates. */
  readonly #always: T[] = [];

  /** Items come in the order in which {@link candidates} is to give them. */
  add(item: T, hosts: readonly string[]): void {
    this.#rank.set(item, this.#all.length);
    this.#all.push(item);
    for (const host of hosts) this.#place(item, host);
  }

  #place(item: T, host: string): void {
    if (!host.startsWith('*')) push(this.#exact, host, item);
    else if (!host.startsWith('*.')) return void this.#always.push(item);
    const name = host.replace(/^\*/, '');
    if (host !== name) push(this.#wild, name, item);
    for (const suffix of suffixes(name)) push(this.#under, suffix, item);
  }

  #overlapping(host: string): readonly (readonly T[])[] {
    const name = host.replace(/^\*/, '');
    const wild = suffixes(name).map((suffix) => this.#wild.get(suffix) ?? []);
    return host === name ? [this.#exact.get(host) ?? [], ...wild] : [this.#under.get(name) ?? [], ...wild];
  }

  /** Everything that may overlap with one of the hosts, in order, and perhaps a little more. */
  candidates(hosts: readonly string[]): readonly T[] {
    if (hosts.some((host) => host.startsWith('*') && !host.startsWith('*.'))) return this.#all;
    const found = new Set([...this.#always, ...hosts.flatMap((host) => this.#overlapping(host).flat())]);
    return [...found].sort((a, b) => (this.#rank.get(a) ?? 0) - (this.#rank.get(b) ?? 0));
  }
}
