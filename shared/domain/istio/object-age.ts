/** The order of objects by age, as Istio resolves conflicts. */
import type { Meta } from '../snapshot/objects.ts';

/** `namespace/name` */
export function namespacedName(meta: Pick<Meta, 'namespace' | 'name'>): string {
  return `${meta.namespace}/${meta.name}`;
}

/** By code units, so that the result does not depend on the locale. */
export function compareByCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Milliseconds since 1970; an object without a timestamp (a file that was never applied) counts as
 * oldest, like Go's zero time.
 */
export function creationTime(meta: Pick<Meta, 'created'>): number {
  const at = Date.parse(meta.created);
  return Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
}

function compareNumbers(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * An object with its age in milliseconds since 1970, and the texts that decide between equal ages.
 */
interface Aged<T> {
  readonly item: T;
  readonly at: number;
  readonly ties: readonly [string, string];
}

/** By age, then by the ties, as istiod sorts: by code units, not by the rules of a language. */
function compareAged<T>(a: Aged<T>, b: Aged<T>): number {
  return (
    compareNumbers(a.at, b.at) ||
    compareByCodeUnits(a.ties[0], b.ties[0]) ||
    compareByCodeUnits(a.ties[1], b.ties[1])
  );
}

/**
 * Oldest first, then by `ties`: name and namespace for configuration (istio-port-mapping.md §1.7),
 * the host name for Services (§1.2.4).
 */
export function sortByAge<T>(
  items: readonly T[],
  meta: (item: T) => Meta,
  ties?: (item: T) => readonly [string, string],
): T[] {
  const aged = items.map((item): Aged<T> => {
    const of = meta(item);
    return { item, at: creationTime(of), ties: ties?.(item) ?? [of.name, of.namespace] };
  });
  return aged.sort(compareAged).map(({ item }) => item);
}
