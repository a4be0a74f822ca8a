/** Kubernetes Events: one for each object, subject and reason; it is counted up, not repeated. */
import { createHash } from 'node:crypto';
import {
  KubernetesError,
  type KubernetesClient,
  type RawObject,
  type Resource,
} from '../../../shared/kubernetes/index.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

export const EVENTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};
const SUBJECT = 'sluice.io/subject';
/** The API refuses longer messages. */
const LONGEST = 1024;

export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What is to be said about one subject of an object, such as one exposure of a Gateway. */
export interface EventMessage {
  readonly subject: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

interface Written extends RawObject {
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject?: Partial<EventTarget>;
}

export interface Recorder {
  /** Everything that holds for the object under subjects that start with `scope`; says only what is new. */
  report(target: EventTarget, scope: string, occurrences: readonly EventMessage[]): Promise<void>;
}

export function createRecorder(client: KubernetesClient, clock: Clock): Recorder {
  /** By object UID, then subject: what was said last. */
  const said = new Map<string, Map<string, string>>();

  /** After a restart the cluster remembers what was said. */
  async function recall(target: EventTarget): Promise<Map<string, string>> {
    const known = said.get(target.uid);
    if (known !== undefined) return known;
    const found: Written[] = [];
    const selection = {
      namespace: target.namespace,
      fieldSelector: `involvedObject.uid=${target.uid}`,
    };
    for await (const page of client.pages(EVENTS, selection))
      found.push(
        ...page.items.filter((event: Written) => event.involvedObject?.uid === target.uid),
      );
    const last = new Map<string, string>();
    for (const event of found.sort(byAge)) {
      const subject = event.metadata.annotations?.[SUBJECT];
      if (subject !== undefined) last.set(subject, sentence(event));
    }
    said.set(target.uid, last);
    return last;
  }

  async function write(target: EventTarget, occurrence: EventMessage): Promise<void> {
    const event = eventFor(target, occurrence, clock.now());
    try {
      await client.create(EVENTS, event);
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 409) throw error;
      const { name } = event.metadata;
      const before: Written | undefined = await client.get(EVENTS, name, target.namespace);
      const { message, lastTimestamp } = event;
      await client.merge(
        EVENTS,
        { name, namespace: target.namespace },
        { message, lastTimestamp, count: (before?.count ?? 1) + 1 },
      );
    }
  }

  return {
    report: async (target, scope, occurrences) => {
      const last = await recall(target);
      const shown = occurrences.map(withVisibleText);
      for (const occurrence of shown) {
        if (last.get(occurrence.subject) === sentence(occurrence)) continue;
        await write(target, occurrence);
        last.set(occurrence.subject, sentence(occurrence));
      }
      // What no longer holds may be said again when it comes back.
      const now = new Set(shown.map((occurrence) => occurrence.subject));
      for (const subject of last.keys())
        if (subject.startsWith(scope) && !now.has(subject)) last.delete(subject);
    },
  };
}

/** `kubectl` hands the message to a terminal as it is. */
function withVisibleText({ subject, message, ...rest }: EventMessage): EventMessage {
  return { ...rest, subject: visible(subject), message: visible(message) };
}

function sentence({
  type,
  reason,
  message,
}: {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
}): string {
  return `${type} ${reason} ${(message ?? '').slice(0, LONGEST)}`;
}

function byAge(a: Written, b: Written): number {
  return (
    Date.parse(a.lastTimestamp ?? '') - Date.parse(b.lastTimestamp ?? '') ||
    Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion)
  );
}

function eventFor(target: EventTarget, occurrence: EventMessage, now: number): Written {
  const { subject, type, reason, message } = occurrence;
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
      name: `${name.slice(0, 230)}.${key}`,
      annotations: { [SUBJECT]: subject },
    },
    involvedObject: { apiVersion, kind, namespace, name, uid },
    type,
    reason,
    message: message.slice(0, LONGEST),
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: 'sluice' },
    reportingComponent: 'sluice',
    reportingInstance: '',
  };
}
