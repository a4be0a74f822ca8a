/** Duplicate objects: the result in a cluster would depend on the order of applying. */

/** An object in a file, with its location. */
export interface PlacedObject {
  readonly object: unknown;
  /** `file:line`; computed only if needed. */
  place(): string;
}

/** The fields that identify an object, before they are checked. */
interface Identified {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null;
}

/** By group without version, because a cluster keeps one object for all versions of its kind. */
function identityOf(object: unknown): string | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  const { apiVersion, kind, metadata } = object as Identified;
  const name = metadata?.name;
  if (typeof name !== 'string') return undefined;
  const version = String(apiVersion);
  const group = version.includes('/') ? version.slice(0, version.indexOf('/')) : '';
  return JSON.stringify([group, kind, metadata?.namespace ?? '', name]);
}

/** Kind and name for messages, such as `Service team/web`. */
function wordsOf(object: unknown): string {
  const { kind, metadata } = object as Identified;
  const { namespace, name } = metadata ?? {};
  const place = typeof namespace === 'string' ? `${namespace}/` : '';
  return `${String(kind)} ${place}${String(name)}`;
}

/** Maximum number of duplicates reported individually. */
const MAX_REPORTED_PAIRS = 10;

/** Throws if an object is defined more than once. `remedy`: what to do then. */
export function refuseSame(objects: readonly PlacedObject[], remedy: string): void {
  const pairs = repeated(objects);
  const [first] = pairs;
  if (first === undefined) return;
  const lines = pairs
    .slice(0, MAX_REPORTED_PAIRS)
    .map(([earlier, later]) => `${wordsOf(later.object)}: ${earlier.place()} and ${later.place()}`);
  const more =
    pairs.length > MAX_REPORTED_PAIRS ? [`and ${pairs.length - MAX_REPORTED_PAIRS} more`] : [];
  throw new Error([`the same object is defined twice; ${remedy}`, ...lines, ...more].join('\n'));
}

/**
 * The last definition of each object, at the position of the first, and descriptions of the
 * replaced ones.
 */
export function lastOfSame(objects: readonly PlacedObject[]): {
  readonly objects: readonly PlacedObject[];
  readonly replaced: readonly string[];
} {
  const last = new Map<unknown, PlacedObject>();
  for (const placed of objects) last.set(identityOf(placed.object) ?? placed, placed);
  return {
    objects: [...last.values()],
    replaced: repeated(objects).map(
      ([earlier, later]) =>
        `${wordsOf(later.object)} of ${later.place()} replaces the one of ${earlier.place()}`,
    ),
  };
}

/** Each duplicate with the definition before it. */
function repeated(
  objects: readonly PlacedObject[],
): readonly (readonly [PlacedObject, PlacedObject])[] {
  const before = new Map<string, PlacedObject>();
  return objects.flatMap((placed) => {
    const identity = identityOf(placed.object);
    if (identity === undefined) return [];
    const earlier = before.get(identity);
    before.set(identity, placed);
    return earlier === undefined ? [] : [[earlier, placed] as const];
  });
}
