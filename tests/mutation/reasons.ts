/** Patterns of mutants that no test can notice, and reasons that apply to many of them. */

/** Mutants of one file; all that match the pattern. */
export interface Equivalent {
  /** Only in this function; default: anywhere in the file. */
  readonly in?: string;
  /** The expression, as the report prints it. */
  readonly code: string;
  /** The change, as the report prints it; default: any. */
  readonly what?: string | readonly string[];
  readonly why: string;
}

export const ALWAYS_THERE = 'the compiler asks for a value that is always there';
export const ONE_ONLY = 'there is at most one, because its key is unique in the configuration';
export const FASTER = 'it is only faster: without it the same comes out';
export const LOG_ONLY = 'only a figure in a log line';
export const NEVER_EQUAL = 'what is compared are distinct keys';
export const SAME_ABSENT = 'a field that is undefined is as good as one that is absent';
export const TWICE = 'what it calls, or who calls it, looks at the same again';
export const SAME_FALSE = 'undefined is as false';
