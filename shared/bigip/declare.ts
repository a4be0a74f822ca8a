/** Posts a partition and waits for what becomes of it. */
import type { DeviceConfig } from '../config/schema.ts';
import type { Clock } from '../runtime/runtime.ts';
import { wrapTenants } from './as3/render.ts';
import type { As3Tenant } from './as3/types.ts';
import { DeviceError } from './errors.ts';
import { faultOfResult } from './outcomes.ts';
import type { TenantResult } from './outcomes.ts';
import type { Session } from './session.ts';

/** Milliseconds: first pause between polls of a task, and the longest. */
const POLL = { first: 100, longest: 2_000, giveUp: 110_000 } as const;

export interface Declaration {
  readonly partition: string;
  readonly tenant: As3Tenant;
}

export async function post(session: Session, clock: Clock, config: DeviceConfig, { partition, tenant }: Declaration): Promise<'applied' | 'unchanged'> {
  const body = wrapTenants({ [partition]: tenant }, config.save);
  const answer = await session.call({ method: 'POST', path: `/mgmt/shared/appsvcs/declare/${partition}?async=true`, body }, [400, 422, 207]);
  const { id } = (answer.json ?? {}) as { id?: string };
  const done = answer.status === 202 && id !== undefined ? await poll(session, clock, config.name, id) : answer.json;
  return conclude(config.name, partition, done, answer.status);
}

async function poll(session: Session, clock: Clock, device: string, id: string): Promise<unknown> {
  const deadline = clock.monotonic() + POLL.giveUp;
  for (let pause: number = POLL.first; clock.monotonic() < deadline; pause = Math.min(pause * 1.5, POLL.longest)) {
    await clock.sleep(pause);
    const results = await ask(session, device, id);
    if (results !== 'in progress') return results;
  }
  throw new DeviceError('BIP502', 'ambiguous', `${device}: task ${id} did not end within ${POLL.giveUp / 1000} s`);
}

async function ask(session: Session, device: string, id: string): Promise<unknown> {
  const answer = await session.call({ method: 'GET', path: `/mgmt/shared/appsvcs/task/${id}` }, [404]).catch((error: unknown) => {
    // Asking is harmless, but what is asked about is a write: nobody knows how it ends.
    throw error instanceof DeviceError ? inDoubt(error) : error;
  });
  if (answer.status === 404) throw new DeviceError('BIP505', 'ambiguous', `${device}: task ${id} is unknown to the device, which may have restarted or failed over`, { response: answer.text });
  const { results } = (answer.json ?? {}) as { results?: readonly TenantResult[] };
  return results?.some((r) => r.message === 'in progress') ? 'in progress' : answer.json;
}

function inDoubt(error: DeviceError): DeviceError {
  return new DeviceError(error.code, 'ambiguous', error.message, { response: error.response, after: error.after, cause: error });
}

/** Goes by the tenant's own result, whatever the HTTP status said. */
function conclude(device: string, partition: string, json: unknown, status: number): 'applied' | 'unchanged' {
  const { results, code, message, errors } = (json ?? {}) as { results?: readonly TenantResult[]; code?: number; message?: string; errors?: readonly string[] };
  const result = results?.find((r) => r.tenant === partition) ?? results?.[0];
  const whole: TenantResult = { code: code ?? status, message: [message, ...(errors ?? [])].filter(Boolean).join('; ') };
  const fault = faultOfResult(device, partition, result ?? whole);
  if (fault) throw fault;
  // A good status without a result tells nothing about the partition.
  if (!result) throw new DeviceError('BIP505', 'ambiguous', `${device}, partition ${partition}: the device answered HTTP ${status} without a result`, { response: whole.message });
  return result.message === 'no change' ? 'unchanged' : 'applied';
}
