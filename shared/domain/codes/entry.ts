/** One row of the code table, from which `docs/reference/codes.md` is generated. */
export interface CodeEntry {
  /** A sentence without an end mark; the heading of the code. */
  readonly title: string;
  /** When the code appears, and what still works. */
  readonly cause: string;
  /** Steps, in the imperative. */
  readonly fix: string;
  /** Whether a retry without any change can succeed. */
  readonly retryable: boolean;
  /**
   * The code reports a mistake in the request. The exposure that the author had running before
   * stays as it is until the mistake is corrected.
   */
  readonly keepsRunning?: true;
  /**
   * What is declared stays at its address only: at another address it would be a new exposure.
   */
  readonly refusesMoves?: true;
}

/** Rows by code, for instance `GW110`. */
export type CodeTable = Readonly<Record<string, CodeEntry>>;
