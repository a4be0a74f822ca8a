/** Sets of field paths, and their form in `managedFields` (FieldsV1). */
import { isFields } from '../fields.ts';
import type { Fields } from '../types.ts';

/**
 * Path segments in the form of FieldsV1: `f:name`, `k:{"port":80,"protocol":"TCP"}`, `v:"text"`.
 */
export type Path = readonly string[];

const SEPARATOR = '\u0000';

/** A set of paths; a path is a list of segments in the form of FieldsV1. */
export class PathSet {
  /** By their segments as one text, which is made once for each path. */
  readonly #paths = new Map<string, Path>();

  constructor(paths: Iterable<Path> = []) {
    for (const path of paths) this.add(path);
  }

  static #of(paths: Iterable<readonly [string, Path]>): PathSet {
    const set = new PathSet();
    for (const [key, path] of paths) set.#paths.set(key, path);
    return set;
  }

  add(path: Path): this {
    this.#paths.set(path.join(SEPARATOR), path);
    return this;
  }

  has(path: Path): boolean {
    return this.#paths.has(path.join(SEPARATOR));
  }

  get size(): number {
    return this.#paths.size;
  }

  [Symbol.iterator](): IterableIterator<Path> {
    return this.#paths.values();
  }

  /** Whether the set contains the path or a path below it. */
  reaches(path: Path): boolean {
    const key = path.join(SEPARATOR);
    return (
      this.#paths.has(key) ||
      [...this.#paths.keys()].some((other) => other.startsWith(key + SEPARATOR))
    );
  }

  union(other: PathSet): PathSet {
    return PathSet.#of([...this.#paths, ...other.#paths]);
  }

  minus(other: PathSet): PathSet {
    return PathSet.#of([...this.#paths].filter(([key]) => !other.#paths.has(key)));
  }

  intersect(other: PathSet): PathSet {
    return PathSet.#of([...this.#paths].filter(([key]) => other.#paths.has(key)));
  }

  filter(keep: (path: Path) => boolean): PathSet {
    return PathSet.#of([...this.#paths].filter(([, path]) => keep(path)));
  }
}

/** As FieldsV1. */
export function encode(set: PathSet): Fields {
  const root: Fields = {};
  for (const path of set) {
    let node = root;
    for (const segment of path) {
      const inner = node[segment];
      node = isFields(inner) ? inner : (node[segment] = {});
    }
    node['.'] = {};
  }
  return leavesBare(root);
}

/** An item without anything below it is written as `{}`, without the dot. */
function leavesBare(node: Fields): Fields {
  const keys = Object.keys(node);
  if (keys.length === 1 && keys[0] === '.') return {};
  return Object.fromEntries(
    keys.sort().map((key) => [key, key === '.' ? {} : leavesBare(node[key] as Fields)]),
  );
}

/** From FieldsV1. */
export function decode(fields: Fields): PathSet {
  return new PathSet(pathsIn(fields, []));
}

function* pathsIn(fields: Fields, at: Path): Generator<Path> {
  for (const [key, value] of Object.entries(fields)) {
    if (key === '.') yield at;
    else if (isFields(value) && Object.keys(value).length > 0) yield* pathsIn(value, [...at, key]);
    else yield [...at, key];
  }
}

/** The form of a path in conflict messages: `.spec.ports[port=80,protocol="TCP"].name`. */
export function readable(path: Path): string {
  return path.map(readableSegment).join('');
}

function readableSegment(segment: string): string {
  const rest = segment.slice(2);
  if (segment.startsWith('f:')) return `.${rest}`;
  if (segment.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Fields);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}
