/** One row of the table of codes. The docs page `docs/reference/codes.md` is generated from it. */
export interface CodeEntry {
  readonly title: string;
  readonly cause: string;
  readonly fix: string;
  /** Whether trying again without a change can help. */
  readonly retryable: boolean;
  /** A mistake in a request, not a wish: what the request's author had running before stays until it is mended. */
  readonly keepsRunning?: true;
}

export type CodeTable = Readonly<Record<string, CodeEntry>>;
