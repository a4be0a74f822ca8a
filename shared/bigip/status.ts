/** What a device says of itself, for people and for `doctor`. */
import type { Clock } from '../runtime/clock.ts';
import type { DeviceSession } from './session.ts';

export interface DeviceFacts {
  /** Of the active unit; undefined where it does not tell. */
  readonly hostname: string | undefined;
  readonly as3: string;
  /** Milliseconds that the device's clock is ahead of ours, give or take the second that HTTP tells; undefined where it does not tell. */
  readonly ahead: number | undefined;
}

/** HTTP tells whole seconds, rounded down. */
const HALF_A_SECOND = 500;

export async function readFacts(
  session: DeviceSession,
  clock: Pick<Clock, 'now'>,
): Promise<DeviceFacts> {
  const { hostname, as3 } = await session.facts();
  const before = clock.now();
  const { date } = await session.call({ method: 'GET', path: '/mgmt/shared/appsvcs/info' });
  const middle = (before + clock.now()) / 2;
  return {
    hostname,
    as3,
    ahead: date === undefined ? undefined : Math.round(date + HALF_A_SECOND - middle),
  };
}
