/**
 * Escapes foreign text for terminals: characters that would move the cursor, ring, reorder, hide or
 * break a line. Pure.
 */

/**
 * Controls (C0, DEL, C1), format characters (bidirectional, zero-width, tags), line separators,
 * unpaired surrogates, and letters that look blank.
 */
const UNSEEN = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0`;
const ALL = new RegExp(`[${UNSEEN}]`, 'gu');
const ANY = new RegExp(`[${UNSEEN}]`, 'u');
const BUT_LINE_BREAKS = new RegExp(`(?!\\n)[${UNSEEN}]`, 'gu');
const SHORT: Readonly<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return SHORT[character] ?? `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`;
}

/** Escapes text to one line. */
export function visible(text: string): string {
  return text.replaceAll(ALL, escape);
}

/** Escapes text and keeps its line breaks. */
export function visibleLines(text: string): string {
  return text.replaceAll(BUT_LINE_BREAKS, escape);
}

/** Whether the text needs no escaping. */
export function isVisible(text: string): boolean {
  return !ANY.test(text);
}

/**
 * Escapes JSON to equal JSON that a terminal can show. Such characters occur only inside strings.
 */
export function visibleJson(json: string): string {
  return json.replaceAll(BUT_LINE_BREAKS, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${hex(character.charCodeAt(i), 4)}`,
    ).join(''),
  );
}

/**
 * Escapes YAML in which every string with such characters is double-quoted, where escapes have the
 * same meaning.
 */
export function visibleYaml(yaml: string): string {
  return yaml.replaceAll(BUT_LINE_BREAKS, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  });
}
