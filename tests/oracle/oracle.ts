/** A part that nobody here wrote, and that the lab pretends to be. */
export interface Oracle {
  /** Its arguments, for the help. */
  readonly usage: string;
  readonly what: string;
  /** The exit code; rejects if it could not ask, or could not clean up. */
  run(argv: readonly string[], output: Output): Promise<number>;
}

/** Where an oracle writes; whole lines without their end. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}
