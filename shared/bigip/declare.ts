/** Posts a partition and waits for what becomes of it. */
import type { DeviceConfig } from '../config/schema.ts';
import type { Clock } from '../runtime/clock.ts';
import { Accepted, Outcome, readAs, wrongShape } from './answers.ts';
import type { TenantResult } from './answers.ts';
import { wrapTenants } from './as3/render.ts';
import type { As3Tenant } from './as3/types.ts';
import { DeviceError } from './errors.ts';
import { faultOfResult } from './outcomes.ts';
import type { Session } from './session.ts';
import { IN_PROGRESS, isDeclaring } from './tasks.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';

/** Milliseconds: first pause between polls of a task, and the longest. */
const POLL = { first: 100, longest: 2_000, giveUp: 110_000 } as const;
/** Milliseconds: what may have been accepted without our knowing is waited for before anybody reads back. */
const QUIET = { pause: 1_000, giveUp: 30_000 } as const;

export interface Declaration {
  readonly partition: string;
  readonly tenant: As3Tenant;
}

type Place = Pick<DeviceConfig, 'name' | 'save'>;

/** An error in doubt comes when the device works on no declaration any more, as far as it says: what is read back then is how it ended. */
export async function post(
  session: Session,
  clock: Clock,
  config: Place,
  declaration: Declaration,
): Promise<'applied' | 'unchanged'> {
  try {
    return await send(session, clock, config, declaration);
  } catch (error) {
    // AS3 gave up on a script that was too slow, so no task tells of it.
    if (error instanceof DeviceError && error.fault === 'ambiguous' && error.hint !== 'slow')
      await untilQuiet(session, clock);
    throw error;
  }
}

async function send(
  session: Session,
  clock: Clock,
  config: Place,
  { partition, tenant }: Declaration,
): Promise<'applied' | 'unchanged'> {
  const request: DeviceRequest = {
    method: 'POST',
    path: `/mgmt/shared/appsvcs/declare/${partition}?async=true`,
    body: wrapTenants({ [partition]: tenant }, config.save),
    kind: 'declare',
  };
  const answer = await session.call(request, [400, 422, 207]);
  if (answer.status !== 202) return conclude(session.device, partition, { request, answer });
  const { id } = readAs(Accepted, { device: session.device, request }, answer);
  return conclude(session.device, partition, await poll(session, clock, id));
}

interface Answered {
  readonly request: DeviceRequest;
  readonly answer: DeviceResponse;
}

async function poll(session: Session, clock: Clock, id: string): Promise<Answered> {
  const deadline = clock.monotonic() + POLL.giveUp;
  for (
    let pause: number = POLL.first;
    clock.monotonic() < deadline;
    pause = Math.min(pause * 1.5, POLL.longest)
  ) {
    await clock.sleep(pause);
    const answered = await ask(session, id);
    if (answered !== undefined) return answered;
  }
  throw new DeviceError(
    'BIP502',
    'ambiguous',
    `${session.device}: task ${id} did not finish within ${POLL.giveUp / 1000} s`,
  );
}

/** Undefined while it goes on. */
async function ask(session: Session, id: string): Promise<Answered | undefined> {
  const request: DeviceRequest = {
    method: 'GET',
    path: `/mgmt/shared/appsvcs/task/${id}`,
    kind: 'task',
  };
  try {
    const answer = await session.call(request, [404]);
    if (answer.status === 404)
      throw new DeviceError(
        'BIP505',
        'ambiguous',
        `${session.device}: the device does not know task ${id}; it may have restarted or failed over`,
        { response: answer.text },
      );
    const { results } = readAs(Outcome, { device: session.device, request }, answer);
    return results?.some((result) => result.message === IN_PROGRESS)
      ? undefined
      : { request, answer };
  } catch (error) {
    // Asking is harmless, but what is asked about is a write: nobody knows how it ends.
    throw error instanceof DeviceError ? inDoubt(error) : error;
  }
}

function inDoubt(error: DeviceError): DeviceError {
  return new DeviceError(error.code, 'ambiguous', error.message, {
    response: error.response,
    after: error.after,
    cause: error,
  });
}

/** Goes by the tenant's own result, whatever the HTTP status said. */
function conclude(
  device: string,
  partition: string,
  { request, answer }: Answered,
): 'applied' | 'unchanged' {
  const {
    results = [],
    code = answer.status,
    message,
    errors = [],
  } = readOutcome(device, { request, answer });
  const result = results.find((one) => one.tenant === partition) ?? results[0];
  const whole: TenantResult = { code, message: [message, ...errors].filter(Boolean).join('; ') };
  const fault = faultOfResult(device, partition, result ?? whole);
  if (fault) throw fault;
  // A good status without a result tells nothing about the partition.
  if (!result) throw inDoubt(wrongShape({ device, request }, answer, 'results: missing'));
  return result.message === 'no change' ? 'unchanged' : 'applied';
}

function readOutcome(device: string, { request, answer }: Answered): Outcome {
  try {
    return readAs(Outcome, { device, request }, answer);
  } catch (error) {
    throw error instanceof DeviceError ? inDoubt(error) : error;
  }
}

async function untilQuiet(session: Session, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + QUIET.giveUp;
  // A device that does not say is read back all the same; the lock key guards what is posted then.
  while (await isDeclaring(session).catch(() => false)) {
    if (clock.monotonic() + QUIET.pause > deadline) return;
    await clock.sleep(QUIET.pause);
  }
}
