/** The device is at fault, or something unknown is: everything comes again later, and the clusters hear why now and then. */
import { DeviceError, inWords } from '../../shared/bigip/errors.ts';
import { callInWords } from '../../shared/bigip/inner-calls.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { errorCode, errorMessage, errorName } from '../../shared/telemetry/errors.ts';
import type { Arrived } from './arrivals.ts';
import { newestFirst } from './arrivals.ts';
import { backoff } from './backoff.ts';
import { sendSettled, wayOf } from './report.ts';
import { settledAsRetry } from './results.ts';
import type { Trouble } from './results.ts';
import type { Scope } from './scope.ts';

export interface Waiting {
  readonly messages: readonly QueueMessage[];
  readonly slices: readonly Arrived<Slice>[];
}

export async function postpone({ runtime, attempts, healing }: Scope, device: string, { messages, slices }: Waiting, error: unknown): Promise<void> {
  const known = knownTrouble(error);
  const attempt = Math.max(...messages.map((message) => message.receiveCount));
  const delay = backoff(known, attempt, runtime.random);
  runtime.log.warn({ device, code: known?.code, error: String(error), response: known?.response, attempt, delay, messages: messages.length }, 'retry');
  if (known) alarm(runtime, device, known, attempt);
  const queue = runtime.queues.queue('slices');
  const at = new Date(runtime.clock.now()).toISOString();
  for (const message of messages) {
    attempts.add(message.id, { at, code: known?.code ?? 'unknown', reason: known ? inWords(known) : String(error) });
    await queue.changeVisibility(message.receipt, delay).catch(() => undefined);
  }
  if (!known) return;
  // A new slice is heard at once.
  const due = newestFirst(slices).newest.filter(({ message }) => isTold(message.receiveCount));
  for (const arrival of due) {
    const settled = settledAsRetry(arrival.data, known);
    await sendSettled(runtime, arrival.meta, settled).catch(() => undefined);
    await healing.tell(settled, wayOf(arrival));
  }
}

/** What nobody mends by itself, though the device answers: the log line that an alarm counts. */
function alarm({ log }: Scope['runtime'], device: string, trouble: Trouble, attempt: number): void {
  const { code, inner } = trouble;
  if (code === 'BIP509' && isTold(attempt)) log.error({ device, code, ...(inner && { call: callInWords(inner) }), reason: inWords(trouble) }, 'the device fails inside; everything for it waits');
}

/** At attempts 1, 2, 4, 8 …: enough to be seen, too few to spam. */
function isTold(attempt: number): boolean {
  return Number.isInteger(Math.log2(attempt));
}

/** A fault of the device, or of the configuration that leads to it: nothing passes until somebody mends it. */
function knownTrouble(error: unknown): Trouble | undefined {
  if (error instanceof DeviceError) return error;
  // By name: on one host the secrets come from the command's bundle, whose classes are not this one's.
  const code = errorName(error) === 'ConfigError' ? errorCode(error) : undefined;
  return code === undefined ? undefined : { code, fault: 'device', message: errorMessage(error), response: '', after: undefined };
}
