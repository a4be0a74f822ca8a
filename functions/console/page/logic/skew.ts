/** How far the clock of the console is ahead of the clock of this machine. Pure. */

/** One answer; milliseconds since 1970. */
export interface Stamp {
  /** By the clock of this machine. */
  readonly sent: number;
  readonly received: number;
  /** By the clock of the console: its header `Date`, which has whole seconds. */
  readonly date: number;
}

/** Servers keep the text of the header for a second. */
const COARSE_MS = 2_000;

/**
 * In milliseconds. What is known already stays while the answer agrees with it; so does no
 * difference at all, rather than a guess. A wrong answer counts only until the next one.
 */
export function skewAfter(known: number, { sent, received, date }: Stamp): number {
  if (Number.isNaN(date) || sent > received) return known;
  const [least, most] = [date - received, date + COARSE_MS - sent];
  const agreed = [known, 0].find((skew) => skew >= least && skew <= most);
  return agreed ?? Math.round((least + most) / 2);
}
