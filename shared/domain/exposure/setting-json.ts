/** JSON in annotations and F5 ConfigMaps, checked against limits before parsing. */
import { excessOf, type JsonBounds } from '../json-bounds.ts';

/** An F5 virtual server has 6 levels of nesting and about 50 values; each health check adds 6. */
const SETTING_BOUNDS: JsonBounds = { depth: 32, values: 2_000, string: 64 * 1024 };

/** Maximum number of quoted characters of user input. */
export const MAX_QUOTED_CHARACTERS = 200;
/** Maximum number of characters of a problem description. */
export const MAX_PROBLEM_CHARACTERS = 1_000;

/**
 * Parses JSON that users write. Checks depth, number of values and length before it parses, because
 * a recursive parser fails on deeply nested text.
 */
export function readSettingJson(
  text: string,
): { readonly json: unknown } | { readonly problem: string } {
  const excess = excessOf(text, SETTING_BOUNDS);
  if (excess !== undefined) return { problem: `exceeds a parsing limit: ${excess}` };
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return {
      problem: `is not valid JSON (${error instanceof Error ? error.message : String(error)})`,
    };
  }
}
