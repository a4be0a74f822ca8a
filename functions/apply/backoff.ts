import { isAwayCode } from '../../shared/bigip/breaker.ts';
import { LONGEST_HIDDEN_MS } from '../../shared/queue/limits.ts';
import type { Trouble } from './results.ts';

interface Pauses {
  /** Milliseconds. */
  readonly first: number;
  readonly longest: number;
  /** Share of the ceiling that is waited whatever chance says: never more than 6 tries in a minute in the long run. */
  readonly least: number;
}

/** A device that is away costs one probe each time and may be back any moment; a busy one is asked several things, and what has to be mended takes minutes. */
const PAUSES = {
  away: { first: 1_000, longest: 30_000, least: 1 / 3 },
  busy: { first: 1_000, longest: 60_000, least: 1 / 6 },
  device: { first: 10_000, longest: 300_000, least: 1 / 6 },
} as const satisfies Record<string, Pauses>;

/** However long a message is tried already. */
const LONGEST = 10 * 60_000;

export interface Tried {
  /** How often it was received. */
  readonly attempt: number;
  /** Since it was sent; milliseconds. */
  readonly age: number;
}

/**
 * Jitter over an exponential ceiling; the device's own wish is the least. What cannot go to the waiting place may be tried for days, and
 * the queue counts receives: the pauses grow to a tenth of the time that it took already, once a minute at most after an hour.
 */
export function backoff(
  error: Partial<Pick<Trouble, 'code' | 'fault' | 'after'>> | undefined,
  { attempt, age }: Tried,
  random: () => number,
): number {
  const { first, longest, least } = pausesFor(error);
  const ceiling = Math.min(
    Math.max(longest, Math.min(LONGEST, age / 10)),
    first * 2 ** Math.min(attempt - 1, 20),
  );
  return Math.min(
    LONGEST_HIDDEN_MS,
    Math.max(error?.after ?? 0, Math.round(ceiling * (least + random() * (1 - least)))),
  );
}

function pausesFor(error: Partial<Pick<Trouble, 'code' | 'fault'>> | undefined): Pauses {
  if (error?.fault === 'device') return PAUSES.device;
  return error?.code !== undefined && isAwayCode(error.code) ? PAUSES.away : PAUSES.busy;
}
