/** A JSON object of unknown content. */
export type Json = Readonly<Record<string, unknown>>;

/** Lists and null are none. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The `class` of an object of AS3. */
export function classOf(value: unknown): string | undefined {
  return isObject(value) && typeof value['class'] === 'string' ? value['class'] : undefined;
}

/** The entries of an object that are objects of one AS3 class. */
export function ofClass(parent: Json, name: string): readonly (readonly [string, Json])[] {
  return Object.entries(parent).filter(
    (entry): entry is [string, Json] => classOf(entry[1]) === name,
  );
}

/** A shallow copy. */
export function withoutKeys(value: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

/** Formats a value for messages and names: text unchanged, anything else as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
