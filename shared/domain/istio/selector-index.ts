/**
 * Finds the items whose selector is a subset of given labels without scanning all items
 * (istio-port-mapping.md §1.1, §1.2.1).
 */

type Labels = Readonly<Record<string, string>>;

/** `labels.Instance.SubsetOf`: the pod has every label of the selector. */
export function isSubset(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

interface Entry<T> {
  readonly item: T;
  readonly rank: number;
  readonly selector: Labels;
}

/**
 * Items by the first label of their selectors, in alphabetical order. Results keep the order in
 * which the items were given.
 */
export class SelectorIndex<T> {
  readonly #byLabel = new Map<string, Entry<T>[]>();
  readonly #unselective: T[] = [];
  readonly #keys = new Set<string>();

  /** `items` in the order in which {@link find} should return them. */
  constructor(items: readonly T[], selectorOf: (item: T) => Labels) {
    items.forEach((item, rank) => this.#add({ item, rank, selector: selectorOf(item) }));
  }

  /**
   * Adds an entry under one of its labels: an object without that label cannot match the selector.
   * Selectors without labels match everything.
   */
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

  /** Items with a selector that is a subset of `labels`. */
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

  /** The label keys used by any selector: pods with equal values for them are equivalent. */
  get keys(): ReadonlySet<string> {
    return this.#keys;
  }
}
