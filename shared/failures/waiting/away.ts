/**
 * Decides when an unreachable device is probed again, and by which process. Pure; times in
 * milliseconds.
 */
import type { DeviceMark } from './entry.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Slightly less than a minute, so that the next scheduled run is never too early. */
const PAUSE_MS = { first: 10_000, later: 50_000 } as const;
/** A returned device counts as working if it refuses nothing for this long. */
const SETTLES_MS = 40_000;
/** Longer than a run may take, so a holder beyond it has died. */
export const TURN_LEASE_MS = 3 * MINUTE_MS;
/** A time further ahead was written before the clock was set back. */
const FURTHEST_MS = 10 * MINUTE_MS;

/** Code and message of the fault. */
export interface OutageReason {
  readonly code: string;
  readonly reason: string;
}

/** Milliseconds until the next probe: longer after an hour of outage, and after failed returns. */
export function pauseOf(
  { since, failedReturns }: Pick<DeviceMark, 'since' | 'failedReturns'>,
  now: number,
): number {
  const pause = now - since < HOUR_MS ? PAUSE_MS.first : PAUSE_MS.later;
  return failedReturns === 0 ? pause : 2 * pause + PAUSE_MS.first;
}

/**
 * Marks a device that does not answer, or refuses returned changes. `since`: start of the outage if
 * known; default: now.
 */
export function markedAway(
  known: DeviceMark | undefined,
  device: string,
  {
    code,
    reason,
    now,
    since = now,
  }: OutageReason & { readonly now: number; readonly since?: number },
): DeviceMark {
  const { lease: _lease, ...before } = known ?? newMark(device, now);
  const isNew = before.state === 'here';
  const mark = {
    ...before,
    state: 'away' as const,
    since: isNew ? since : before.since,
    failedReturns: isNew ? 0 : before.failedReturns + Number(before.state === 'returning'),
  };
  // An open breaker is not a cause of its own.
  const why = code === 'BIP508' && !isNew && before.code !== '' ? {} : { code, reason };
  return { ...mark, ...why, due: now + pauseOf(mark, now) };
}

/** The mark of a device that answers. */
export function newMark(device: string, now: number): DeviceMark {
  return {
    format: 1,
    device,
    state: 'here',
    since: now,
    code: '',
    reason: '',
    due: now,
    failedReturns: 0,
  };
}

/** Undefined if another process probes the device. */
export function claimMark(mark: DeviceMark, holder: string, now: number): DeviceMark | undefined {
  if (isAhead(mark.lease?.until, now, TURN_LEASE_MS) || isAhead(mark.due, now, FURTHEST_MS))
    return undefined;
  return { ...mark, lease: { holder, until: now + TURN_LEASE_MS }, due: now + pauseOf(mark, now) };
}

function isAhead(time: number | undefined, now: number, furthest: number): boolean {
  return time !== undefined && time > now && time <= now + furthest;
}

/**
 * The device answers; its changes are being sent back to the queue. If that works, it counts as
 * available after a while.
 */
export function markedReturning(mark: DeviceMark, now: number): DeviceMark {
  return { ...mark, state: 'returning', due: now + SETTLES_MS };
}

/** The device is available and nothing waits for it. */
export function markedHere({ lease: _lease, ...mark }: DeviceMark, now: number): DeviceMark {
  return { ...mark, state: 'here', since: now, failedReturns: 0 };
}

/** The mark without the lease of the process that probed the device. */
export function releaseMark({ lease: _lease, ...mark }: DeviceMark): DeviceMark {
  return mark;
}

/** No process probes the device any more: the schedule does not run. */
export function isAbandoned({ due }: DeviceMark, now: number): boolean {
  return now > due + FURTHEST_MS;
}
