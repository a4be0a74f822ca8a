/** How long a message waits before its next try, by the kind of fault. */
import { isAwayCode } from '../../shared/device/errors.ts';
import { LONGEST_HIDDEN_MS } from '../../shared/queue/limits.ts';
import type { DeviceOutage } from './results.ts';

/** The bounds of the pauses for one class of faults. */
interface Pauses {
  /** Milliseconds. */
  readonly first: number;
  readonly longest: number;
  /**
   * Minimum share of the ceiling to wait, regardless of jitter: at most 6 tries per minute in the
   * long run.
   */
  readonly least: number;
}

/**
 * An unreachable device costs one probe per try and may return at any moment. A busy device is
 * free within seconds or minutes, and a change should not wait much longer than that: pauses of at
 * least ten seconds are at most six tries in a minute. A misconfigured device takes minutes to
 * repair. What failed elsewhere is unknown.
 */
const PAUSES = {
  away: { first: 1_000, longest: 30_000, least: 1 / 3 },
  busy: { first: 1_000, longest: 14_000, least: 5 / 7 },
  other: { first: 1_000, longest: 60_000, least: 1 / 6 },
  device: { first: 10_000, longest: 300_000, least: 1 / 6 },
} as const satisfies Record<string, Pauses>;

/** Maximum pause, regardless of the age of the message. */
const MAX_PAUSE_MS = 10 * 60_000;

/** How often and how long a message has been tried. */
export interface TryCount {
  /** Receive count. */
  readonly attempt: number;
  /** Milliseconds since it was sent. */
  readonly age: number;
}

/**
 * Exponential back-off with jitter; at least the device's Retry-After. A message that cannot move
 * to the failure store may be retried for days while the queue counts receives, so the ceiling
 * grows to a tenth of its age, up to ten minutes: after an hour there is at most one try per
 * minute.
 */
export function backoff(
  error: Partial<Pick<DeviceOutage, 'code' | 'fault' | 'after'>> | undefined,
  { attempt, age }: TryCount,
  random: () => number,
): number {
  const { first, longest, least } = pausesFor(error);
  const ceiling = Math.min(
    Math.max(longest, Math.min(MAX_PAUSE_MS, age / 10)),
    first * 2 ** Math.min(attempt - 1, 20),
  );
  return Math.min(
    LONGEST_HIDDEN_MS,
    Math.max(error?.after ?? 0, Math.round(ceiling * (least + random() * (1 - least)))),
  );
}

/** By the fault if it is one of the device, else by whether the device can be reached. */
function pausesFor(error: Partial<Pick<DeviceOutage, 'code' | 'fault'>> | undefined): Pauses {
  if (error?.fault === 'device') return PAUSES.device;
  if (error?.code === undefined) return PAUSES.other;
  return isAwayCode(error.code) ? PAUSES.away : PAUSES.busy;
}
