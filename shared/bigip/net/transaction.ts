/** Several writes as one: all of them, or none. */
import * as z from 'zod';
import { readAs } from '../rest/answers.ts';
import type { DeviceRequest } from '../rest/transport.ts';
import type { UnitCall } from './unit-calls.ts';

const TRANSACTIONS = '/mgmt/tm/transaction';
const Opened = z.object({ transId: z.int().positive() });
const Committed = z.object({ state: z.literal('COMPLETED') });

/** Rejects with the refusal of any of them, and then none was carried out. */
export async function inOneStep(
  device: string,
  call: UnitCall,
  requests: readonly DeviceRequest[],
): Promise<void> {
  const open: DeviceRequest = { method: 'POST', path: TRANSACTIONS, body: {} };
  const { transId } = readAs(Opened, { device, request: open }, await call(open));
  const path = `${TRANSACTIONS}/${transId}`;
  try {
    for (const request of requests)
      await call({ ...request, headers: { 'x-f5-rest-coordination-id': String(transId) } });
    const commit: DeviceRequest = { method: 'PATCH', path, body: { state: 'VALIDATING' } };
    readAs(Committed, { device, request: commit }, await call(commit));
  } catch (error) {
    // It would expire by itself.
    await call({ method: 'DELETE', path }, [400, 404]).catch(() => undefined);
    throw error;
  }
}
