/** What is pasted or dropped, before it is read. Pure. */

/** A file, or what was pasted. */
export interface PastedText {
  /** For messages. */
  readonly name: string;
  readonly text: string;
}

/** What was pasted, in messages. */
export const PASTED = 'pasted text';

/** The objects for one plan, with comments and fields that do not matter. */
export const MAX_PASTED_CHARACTERS = 1_024 * 1_024;
/** Far more files than one ingress needs; a dropped folder may have thousands. */
const MAX_FILES = 100;

/** Why so many texts of these lengths are not read; undefined if they are. */
export function tooLong(lengths: readonly number[]): string | undefined {
  if (lengths.length > MAX_FILES) return `The page reads ${MAX_FILES} files; ${IN_SHELL}`;
  const all = lengths.reduce((sum, length) => sum + length, 0);
  return all > MAX_PASTED_CHARACTERS
    ? `The page reads ${MAX_PASTED_CHARACTERS / 1_024 / 1_024} MiB of manifests; ${IN_SHELL}`
    : undefined;
}

const IN_SHELL = 'leave some out, or run "sluice plan --device" in a shell.';
