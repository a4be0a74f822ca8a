/** Careful reading of raw API objects: whatever is not as it should be becomes nothing, never an error. */

import { LONGEST_STRING } from '../../domain/json-bounds.ts';

export type Raw = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readRecord(value: unknown): Raw {
  return isRecord(value) ? value : {};
}

/** Most objects have no annotations and few lists, and there are tens of thousands of objects: they share these. */
const NOTHING = Object.freeze<never[]>([]) as never[];
const NO_PAIRS: Record<string, string> = Object.freeze({});

export function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function readRecords(value: unknown): readonly Raw[] {
  return readList(value).filter(isRecord);
}

/** Names, hosts, addresses: none that means anything is so long, and sentences quote them. */
const LONGEST_WORD = 4_096;

/** Whoever reads events takes no longer strings, and one object may not keep all the others from being read. */
function bounded(value: string, longest = LONGEST_WORD): string {
  return value.length <= longest ? value : value.slice(0, longest);
}

export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? bounded(value) : undefined;
}

export function readTexts(value: unknown): string[] {
  return compact(
    readList(value)
      .filter((item) => typeof item === 'string')
      .map((item) => bounded(item)),
  );
}

/** A list that grew has room for more, 16 places at least; one that is kept must not. */
export function compact<T>(grown: readonly T[]): T[] {
  return grown.length === 0 ? NOTHING : grown.slice();
}

/** Finite numbers only: JSON knows no others. */
export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Values that YAML reads as numbers or booleans are taken as written. */
export function stringMap(value: unknown): Record<string, string> {
  const pairs = Object.entries(readRecord(value)).flatMap(([key, item]) =>
    typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'
      ? [[bounded(key), bounded(String(item), LONGEST_STRING)] as const]
      : [],
  );
  return pairs.length === 0 ? NO_PAIRS : Object.fromEntries(pairs);
}

/** Leaves out what is undefined, so that absent stays absent. */
export function withoutUndefined<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
