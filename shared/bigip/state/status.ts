/** The status of a device, for users and `doctor`. */
import type { DeviceFacts } from '../../device/device.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { DeviceSession } from '../rest/session.ts';

/** HTTP dates are whole seconds, rounded down. */
const HALF_SECOND_MS = 500;

/** Two requests to the active unit. The clock is compared with the middle of the second one. */
export async function readDeviceFacts(
  session: DeviceSession,
  clock: Pick<Clock, 'now'>,
): Promise<DeviceFacts> {
  const { hostname, as3 } = await session.facts();
  const before = clock.now();
  const { date } = await session.call({ method: 'GET', path: '/mgmt/shared/appsvcs/info' });
  const middle = (before + clock.now()) / 2;
  return {
    hostname,
    software: as3,
    ahead: date === undefined ? undefined : Math.round(date + HALF_SECOND_MS - middle),
  };
}
