/** How long a message waits before its next try, by the kind of fault. */
import { isAwayCode } from '../../shared/device/errors.ts';
import { type Pauses, pauseBefore, type TryCount } from '../../shared/queue/pauses.ts';
import type { DeviceOutage } from './results.ts';

/**
 * An unreachable device costs one probe per try and may return at any moment. A busy device is
 * free within seconds or minutes, and a change should not wait much longer than that: pauses of at
 * least ten seconds are at most six tries in a minute. A misconfigured device takes minutes to
 * repair. What failed elsewhere is unknown. The minimum shares allow at most 6 tries per minute in the
 * long run.
 */
const PAUSES = {
  away: { first: 1_000, longest: 30_000, least: 1 / 3 },
  busy: { first: 1_000, longest: 14_000, least: 5 / 7 },
  other: { first: 1_000, longest: 60_000, least: 1 / 6 },
  device: { first: 10_000, longest: 300_000, least: 1 / 6 },
} as const satisfies Record<string, Pauses>;

/**
 * Milliseconds, at least the device's Retry-After. Changes that cannot move to the failure store may
 * be retried for days.
 */
export function backoff(
  error: Partial<Pick<DeviceOutage, 'code' | 'fault' | 'after'>> | undefined,
  tries: TryCount,
  random: () => number,
): number {
  return pauseBefore(pausesFor(error), tries, { random, after: error?.after });
}

/** By the fault if it is one of the device, else by whether the device can be reached. */
function pausesFor(error: Partial<Pick<DeviceOutage, 'code' | 'fault'>> | undefined): Pauses {
  if (error?.fault === 'device') return PAUSES.device;
  if (error?.code === undefined) return PAUSES.other;
  return isAwayCode(error.code) ? PAUSES.away : PAUSES.busy;
}
