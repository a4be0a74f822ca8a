/** How long a message that cannot be handled now stays hidden before its next try. */
import { LONGEST_HIDDEN_MS } from './limits.ts';

/** The bounds of the pauses for one class of faults. */
export interface Pauses {
  /** Milliseconds. */
  readonly first: number;
  readonly longest: number;
  /** Minimum share of the ceiling to wait, regardless of jitter. */
  readonly least: number;
}

/** How often and how long a message has been tried. */
export interface TryCount {
  /** Receive count. */
  readonly attempt: number;
  /** Milliseconds since it was sent. */
  readonly age: number;
}

/** Maximum pause, regardless of the age of the message. */
const MAX_PAUSE_MS = 10 * 60_000;

/**
 * Milliseconds, by exponential back-off with jitter; at least `after`. A message may be retried for
 * days while the queue counts receives, so the ceiling grows to a tenth of its age, up to ten
 * minutes: after an hour there is at most one try per minute.
 */
export function pauseBefore(
  { first, longest, least }: Pauses,
  { attempt, age }: TryCount,
  { random, after = 0 }: { readonly random: () => number; readonly after?: number | undefined },
): number {
  const ceiling = Math.min(
    Math.max(longest, Math.min(MAX_PAUSE_MS, age / 10)),
    first * 2 ** Math.min(attempt - 1, 20),
  );
  return Math.min(
    LONGEST_HIDDEN_MS,
    Math.max(after, Math.round(ceiling * (least + random() * (1 - least)))),
  );
}
