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
  readonly #paths = new Map<string, Path>();

  constructor(paths: Iterable<Path> = []) {
    for (const path of paths) this.add(path);
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
    return new PathSet([...this, ...other]);
  }

  minus(other: PathSet): PathSet {
    return this.filter((path) => !other.has(path));
  }

  intersect(other: PathSet): PathSet {
    return this.filter((path) => other.has(path));
  }

  filter(keep: (path: Path) => boolean): PathSet {
    return new PathSet([...this].filter(keep));
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
export function decode(fields: Fields, at: Path = []): PathSet {
  const set = new PathSet();
  for (const [key, value] of Object.entries(fields)) {
    if (key === '.') set.add(at);
    else if (isFields(value) && Object.keys(value).length > 0)
      for (const path of decode(value, [...at, key])) set.add(path);
    else set.add([...at, key]);
  }
  return set;
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
