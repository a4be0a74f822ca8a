/** Tolerant parsing of raw API objects: invalid values become absent, never an error. */

import { isJsonObject, type JsonObject } from '../../domain/json-object.ts';
import { MAX_STRING_CHARACTERS } from '../../domain/json-bounds.ts';

/** The value if it is an object, otherwise an empty one. */
export function readRecord(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/**
 * Shared by all objects, because most have no annotations and few lists, and there are tens of
 * thousands.
 */
const NOTHING = Object.freeze<never[]>([]) as never[];
const NO_PAIRS: Record<string, string> = Object.freeze({});

/** The value if it is an array, otherwise an empty one. */
export function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects in an array; other items are dropped. */
export function readRecords(value: unknown): readonly JsonObject[] {
  return readList(value).filter(isJsonObject);
}

/** Characters of names, hosts and addresses; no valid one is as long, and messages quote them. */
const MAX_WORD_CHARACTERS = 4_096;

/** Event readers refuse longer strings, and one object must not block all others. */
function bounded(value: string, longest = MAX_WORD_CHARACTERS): string {
  return value.length <= longest ? value : value.slice(0, longest);
}

/** The value if it is text, cut to the maximum length. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? bounded(value) : undefined;
}

/** The texts in an array, each cut to the maximum length. */
export function readTexts(value: unknown): string[] {
  return compact(
    readList(value)
      .filter((item) => typeof item === 'string')
      .map((item) => bounded(item)),
  );
}

/**
 * A list that was built by appending has spare capacity of at least 16 entries; a cached one should
 * not.
 */
export function compact<T>(grown: readonly T[]): T[] {
  return grown.length === 0 ? NOTHING : grown.slice();
}

/** Finite numbers only, as in JSON. */
export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Values that YAML parses as numbers or booleans become strings. */
export function stringMap(value: unknown): Record<string, string> {
  const pairs = Object.entries(readRecord(value)).flatMap(([key, item]) =>
    typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'
      ? [[bounded(key), bounded(String(item), MAX_STRING_CHARACTERS)] as const]
      : [],
  );
  return pairs.length === 0 ? NO_PAIRS : Object.fromEntries(pairs);
}

/** Omits undefined fields. */
export function withoutUndefined<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
