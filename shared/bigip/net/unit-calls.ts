/** Calls to one unit of a device: the active one, or the other one of a pair. */
import type * as z from 'zod';
import type { PathUnit } from '../../device/paths.ts';
import { readAs } from '../rest/answers.ts';
import type { DeviceSession, ReadRequest } from '../rest/session.ts';
import type { DeviceRequest, DeviceResponse } from '../rest/transport.ts';

/** Rejects with a DeviceError for every answer of status 400 or more that is not in `accept`. */
export type UnitCall = (
  request: DeviceRequest,
  accept?: readonly number[],
) => Promise<DeviceResponse>;

/** The calls of a session to this unit. */
export function callsTo(session: DeviceSession, unit: PathUnit): UnitCall {
  return unit === 'active'
    ? (request, accept = []) => session.call(request, accept)
    : (request, accept = []) => session.callStandby(request, accept);
}

/** Reads and validates; undefined if the object does not exist. */
export async function find<T>(
  device: string,
  call: UnitCall,
  look: ReadRequest,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const request: DeviceRequest = { method: 'GET', ...look };
  const answer = await call(request, [404]);
  return answer.status === 404 ? undefined : readAs(schema, { device, request }, answer);
}
