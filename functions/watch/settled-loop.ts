import type { Settled } from '../../shared/domain/exposure/exposure.ts';
import { fullJitter } from '../../shared/kubernetes/index.ts';
import { isAway } from '../../shared/queue/away.ts';
import { verdictOf } from '../../shared/queue/batch.ts';
import { open } from '../../shared/queue/envelope.ts';
import type { EventOf } from '../../shared/queue/envelope.ts';
import { INGRESS_SETTLED, RESYNC_EVENTS, SETTLED_EVENTS } from '../../shared/queue/events.ts';
import type { Resync } from '../../shared/queue/events.ts';
import type { Queue, QueueMessage } from '../../shared/queue/port.ts';
import { RETRY, type Patience } from './persist.ts';

const VISIBILITY = 60_000;

const EVENTS = { ...SETTLED_EVENTS, ...RESYNC_EVENTS };

/** Each resolves with whether it has dealt with it. */
export interface Listener {
  settled(settled: Settled): Promise<boolean>;
  /** A device may have forgotten what it was told. */
  resync(asked: Resync): Promise<boolean>;
}

/** Takes results off the cluster's queue until the signal fires; a message is deleted only after the listener has dealt with it. */
export async function consumeSettled(queue: Queue, listener: Listener, patience: Patience): Promise<void> {
  const { signal, clock, random, log } = patience;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const messages = await queue.receive({ max: 10, wait: 20_000, visibility: VISIBILITY, signal });
      await Promise.all(byGroup(messages).map((group) => handleGroup(queue, group, { listener, log })));
      failures = 0;
    } catch (error) {
      failures += 1;
      const pause = fullJitter(failures, RETRY, random);
      log.warn({ error: String(error), queue: queue.name, pause }, 'results cannot be received; trying again');
      await clock.sleep(pause, signal);
    }
  }
}

interface Handling {
  readonly listener: Listener;
  readonly log: Patience['log'];
}

/** In order; the rest of a group waits for the one that has to be tried again. */
async function handleGroup(queue: Queue, messages: readonly QueueMessage[], { listener, log }: Handling): Promise<void> {
  for (const message of messages) {
    if (!(await dealWith(message, { listener, log }))) return queue.changeVisibility(message.receipt, 5_000);
    await queue.delete(message.receipt);
  }
}

/** A result that cannot be read, or that throws, says nothing; the next snapshot brings a new one. */
async function dealWith(message: QueueMessage, { listener, log }: Handling): Promise<boolean> {
  try {
    const opened = open(message.body, EVENTS);
    if ('ok' in opened) return await tell(listener, opened.ok);
    log.error({ code: opened.refused.code, id: message.id }, opened.refused.reason);
  } catch (error) {
    if (isAway(error)) throw error;
    const { code, reason } = verdictOf(error);
    log.error({ code, id: message.id, group: message.group }, reason);
  }
  return true;
}

function tell(listener: Listener, event: EventOf<typeof EVENTS>): Promise<boolean> {
  return event.type === INGRESS_SETTLED ? listener.settled(event.data) : listener.resync(event.data);
}

function byGroup(messages: readonly QueueMessage[]): readonly (readonly QueueMessage[])[] {
  return [...Map.groupBy(messages, (message) => message.group).values()];
}
