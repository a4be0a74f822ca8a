/** JSON that somebody wrote into an annotation or an F5 ConfigMap: looked at before it is parsed. */
import { excessOf, type JsonBounds } from '../json-bounds.ts';

/** A virtual server of F5's schema is nested 6 deep and has some 50 values; each health check adds 6. */
const SETTING_BOUNDS: JsonBounds = { depth: 32, values: 2_000, string: 64 * 1024 };

/** Characters of what somebody wrote that a sentence about it quotes. */
export const QUOTED = 200;
/** Of a sentence about it. */
export const LONGEST_PROBLEM = 1_000;

export function readJson(text: string): { readonly json: unknown } | { readonly problem: string } {
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
