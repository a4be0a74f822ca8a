/** map: takes snapshots, sends slices. Wiring only; the decisions are in `map.ts`. */
import type { Snapshot } from '../../shared/domain/ingress/snapshot.ts';
import { formatRevision } from '../../shared/domain/revision.ts';
import { handleGroups } from '../../shared/queue/batch.ts';
import { deadLetter } from '../../shared/queue/dead-letter.ts';
import { open, seal } from '../../shared/queue/envelope.ts';
import { CLUSTER_INVENTORY, INGRESS_ABSENT, INGRESS_DESIRED, SNAPSHOT_EVENTS } from '../../shared/queue/events.ts';
import type { EventMeta } from '../../shared/queue/envelope.ts';
import type { Handler } from '../../shared/queue/handler.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { lambdaEntry } from '../../shared/runtime/lambda.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { sendExpress } from './express.ts';
import { mapInventory } from './inventory.ts';
import { mapSnapshot } from './map.ts';

export function create(runtime: Runtime): Handler {
  return handleGroups(
    async (_group, messages, context) => {
      for (const message of messages) await handleMessage(runtime, message, context.functionVersion);
      return [];
    },
    (group, error) => runtime.log.error({ group, error: String(error) }, 'snapshots go back to the queue'),
  );
}

export const handler = lambdaEntry(create);

async function handleMessage(runtime: Runtime, message: QueueMessage, functionVersion: string): Promise<void> {
  const opened = open(message.body, SNAPSHOT_EVENTS);
  if ('refused' in opened) return park(runtime, message, functionVersion, opened.refused);
  const event = opened.ok;
  if (event.type === CLUSTER_INVENTORY) {
    const result = mapInventory({ inventory: event.data, sender: message.sender, config: runtime.config, now: runtime.clock.now() });
    if (result.kind === 'refused') return park(runtime, message, functionVersion, { ...result, subject: event.subject });
    for (const absence of result.absences) await sendOn(runtime, event, { type: INGRESS_ABSENT, subject: event.subject, device: absence.device, data: absence });
    const { cluster, ingresses, revision } = event.data;
    runtime.log.info({ cluster, revision: formatRevision(revision), ingresses: ingresses.length, absent: result.absences[0]?.absent ?? [] }, 'inventory');
    return;
  }
  const result = mapSnapshot({ snapshot: event.data, sender: message.sender, config: runtime.config, now: runtime.clock.now() });
  if (result.kind === 'refused') return park(runtime, message, functionVersion, { ...result, subject: event.subject });
  await sendExpress(runtime, event, { events: result.express, sentAt: message.sentAt });
  for (const slice of result.slices) await sendOn(runtime, event, { type: INGRESS_DESIRED, subject: slice.owner, device: slice.device, data: slice });
  for (const note of result.notes) runtime.log.info({ owner: event.subject, ...note }, 'note');
  runtime.log.info({ ...summary(event.data), slices: result.slices.length, exposures: result.slices[0]?.exposures.length ?? 0, express: result.express.length }, 'mapped');
}

async function park(runtime: Runtime, message: QueueMessage, functionVersion: string, refusal: { readonly code: string; readonly reason: string; readonly subject?: string }): Promise<void> {
  const { code, reason, subject } = refusal;
  runtime.log.error({ message: message.id, code, reason, owner: subject }, 'dead letter');
  await deadLetter(runtime.queues, { code, reason, queue: 'snapshots', message, functionVersion, now: runtime.clock.now(), owner: subject });
}

function summary(snapshot: Snapshot): object {
  return { cluster: snapshot.cluster, ingress: `${snapshot.ingress.namespace}/${snapshot.ingress.service}`, revision: `${snapshot.revision.epoch}.${snapshot.revision.counter}` };
}

interface Onward {
  readonly type: string;
  readonly subject: string;
  readonly device: string;
  readonly data: object;
}

async function sendOn(runtime: Runtime, cause: EventMeta, { type, subject, device, data }: Onward): Promise<void> {
  const time = new Date(runtime.clock.now()).toISOString();
  // Derived, so that the same event delivered twice makes one message per device within the queue's window.
  const id = `${cause.id}.${device}`;
  const body = seal(type, data, {
    id,
    cluster: cause.cluster,
    subject,
    time,
    traceparent: cause.traceparent,
    hops: [...(cause.hops ?? []), { at: time, where: 'map' }],
  });
  await runtime.queues.queue('slices').send({ group: device, deduplicationId: id, body });
}
