/** Command lines that a person can paste. Pure. */

/** Words for a POSIX shell, quoted where necessary. */
export function shellWords(words: readonly (string | undefined)[]): string {
  return words
    .flatMap((word) => word ?? [])
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
