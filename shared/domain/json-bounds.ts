/**
 * Limits on JSON text before parsing: nesting and number of values determine the cost, not the
 * length.
 */

/** Limits of one kind of text. docs/architecture.md lists them with their reasons. */
export interface JsonBounds {
  /** Nesting of arrays and objects. */
  readonly depth: number;
  /** Number of arrays, objects and their contents. */
  readonly values: number;
  /** Characters of one string or name, counted after unescaping. */
  readonly string?: number;
}

/**
 * For content of Kubernetes objects: annotations have at most 256 KiB together, names 253
 * characters. Only ConfigMaps, and unvalidated fields of custom resources, can be longer; the API
 * reader cuts those.
 */
export const MAX_STRING_CHARACTERS = 256 * 1024;

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;

const opens = (c: number): boolean => c === 91 || c === 123;
const closes = (c: number): boolean => c === 93 || c === 125;

/**
 * Describes the exceeded limit; undefined if the text may be parsed. One pass without allocations;
 * the parser checks the syntax.
 */
export function excessOf(
  text: string,
  { depth: deepest, values: most, string: longest = Number.POSITIVE_INFINITY }: JsonBounds,
): string | undefined {
  let depth = 0;
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      const end = endOfString(text, i);
      if (end - i - 1 > longest && charactersIn(text, i + 1, end) > longest)
        return `it holds a string of more than ${longest} characters`;
      i = end;
    } else if (closes(c)) depth -= 1;
    else if (opens(c)) depth += 1;
    if (c === COMMA || opens(c)) values += 1;
    if (depth > deepest) return `it is nested more than ${deepest} levels deep`;
    if (values > most) return `it holds more than ${most} values`;
  }
  return undefined;
}

/** Index of the closing quote, or of the end if there is none. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

/** `\n` and `\u000a` count as one. */
function charactersIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; count++)
    i += text.charCodeAt(i) !== BACKSLASH ? 1 : text[i + 1] === 'u' ? 6 : 2;
  return count;
}
