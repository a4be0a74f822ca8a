/**
 * Handles device faults and unknown errors: everything is retried later, and the clusters are
 * informed occasionally.
 */
import { callInWords, errorText } from '../../shared/device/errors.ts';
import type { DeviceMark } from '../../shared/failures/waiting/entry.ts';
import { giveBack } from '../../shared/queue/lease.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import type { Arrival, Arrived } from './arrivals.ts';
import { newestFirst } from './arrivals.ts';
import { backoff } from './backoff.ts';
import { sendSettled, deliveryOf } from './report.ts';
import { settledAsRetry } from './results.ts';
import type { DeviceOutage } from './results.ts';
import type { Scope } from './scope.ts';
import { knownOutage, OutOfTime } from './outage.ts';

/** Resolves with the messages that stay in the queue; the others wait in the store. */
export async function postpone(
  scope: Scope,
  device: string,
  arrivals: readonly Arrival[],
  error: unknown,
): Promise<readonly QueueMessage[]> {
  const { runtime, attempts, waiting } = scope;
  const known = knownOutage(error);
  const at = new Date(runtime.clock.now()).toISOString();
  for (const { message } of arrivals)
    attempts.add(message.id, {
      at,
      code: known?.code ?? 'unknown',
      reason: known ? errorText(known) : String(error),
    });
  const messages = arrivals.map(({ message }) => message);
  if (known)
    alarm(runtime, device, known, Math.max(...messages.map((message) => message.receiveCount)));
  const mark =
    known === undefined || error instanceof OutOfTime
      ? undefined
      : await waiting.leave(device, messages, {
          code: known.code,
          reason: errorText(known),
          since: firstFailure(scope, messages),
        });
  if (mark) return moveToWaiting(scope, arrivals, mark);
  await again(scope, device, messages, error);
  if (known) await tell(scope, arrivals, known);
  return messages;
}

/** As far as this process knows; milliseconds since 1970. */
function firstFailure({ attempts, runtime }: Scope, messages: readonly QueueMessage[]): number {
  const times = messages.flatMap(({ id }) => attempts.of(id).map(({ at }) => Date.parse(at)));
  return Math.min(runtime.clock.now(), ...times);
}

/** Whether other messages for the device may wait, to be planned with what is left. */
export async function isWaiting({ queues }: Scope['runtime'], device: string): Promise<boolean> {
  // A queue that does not answer holds nothing up.
  const depth = await queues
    .queue('slices')
    .depth(device)
    .catch(() => undefined);
  return (depth?.waiting ?? 0) > 0;
}

/** Returns messages to the queue at once, to be received together with newer ones. */
export async function release(
  { runtime, context }: Pick<Scope, 'runtime' | 'context'>,
  device: string,
  arrivals: readonly Arrival[],
): Promise<readonly QueueMessage[]> {
  const messages = arrivals.map(({ message }) => message);
  runtime.log.info({ device, messages: messages.length }, 'newer work waits; the rest follows');
  const queue = runtime.queues.queue('slices');
  for (const message of messages) await giveBack(queue, context, message, 0).catch(() => undefined);
  return messages;
}

/** Returns messages to the queue with a delay. */
async function again(
  { runtime, context }: Scope,
  device: string,
  messages: readonly QueueMessage[],
  error: unknown,
): Promise<void> {
  const known = knownOutage(error);
  const attempt = Math.max(...messages.map((message) => message.receiveCount));
  // Running out of time is not an outage: finished work is kept, and the rest continues soon.
  const age =
    error instanceof OutOfTime
      ? 0
      : runtime.clock.now() - Math.min(...messages.map((message) => message.sentAt));
  const delay = backoff(known, { attempt, age }, runtime.random);
  runtime.log.warn(
    {
      device,
      code: known?.code,
      error: String(error),
      response: known?.response,
      attempt,
      delay,
      messages: messages.length,
    },
    'retry',
  );
  const queue = runtime.queues.queue('slices');
  for (const message of messages)
    await giveBack(queue, context, message, delay).catch(() => undefined);
}

/** Faults that need an operator although the device answers: logs the line that an alarm counts. */
function alarm(
  { log }: Scope['runtime'],
  device: string,
  trouble: DeviceOutage,
  attempt: number,
): void {
  const { code, inner } = trouble;
  if (code === 'BIP509' && isTold(attempt))
    log.error(
      { device, code, ...(inner && { call: callInWords(inner) }), reason: errorText(trouble) },
      'the device has an internal fault; all changes for it wait',
    );
}

/** At attempts 1, 2, 4, 8 …: visible without flooding. */
function isTold(attempt: number): boolean {
  return Number.isInteger(Math.log2(attempt));
}

/** A new slice is reported at once. */
async function tell(
  scope: Scope,
  arrivals: readonly Arrival[],
  trouble: DeviceOutage,
): Promise<void> {
  for (const arrival of slicesOf(arrivals))
    if (isTold(arrival.message.receiveCount)) await tellOne(scope, arrival, trouble);
}

/** A result that cannot be sent is no reason to fail: the next attempt tells it. */
async function tellOne(
  { runtime, recorder }: Scope,
  arrival: ReturnType<typeof slicesOf>[number],
  trouble: DeviceOutage,
): Promise<void> {
  const settled = settledAsRetry(arrival.data, trouble);
  await sendSettled(runtime, arrival.meta, settled).catch(() => undefined);
  await recorder.tell(settled, deliveryOf(arrival));
}

/** The newest slice of each owner, because only its result is of interest. */
function slicesOf(
  arrivals: readonly Arrival[],
): readonly Arrived<Extract<Arrival, { kind: 'slice' }>['data']>[] {
  return newestFirst(arrivals.filter((one) => one.kind === 'slice')).newest;
}

/**
 * Moves messages to the store; a message that it does not accept stays in the queue, with all later
 * ones.
 */
export async function moveToWaiting(
  scope: Scope,
  arrivals: readonly Arrival[],
  mark: DeviceMark,
): Promise<readonly QueueMessage[]> {
  const { runtime, attempts, waiting } = scope;
  const { device, code, since } = mark;
  for (const [i, arrival] of arrivals.entries()) {
    try {
      await waiting.keep(device, arrival, attempts.of(arrival.message.id));
    } catch (error) {
      const left = arrivals.slice(i).map(({ message }) => message);
      await again(
        scope,
        device,
        left,
        new Error(`the failure store cannot keep the waiting changes: ${errorMessage(error)}`),
      );
      return left;
    }
    attempts.forget(arrival.message.id);
  }
  runtime.log.warn(
    {
      device,
      code: 'BIP510',
      because: code,
      since: new Date(since).toISOString(),
      messages: arrivals.length,
    },
    'moved to the failure store until the device works again',
  );
  const trouble = inWaiting(mark);
  for (const arrival of slicesOf(arrivals)) await tellOne(scope, arrival, trouble);
  return [];
}

/** The message stays the same during an outage, so that it produces a single Event. */
function inWaiting({ device, code, reason, since }: DeviceMark): DeviceOutage {
  return {
    code,
    fault: 'transient',
    response: '',
    after: undefined,
    message:
      `${reason}. The change has been waiting since ${new Date(since).toISOString()}; ` +
      `Sluice applies it as soon as ${device} works again`,
  };
}
