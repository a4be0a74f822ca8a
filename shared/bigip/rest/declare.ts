/** Posts a partition and waits for the result. */
import { createHash } from 'node:crypto';
import type { DeviceConfig } from '../../config/schema.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Accepted, Outcome, readAs, wrongShape } from './answers.ts';
import type { TenantResult } from './answers.ts';
import { wrapTenants } from '../as3/render.ts';
import type { As3Tenant } from '../as3/types.ts';
import type { Declared } from '../../device/device.ts';
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
  /** Milliseconds after which the result is expected; it is asked for near that time. */
  readonly expected?: number | undefined;
}

type Place = Pick<DeviceConfig, 'name' | 'save'>;

/**
 * After an unknown outcome, waits until the device runs no declaration, so that reading back shows
 * the result.
 */
export async function postDeclaration(
  session: Session,
  clock: Clock,
  config: Place,
  declaration: Declaration,
): Promise<Declared> {
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
  { partition, tenant, expected }: Declaration,
): Promise<Declared> {
  const begun = clock.monotonic();
  const request: DeviceRequest = {
    method: 'POST',
    path: `/mgmt/shared/appsvcs/declare/${partition}?async=true`,
    body: wrapTenants({ [partition]: tenant }, config.save),
    kind: 'declare',
  };
  const answer = await session.call(request, [400, 422, 207]);
  // Now, because there is time until the device is done, and what comes then is waited for.
  const lockKey = lockKeyOf(tenant);
  const answered =
    answer.status === 202
      ? await poll(session, clock, {
          id: readAs(Accepted, { device: session.device, request }, answer).id,
          expected: expected === undefined ? undefined : begun + expected,
        })
      : { request, answer };
  const result = conclude(session.device, partition, answered);
  const isUnchanged = result.message === 'no change';
  const lines = isUnchanged ? 0 : result.lineCount;
  return {
    outcome: isUnchanged ? 'unchanged' : 'applied',
    took: timeTaken(result.runTime, clock.monotonic() - begun),
    ...(lines === undefined ? {} : { cost: lines }),
    lockKey,
  };
}

/**
 * The key that AS3 gives a tenant once it is stored: it depends on the text as posted, key order
 * included, without the key that was posted with it (as3.md §9.4).
 */
function lockKeyOf(tenant: As3Tenant): string {
  const { optimisticLockKey: _posted, ...stored } = tenant;
  const text = Buffer.from(JSON.stringify(stored)).toString('base64');
  return createHash('sha256').update(text).digest('base64');
}

/**
 * AS3's own time leaves out what happens around it, such as waiting for the save or for us to ask.
 * One that cannot be true is not used, and it counts for at least half of what was measured here.
 */
export function timeTaken(said: number | undefined, measured: number): number {
  return said === undefined || !(said > 0)
    ? measured
    : Math.min(measured, Math.max(said, measured / 2));
}

/** A request with its answer, for error messages. */
interface Answered {
  readonly request: DeviceRequest;
  readonly answer: DeviceResponse;
}

/** A task of AS3 that is waited for. `expected`: when it is likely to end, by earlier declares. */
interface Polled {
  readonly id: string;
  /** Monotonic time. */
  readonly expected: number | undefined;
}

/**
 * Polls the task at growing intervals, which start again at the time when it is expected to end.
 * After the time limit the outcome is unknown.
 */
async function poll(session: Session, clock: Clock, { id, expected }: Polled): Promise<Answered> {
  const deadline = clock.monotonic() + POLL.giveUp;
  for (let pause: number = POLL.first; clock.monotonic() < deadline;) {
    const left = (expected ?? 0) - clock.monotonic();
    const isLast = left > 0 && left < pause;
    // Whole milliseconds: queues store the times that follow from them.
    await clock.sleep(Math.ceil(isLast ? left : pause));
    const answered = await ask(session, id);
    if (answered !== undefined) return answered;
    pause = isLast ? POLL.first : Math.min(pause * 1.5, POLL.longest);
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

/** The same error with an unknown outcome: the device may have made the change. */
function inDoubt(error: DeviceError): DeviceError {
  return new DeviceError(error.code, 'ambiguous', error.message, {
    response: error.response,
    after: error.after,
    cause: error,
  });
}

/** Uses the result of the tenant, whatever the HTTP status. */
function conclude(device: string, partition: string, { request, answer }: Answered): TenantResult {
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
  return result;
}

/**
 * The results of a declare. An answer that cannot be read is in doubt, because AS3 may have acted
 * on the request.
 */
function readOutcome(device: string, { request, answer }: Answered): Outcome {
  try {
    return readAs(Outcome, { device, request }, answer);
  } catch (error) {
    throw error instanceof DeviceError ? inDoubt(error) : error;
  }
}

/** Waits until AS3 declares nothing, up to `QUIET.giveUp` milliseconds. */
async function untilQuiet(session: Session, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + QUIET.giveUp;
  // Read back even if the device does not answer; the lock key protects the next post.
  while (await isDeclaring(session).catch(() => false)) {
    if (clock.monotonic() + QUIET.pause > deadline) return;
    await clock.sleep(QUIET.pause);
  }
}
