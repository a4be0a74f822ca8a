/** Texts named in one message; the others are counted. */
const MAX_NAMED = 3;

/** `a, b, c and 2 more`. A node can have thousands of addresses, and messages have a limit. */
export function firstNamed(texts: readonly string[]): string {
  const more = texts.length > MAX_NAMED ? ` and ${texts.length - MAX_NAMED} more` : '';
  return `${texts.slice(0, MAX_NAMED).join(', ')}${more}`;
}
