/** Format and identity of Sluice's Kubernetes Events. */
import { createHash } from 'node:crypto';
import type { RawObject } from '../../../shared/kubernetes/index.ts';

/** Field selector for Sluice's Events in a namespace. */
export const OWN_EVENTS = 'source=sluice';

const SUBJECT = 'sluice.io/subject';
/** Maximum message length of the API. */
const MAX_MESSAGE_CHARACTERS = 1024;
/** Leaves room for the hash after the object's name. */
const MAX_NAME_CHARACTERS = 230;

/** The object that an Event is about. */
export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Tells an object from one of the same name that was deleted. */
  readonly uid: string;
}

/** A message about one subject of an object, such as one exposure of a Gateway. */
export interface EventMessage {
  /** What the message is about; a new message for it replaces the old one. */
  readonly subject: string;
  /** `Warning`: somebody should do something. */
  readonly type: 'Normal' | 'Warning';
  /** One word in camel case, frozen: people filter by it. */
  readonly reason: string;
  /** Cut at 1,024 characters when it is written. */
  readonly message: string;
}

/** A stored Event. */
export interface EventObject extends RawObject {
  /** How often the same was reported. */
  readonly count?: number;
  /** RFC 3339. */
  readonly lastTimestamp?: string;
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject?: Partial<EventTarget>;
}

/** Undefined if the Event has no subject annotation. */
export function subjectOf(event: EventObject): string | undefined {
  return event.metadata.annotations?.[SUBJECT];
}

/** Messages with the same text are equal. */
export function sentence({
  type,
  reason,
  message,
}: {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
}): string {
  return `${type} ${reason} ${(message ?? '').slice(0, MAX_MESSAGE_CHARACTERS)}`;
}

/** Comparison by age, oldest first. */
export function byAge(a: EventObject, b: EventObject): number {
  return (
    Date.parse(a.lastTimestamp ?? '') - Date.parse(b.lastTimestamp ?? '') ||
    Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion)
  );
}

/** One name per object, subject, type and reason, so that a repetition increases a counter. */
export function eventFor(target: EventTarget, said: EventMessage, now: number): EventObject {
  const { subject, type, reason, message } = said;
  const key = createHash('sha256')
    .update(`${target.uid} ${subject} ${type} ${reason}`)
    .digest('hex')
    .slice(0, 16);
  const { apiVersion, kind, namespace, name, uid } = target;
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      namespace,
      name: `${name.slice(0, MAX_NAME_CHARACTERS)}.${key}`,
      annotations: { [SUBJECT]: subject },
    },
    involvedObject: { apiVersion, kind, namespace, name, uid },
    type,
    reason,
    message: message.slice(0, MAX_MESSAGE_CHARACTERS),
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: 'sluice' },
    reportingComponent: 'sluice',
    reportingInstance: '',
  };
}
