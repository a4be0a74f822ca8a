/** Receives results from the settled queue and hands each to its ingress. */
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import { fullJitter } from '../../../shared/kubernetes/index.ts';
import { isOutage } from '../../../shared/queue/away.ts';
import { verdictOf } from '../../../shared/queue/batch.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import type { EventOf } from '../../../shared/queue/envelope-types.ts';
import { INGRESS_SETTLED, RESYNC_EVENTS, SETTLED_EVENTS } from '../../../shared/queue/events.ts';
import type { Resync } from '../../../shared/queue/events.ts';
import type { Queue, QueueMessage } from '../../../shared/queue/port.ts';
import { createSuspects, NOT_RETRIED, type Suspects } from '../../../shared/queue/suspects.ts';
import { traceFields } from '../../../shared/queue/trace.ts';
import { RETRY_BACKOFF_MS, type RetryContext } from '../loop/retry.ts';

/** Time for one batch, after which the queue delivers it again. */
const VISIBILITY_MS = 60_000;

/** All events that may arrive in the queue of a cluster. */
const EVENTS = { ...SETTLED_EVENTS, ...RESYNC_EVENTS };

/** Each method resolves with whether the message is done. */
export interface SettledListener {
  settled(settled: Settled): Promise<boolean>;
  /**
   * A device may have lost its configuration, or a retry was ordered. `subject`: an owner if only
   * its ingress is to be sent again; otherwise the device.
   */
  resync(asked: Resync, subject: string): Promise<boolean>;
}

/**
 * Receives results from the cluster's queue until the signal fires; deletes a message only after
 * the listener has processed it.
 */
export async function consumeSettled(
  queue: Queue,
  listener: SettledListener,
  patience: RetryContext,
): Promise<void> {
  const { signal, clock, random, log } = patience;
  const suspects = createSuspects(NOT_RETRIED, { clock, log });
  let failures = 0;
  while (!signal.aborted) {
    try {
      const messages = await queue.receive({
        max: 10,
        waitMs: 20_000,
        visibilityMs: VISIBILITY_MS,
        signal,
      });
      const { deadly, rest } = sift(messages, suspects);
      for (const message of deadly) await drop(queue, message, log);
      await Promise.all(
        byGroup(rest).map((group) => handleGroup(queue, group, { listener, log, suspects })),
      );
      failures = 0;
    } catch (error) {
      failures += 1;
      const pause = fullJitter(failures, RETRY_BACKOFF_MS, random);
      log.warn(
        { error: String(error), queue: queue.name, pause },
        'results cannot be received; retrying',
      );
      await clock.sleep(pause, signal);
    }
  }
}

/**
 * After this many receives without a reason, the message may have crashed the process each time.
 * The next snapshot produces a new result.
 */
const MAX_RECEIVES = 3;

/** Separates messages that may crash the process from the others, before any is parsed. */
function sift(
  messages: readonly QueueMessage[],
  suspects: Suspects,
): { readonly deadly: readonly QueueMessage[]; readonly rest: readonly QueueMessage[] } {
  const isDeadly = (message: QueueMessage): boolean =>
    message.receiveCount > MAX_RECEIVES && suspects.isSuspect(message);
  return {
    deadly: messages.filter(isDeadly),
    rest: messages.filter((message) => !isDeadly(message)),
  };
}

/** The next snapshot produces a new result, so the message is deleted and not kept. */
async function drop(
  queue: Queue,
  { id, group, receipt, receiveCount }: QueueMessage,
  log: RetryContext['log'],
): Promise<void> {
  log.error(
    { code: 'Q617', id, group, receiveCount },
    'a result that may have crashed the process each time is deleted without being parsed; ' +
      'the next snapshot produces a new one',
  );
  await queue.delete(receipt);
}

/** What the handling of all messages shares. */
interface Handling {
  readonly listener: SettledListener;
  readonly log: RetryContext['log'];
  readonly suspects: Suspects;
}

/** In order; later messages of a group wait for the one to retry. */
async function handleGroup(
  queue: Queue,
  messages: readonly QueueMessage[],
  { listener, log, suspects }: Handling,
): Promise<void> {
  for (const message of messages) {
    if (!(await dealWith(message, { listener, log }))) {
      suspects.gaveBack([message]);
      return queue.changeVisibility(message.receipt, 5_000);
    }
    await queue.delete(message.receipt);
  }
}

/** A result that cannot be parsed or processed is dropped; the next snapshot produces a new one. */
async function dealWith(
  message: QueueMessage,
  { listener, log }: Omit<Handling, 'suspects'>,
): Promise<boolean> {
  try {
    const opened = parseEvent(message.body, EVENTS);
    if ('ok' in opened) {
      const { type, subject } = opened.ok;
      log.info({ type, subject, ...traceFields(opened.ok) }, 'received');
      return await tell(listener, opened.ok);
    }
    log.error({ code: opened.refused.code, id: message.id }, opened.refused.reason);
  } catch (error) {
    if (isOutage(error)) throw error;
    const { code, reason } = verdictOf(error);
    log.error({ code, id: message.id, group: message.group }, reason);
  }
  return true;
}

/** Resolves with whether the listener is done with the event. */
function tell(listener: SettledListener, event: EventOf<typeof EVENTS>): Promise<boolean> {
  return event.type === INGRESS_SETTLED
    ? listener.settled(event.data)
    : listener.resync(event.data, event.subject);
}

/** Messages of one group must be handled in order. */
function byGroup(messages: readonly QueueMessage[]): readonly (readonly QueueMessage[])[] {
  return [...Map.groupBy(messages, (message) => message.group).values()];
}
