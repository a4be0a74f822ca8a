import { isAwayCode } from '../../shared/bigip/breaker.ts';
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

/** Jitter over an exponential ceiling; the device's own wish is the least. */
export function backoff(error: Partial<Pick<Trouble, 'code' | 'fault' | 'after'>> | undefined, receiveCount: number, random: () => number): number {
  const { first, longest, least } = pausesFor(error);
  const ceiling = Math.min(longest, first * 2 ** Math.min(receiveCount - 1, 20));
  return Math.max(error?.after ?? 0, Math.round(ceiling * (least + random() * (1 - least))));
}

function pausesFor(error: Partial<Pick<Trouble, 'code' | 'fault'>> | undefined): Pauses {
  if (error?.fault === 'device') return PAUSES.device;
  return error?.code !== undefined && isAwayCode(error.code) ? PAUSES.away : PAUSES.busy;
}
