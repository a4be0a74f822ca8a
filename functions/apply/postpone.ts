/** The device is at fault, or something unknown is: everything comes again later, and the clusters hear why now and then. */
import { DeviceError } from '../../shared/bigip/errors.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import type { Arrived } from './arrivals.ts';
import { newestFirst } from './arrivals.ts';
import { backoff } from './backoff.ts';
import { sendSettled } from './report.ts';
import { settledAsRetry } from './results.ts';
import type { Scope } from './scope.ts';

export interface Waiting {
  readonly messages: readonly QueueMessage[];
  readonly slices: readonly Arrived<Slice>[];
}

export async function postpone({ runtime, attempts }: Scope, device: string, { messages, slices }: Waiting, error: unknown): Promise<void> {
  const known = error instanceof DeviceError ? error : undefined;
  const attempt = Math.max(...messages.map((message) => message.receiveCount));
  const delay = backoff(known, attempt, runtime.random);
  runtime.log.warn({ device, code: known?.code, error: String(error), response: known?.response, attempt, delay, messages: messages.length }, 'retry');
  const queue = runtime.queues.queue('slices');
  const at = new Date(runtime.clock.now()).toISOString();
  for (const message of messages) {
    attempts.add(message.id, { at, code: known?.code ?? 'unknown', reason: known ? `${known.message} ${known.response}`.trim() : String(error) });
    await queue.changeVisibility(message.receipt, delay).catch(() => undefined);
  }
  // At attempts 1, 2, 4, 8 …: enough to be seen, too few to spam.
  if (!known || !Number.isInteger(Math.log2(attempt))) return;
  for (const { meta, data } of newestFirst(slices).newest) await sendSettled(runtime, meta, settledAsRetry(data, known)).catch(() => undefined);
}
