/** The words of a text. Pure. */

/** Separated by white space; none of them is empty. */
export function wordsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
