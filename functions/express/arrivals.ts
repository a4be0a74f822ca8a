/** Selects the events of a batch that are still useful. Pure. */
import type { Express } from '../../shared/domain/express/event.ts';
import { EXPRESS_MAX_AGE_MS } from '../../shared/domain/express/event.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import { parseEvent } from '../../shared/queue/envelope.ts';
import { EXPRESS_EVENTS } from '../../shared/queue/events.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';

/** A parsed express event with its age. */
export interface ExpressArrival {
  readonly message: QueueMessage;
  readonly event: Express;
  /** Milliseconds since the snapshot was sent. */
  readonly age: number;
  readonly traceparent: string | undefined;
}

/** An event that is not used, with the reason. */
export type Dropped = {
  readonly message: QueueMessage;
  readonly owner?: string;
  readonly code?: string;
  readonly reason: string;
};

/** The usable events of a batch, and the dropped ones. */
export interface Sorted {
  readonly arrivals: readonly ExpressArrival[];
  /** Not dead-lettered, because the slice contains the same change. */
  readonly dropped: readonly Dropped[];
}

/** `own`: the only partition of the device; undefined if unknown or if there are several. */
export function sortMessages(
  messages: readonly QueueMessage[],
  own: string | undefined,
  now: number,
): Sorted {
  const arrivals: ExpressArrival[] = [];
  const dropped: Dropped[] = [];
  for (const message of messages) {
    const opened = parseEvent(message.body, EXPRESS_EVENTS);
    if ('refused' in opened) {
      dropped.push({ message, code: opened.refused.code, reason: opened.refused.reason });
      continue;
    }
    const { data: event, time, traceparent } = opened.ok;
    const age = now - Date.parse(time);
    const reason = whyNot(event, own, age);
    if (reason === undefined) arrivals.push({ message, event, age, traceparent });
    else dropped.push({ message, owner: event.owner, reason });
  }
  return { arrivals: newestOfEach(arrivals), dropped };
}

/**
 * Why an event is left to its slice: it is too old, or the device has several partitions, whose
 * nodes may be in /Common. Undefined if it is applied. `age` in milliseconds.
 */
function whyNot(event: Express, own: string | undefined, age: number): string | undefined {
  if (age > EXPRESS_MAX_AGE_MS)
    return `observed ${Math.round(age / 1000)} s ago; its slice decides`;
  return event.partition === own
    ? undefined
    : `device ${event.device} has other partitions besides ${event.partition} in this configuration; its slice decides`;
}

/**
 * An event covers all members of its owner, so it replaces older ones. One that was sent ahead of
 * its snapshot is only about the members in it.
 */
function newestOfEach(arrivals: readonly ExpressArrival[]): readonly ExpressArrival[] {
  const newest = new Map<string, ExpressArrival>();
  for (const arrival of arrivals.filter(({ event }) => event.ahead !== true)) {
    const known = newest.get(arrival.event.owner);
    if (known === undefined || compareVersions(arrival.event.version, known.event.version) >= 0)
      newest.set(arrival.event.owner, arrival);
  }
  const isNewer = ({ event }: ExpressArrival): boolean => {
    const whole = newest.get(event.owner)?.event;
    return whole === undefined || compareVersions(event.version, whole.version) > 0;
  };
  // Of those that were not sent ahead, none is newer than the newest.
  return [...newest.values(), ...arrivals.filter(isNewer)];
}
