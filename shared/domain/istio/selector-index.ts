/** Finds the items whose selector is a subset of some labels, without asking every item (istio-port-mapping.md §1.1, §1.2.1). */

type Labels = Readonly<Record<string, string>>;

/** `labels.Instance.SubsetOf`: every label of the selector is on the pod. */
export function isSubset(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

interface Entry<T> {
  readonly item: T;
  readonly rank: number;
  readonly selector: Labels;
}

export class SelectorIndex<T> {
  readonly #byLabel = new Map<string, Entry<T>[]>();
  readonly #unselective: T[] = [];
  readonly #keys = new Set<string>();

  /** `items` in the order in which {@link find} is to give them. */
  constructor(items: readonly T[], selectorOf: (item: T) => Labels) {
    items.forEach((item, rank) => this.#add({ item, rank, selector: selectorOf(item) }));
  }

  #add(entry: Entry<T>): void {
    const keys = Object.keys(entry.selector).sort();
    for (const key of keys) this.#keys.add(key);
    const [first] = keys;
    if (first === undefined) {
      this.#unselective.push(entry.item);
      return;
    }
    const label = `${first}=${entry.selector[first] ?? ''}`;
    const there = this.#byLabel.get(label);
    if (there === undefined) this.#byLabel.set(label, [entry]);
    else there.push(entry);
  }

  /** Items with a selector, all of which is among `labels`. */
  find(labels: Labels): T[] {
    const found: Entry<T>[] = [];
    for (const key in labels) {
      if (!this.#keys.has(key)) continue;
      for (const entry of this.#byLabel.get(`${key}=${labels[key] ?? ''}`) ?? [])
        if (isSubset(entry.selector, labels)) found.push(entry);
    }
    return found.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
  }

  /** Items without a selector. */
  get unselective(): readonly T[] {
    return this.#unselective;
  }

  /** The label keys that any selector asks for: pods that agree on them are alike. */
  get keys(): ReadonlySet<string> {
    return this.#keys;
  }
}
