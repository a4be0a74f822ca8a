/** Snapshots that cannot be handled now: a key cannot be read, or a queue is away. */
import type { Runtime } from '../../shared/host/runtime.ts';
import { isOutage } from '../../shared/queue/away.ts';
import type { FunctionContext } from '../../shared/queue/handler.ts';
import { giveBack } from '../../shared/queue/lease.ts';
import { type Pauses, pauseBefore } from '../../shared/queue/pauses.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';

/** What is not there, as the reason to wait for it. Throws all other errors. */
export function outageOf(error: unknown): WaitReason {
  if (!isOutage(error)) throw error;
  return { code: errorCode(error), reason: errorMessage(error) };
}

/** Why a message waits; without a code if the system has none for it. */
interface WaitReason {
  readonly code: string | undefined;
  readonly reason: string;
}

/** An operator must correct the key, or the queue of slices; both are tried again each time. */
const PAUSES: Pauses = { first: 30_000, longest: 30_000, least: 1 / 6 };

/** Returns this message and all later ones of its group, to keep the order. */
export async function putOff(
  { queues, log, random, clock }: Runtime,
  context: FunctionContext,
  messages: readonly QueueMessage[],
  { code, reason }: WaitReason,
): Promise<readonly QueueMessage[]> {
  const attempt = Math.max(...messages.map(({ receiveCount }) => receiveCount));
  const age = clock.now() - Math.min(...messages.map(({ sentAt }) => sentAt));
  const delay = pauseBefore(PAUSES, { attempt, age }, { random });
  log.warn(
    { code, error: reason, group: messages[0]?.group, messages: messages.length, delay },
    'retry',
  );
  for (const message of messages)
    await giveBack(queues.queue('snapshots'), context, message, delay).catch(() => undefined);
  return messages;
}
