/** Posts a partition and waits for the result. */
import type { DeviceConfig } from '../../config/schema.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Accepted, Outcome, readAs, wrongShape } from './answers.ts';
import type { TenantResult } from './answers.ts';
import { wrapTenants } from '../as3/render.ts';
import type { As3Tenant } from '../as3/types.ts';
import { DeviceError } from '../../device/errors.ts';
import { faultOfResult } from './outcomes.ts';
import type { Session } from './session.ts';
import { IN_PROGRESS, isDeclaring } from './tasks.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';

/** Milliseconds: first and longest pause between polls of a task, and the total limit. */
const POLL = { first: 100, longest: 2_000, giveUp: 110_000 } as const;
/** Milliseconds to wait for a request that may have been accepted, before reading back. */
const QUIET = { pause: 1_000, giveUp: 30_000 } as const;

/** The tenant to declare in a partition. */
export interface Declaration {
  readonly partition: string;
  readonly tenant: As3Tenant;
}

type Place = Pick<DeviceConfig, 'name' | 'save'>;

/**
 * After an unknown outcome, waits until the device runs no declaration, so that reading back shows
 * the result.
 */
export async function post(
  session: Session,
  clock: Clock,
  config: Place,
  declaration: Declaration,
): Promise<'applied' | 'unchanged'> {
  try {
    return await send(session, clock, config, declaration);
  } catch (error) {
    // AS3 gave up on a slow script, so no task reports its result.
    if (error instanceof DeviceError && error.fault === 'ambiguous' && error.hint !== 'slow')
      await untilQuiet(session, clock);
    throw error;
  }
}

/** Posts the declaration as a task and waits for its result. */
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

/** Polls the task at growing intervals. After the time limit the outcome is unknown. */
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

/** Undefined while the task runs. */
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
    // The poll is harmless, but the outcome of the polled write is unknown.
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

/** Uses the result of the tenant, whatever the HTTP status. */
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
  // A success status without a result says nothing about the partition.
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
  // Read back even if the device does not answer; the lock key protects the next post.
  while (await isDeclaring(session).catch(() => false)) {
    if (clock.monotonic() + QUIET.pause > deadline) return;
    await clock.sleep(QUIET.pause);
  }
}
