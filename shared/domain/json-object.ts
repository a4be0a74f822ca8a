/** A parsed JSON object whose content was not validated. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object; arrays and null are not. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
