/** Walks values along their schema: lists their paths, compares, merges and removes. */
import { badRequest } from '../errors.ts';
import { equal, isFields } from '../fields.ts';
import type { FieldSchema } from '../resources/resource.ts';
import type { Fields } from '../types.ts';
import { type Path, PathSet, readable } from './paths.ts';

/** One field of an object, or one item of a list. */
export interface Part {
  readonly segment: string;
  readonly value: unknown;
  readonly schema: FieldSchema;
}

/** The parts of a granular map or list; undefined for a value that is written as a whole. */
export function partsOf(value: unknown, schema: FieldSchema): readonly Part[] | undefined {
  if (isFields(value) && !schema.atomic) {
    return Object.entries(value).map(([key, inner]) => ({
      segment: `f:${key}`,
      value: inner,
      schema: schema.fields?.[key] ?? {},
    }));
  }
  if (!Array.isArray(value)) return undefined;
  if (schema.list === 'set')
    return value.map((inner) => ({
      segment: `v:${JSON.stringify(inner)}`,
      value: inner,
      schema: { atomic: true },
    }));
  if (schema.list !== 'map' || !value.every(isFields)) return undefined;
  return value.map((item) => ({
    segment: keySegment(item, schema),
    value: item,
    schema: schema.items ?? {},
  }));
}

function keySegment(item: Fields, schema: FieldSchema): string {
  const keys = (schema.keys ?? []).map(
    (key) => [key, item[key] ?? schema.keyDefaults?.[key]] as const,
  );
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
}

/**
 * The leaves, and each list item. `containers` adds the maps and lists around them, because plain
 * updates own those too.
 */
export function pathsOf(
  value: unknown,
  schema: FieldSchema,
  options: { readonly at?: Path; readonly containers?: boolean } = {},
): PathSet {
  const { at = [], containers = false } = options;
  return new PathSet(pathsAt({ value, schema, at }, containers));
}

function* pathsAt(
  {
    value,
    schema,
    at,
  }: { readonly value: unknown; readonly schema: FieldSchema; readonly at: Path },
  containers: boolean,
): Generator<Path> {
  const parts = partsOf(value, schema) ?? [];
  const item = at.at(-1)?.startsWith('f:') === false;
  const container = containers && at.length > 1;
  if (at.length > 0 && (parts.length === 0 || item || container)) yield at;
  for (const part of parts)
    yield* pathsAt(
      { value: part.value, schema: part.schema, at: [...at, part.segment] },
      containers,
    );
}

/** A list may contain each key only once; checked before merging. */
export function refuseDuplicates(value: unknown, schema: FieldSchema, at: Path = []): void {
  const parts = partsOf(value, schema) ?? [];
  const seen = new Set<string>();
  for (const part of parts) {
    if (seen.has(part.segment)) {
      throw badRequest(
        `failed to create typed patch object: ${readable(at)}: duplicate entries for key ${readable([part.segment])}`,
      );
    }
    seen.add(part.segment);
    refuseDuplicates(part.value, part.schema, [...at, part.segment]);
  }
}

/** Paths of fields that differ. */
export interface Difference {
  readonly added: PathSet;
  readonly modified: PathSet;
  readonly removed: PathSet;
}

/** Atomic lists and maps differ as a whole. */
export function compare(before: unknown, after: unknown, schema: FieldSchema): Difference {
  const difference = { added: new PathSet(), modified: new PathSet(), removed: new PathSet() };
  compareAt({ before, after, schema, at: [] }, difference);
  return difference;
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly schema: FieldSchema;
  readonly at: Path;
}

function compareAt({ before, after, schema, at }: Pair, out: Difference): void {
  if (equal(before, after)) return;
  if (before === undefined)
    return collect(pathsOf(after, schema, { at, containers: true }), out.added);
  if (after === undefined)
    return collect(pathsOf(before, schema, { at, containers: true }), out.removed);
  const left = partsOf(before, schema);
  const right = partsOf(after, schema);
  if (left === undefined || right === undefined || Array.isArray(before) !== Array.isArray(after)) {
    out.modified.add(at);
    return;
  }
  for (const pair of paired(left, right)) compareAt({ ...pair, at: [...at, pair.segment] }, out);
}

function paired(
  left: readonly Part[],
  right: readonly Part[],
): readonly { segment: string; before: unknown; after: unknown; schema: FieldSchema }[] {
  const old = new Map(left.map((part) => [part.segment, part]));
  const fresh = new Map(right.map((part) => [part.segment, part]));
  return [...new Set([...old.keys(), ...fresh.keys()])].map((segment) => {
    const [before, after] = [old.get(segment), fresh.get(segment)];
    return {
      segment,
      before: before?.value,
      after: after?.value,
      schema: after?.schema ?? before?.schema ?? {},
    };
  });
}

function collect(from: PathSet, into: PathSet): void {
  for (const path of from) into.add(path);
}

/**
 * Server-side apply to the live value: applied fields win, everything else stays, and new list
 * items are appended.
 */
export function mergeValues(live: unknown, applied: unknown, schema: FieldSchema): unknown {
  if (isFields(live) && isFields(applied) && !schema.atomic) {
    const merged = Object.entries(applied).map(
      ([key, value]) => [key, mergeValues(live[key], value, schema.fields?.[key] ?? {})] as const,
    );
    return { ...live, ...Object.fromEntries(merged) };
  }
  const before = Array.isArray(live) ? partsOf(live, schema) : undefined;
  const after = Array.isArray(applied) ? partsOf(applied, schema) : undefined;
  if (!before || !after) return applied;
  const incoming = new Map(after.map((part) => [part.segment, part.value]));
  const known = new Set(before.map((part) => part.segment));
  const kept = before.map((part) =>
    incoming.has(part.segment)
      ? mergeValues(part.value, incoming.get(part.segment), part.schema)
      : part.value,
  );
  return [...kept, ...after.filter((part) => !known.has(part.segment)).map((part) => part.value)];
}

/**
 * Removes the value at the path, and maps and lists that become empty, unless another manager owns
 * them.
 */
export function removeAt(
  value: unknown,
  schema: FieldSchema,
  path: Path,
  keep: (path: Path) => boolean = () => false,
): unknown {
  return removeInner({ value, schema, at: [] }, path, keep);
}

function removeInner(
  here: { readonly value: unknown; readonly schema: FieldSchema; readonly at: Path },
  path: Path,
  keep: (path: Path) => boolean,
): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return undefined;
  const parts = partsOf(here.value, here.schema);
  if (!parts?.some((part) => part.segment === segment)) return here.value;
  const at = [...here.at, segment];
  const next = parts
    .map((part) =>
      part.segment === segment
        ? {
            ...part,
            value: removeInner({ value: part.value, schema: part.schema, at }, rest, keep),
          }
        : part,
    )
    .filter((part) => part.value !== undefined);
  if (next.length === 0 && here.at.length > 0 && !keep(here.at)) return undefined;
  if (Array.isArray(here.value)) return next.map((part) => part.value);
  return Object.fromEntries(next.map((part) => [part.segment.slice(2), part.value]));
}
