/**
 * map: receives snapshots and sends slices. Only wiring; the decisions are in
 * `shared/queue/origin.ts`, `content.ts` and `map.ts`.
 */
import type { Inventory, Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import { formatRevision } from '../../shared/domain/revision.ts';
import { createStore } from '../../shared/failures/opened-once.ts';
import type { Store } from '../../shared/failures/opened-once.ts';
import { createReleaseNote } from '../../shared/failures/releases.ts';
import { suspectsOf } from '../../shared/failures/suspects.ts';
import { handleGroups } from '../../shared/queue/batch.ts';
import { sendDeadLetter } from '../../shared/queue/dead-letter.ts';
import type { EventAttributes } from '../../shared/queue/envelope-attributes.ts';
import { parseAttributes } from '../../shared/queue/envelope-attributes.ts';
import { openData } from '../../shared/queue/envelope.ts';
import { publishEvent } from '../../shared/queue/publish.ts';
import {
  CLUSTER_INVENTORY,
  INGRESS_ABSENT,
  INGRESS_DESIRED,
  MEMBER_LEAVING,
  SNAPSHOT_EVENTS,
} from '../../shared/queue/events.ts';
import type { EventMeta, ReceivedEvent } from '../../shared/queue/envelope-types.ts';
import type { FunctionContext, Handler } from '../../shared/queue/handler.ts';
import { createKeyring } from '../../shared/queue/keyring.ts';
import type { Keyring } from '../../shared/queue/keyring.ts';
import { checkOrigin } from '../../shared/queue/origin.ts';
import type { OriginRefusal } from '../../shared/queue/origin.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import type { Suspects } from '../../shared/queue/suspects.ts';
import { traceFields } from '../../shared/queue/trace.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { checkContent } from './content.ts';
import { sendExpress } from './express.ts';
import { mapInventory } from './inventory.ts';
import { handleLeaving } from './leaving.ts';
import { mapSnapshot } from './map.ts';
import { outageOf, putOff } from './put-off.ts';
import { createVerdictKeeper } from './verdicts.ts';
import type { VerdictKeeper } from './verdicts.ts';

/** Wires the function. `suspects` remembers messages that crashed their process. */
export function create(
  runtime: Runtime,
  suspects: Suspects = suspectsOf(runtime, 'snapshots'),
  store: Store = createStore(runtime),
): Handler & { close(): Promise<void> } {
  const keys = createKeyring(runtime.secrets, runtime.clock);
  const verdicts = createVerdictKeeper(runtime, store.open);
  const release = createReleaseNote(runtime, store.open, 'map');
  const scope = ({ functionVersion }: FunctionContext): Scope => ({
    runtime,
    keys,
    verdicts,
    functionVersion,
  });
  const handle = handleGroups({
    suspects,
    single: true,
    handle: async (_group, messages, context) => {
      for (const [done, message] of messages.entries()) {
        const away = await handleMessage(scope(context), message).catch(outageOf);
        if (away !== undefined) return putOff(runtime, context, messages.slice(done), away);
      }
      return [];
    },
    giveUp: (message, verdict, context) => park(scope(context), message, verdict),
    queue: () => runtime.queues.queue('snapshots'),
    onError: (group, error) =>
      runtime.log.error({ group, error: String(error) }, 'a snapshot could not be processed'),
  });
  const noted: Handler = async (event, context) => {
    const retried = await handle(event, context);
    await release.note();
    return retried;
  };
  return Object.assign(noted, {
    close: async () => void (await Promise.all([suspects.close(), store.close()])),
  });
}

/** The Lambda entry point. */
export const handler = lambdaEntry((runtime) => create(runtime));

/**
 * What all steps for one message share. The keyring lives as long as the function, so that keys are
 * not read again for each message.
 */
interface Scope {
  readonly runtime: Runtime;
  /** Public keys of clusters, for signatures. */
  readonly keys: Keyring;
  /** Keeps what map says about each server. */
  readonly verdicts: VerdictKeeper;
  /** For dead letters. */
  readonly functionVersion: string;
}

/** Resolves with the missing resource if the message must be retried; rejects if a queue is away. */
async function handleMessage(
  scope: Scope,
  message: QueueMessage,
): Promise<OriginRefusal | undefined> {
  const read = parseAttributes(message.body);
  if ('refused' in read) return park(scope, message, read.refused);
  return read.ok.type === MEMBER_LEAVING
    ? handleLeaving(scope, message, read.ok)
    : handleState(scope, message, read.ok);
}

/** A snapshot or an inventory. */
async function handleState(
  scope: Scope,
  message: QueueMessage,
  claimed: EventAttributes,
): Promise<OriginRefusal | undefined> {
  const { runtime, keys } = scope;
  const { config } = runtime;
  const parkTraced = (refusal: Refusal): Promise<undefined> =>
    park(scope, message, { ...refusal, traceparent: claimed.traceparent });
  const origin = await checkOrigin({ claimed, sender: message.sender, config, keys });
  if (origin.kind === 'away') return origin;
  // The subject is unproven, so the dead letter has no owner.
  if (origin.kind === 'refused') return parkTraced(origin);
  const opened = openData(claimed, SNAPSHOT_EVENTS);
  if ('refused' in opened) return parkTraced(opened.refused);
  const event = opened.ok;
  const content = checkContent(event);
  if (content.kind === 'refused') return parkTraced(content);
  if (event.type === CLUSTER_INVENTORY) return sendAbsences(scope, event, message.sender);
  const result = mapSnapshot({ snapshot: event.data, sender: message.sender, config });
  if (result.kind === 'refused') return parkTraced({ ...result, subject: event.subject });
  await sendExpress(runtime, event, { events: result.express, sentAt: message.sentAt });
  for (const slice of result.slices)
    await sendOn(runtime, event, {
      type: INGRESS_DESIRED,
      subject: slice.owner,
      device: slice.device,
      data: slice,
    });
  await scope.verdicts.note(event.subject, event.data.revision, result.verdicts);
  for (const note of result.notes) runtime.log.info({ owner: event.subject, ...note }, 'note');
  runtime.log.info(
    {
      ...summary(event.data),
      slices: result.slices.length,
      exposures: result.slices[0]?.exposures.length ?? 0,
      express: result.express.length,
      ...traceFields(event),
    },
    'mapped',
  );
  return undefined;
}

/**
 * Sends one event to each device with the owners that the inventory does not list any more. An
 * inventory that lists all of them sends nothing.
 */
async function sendAbsences(
  { runtime, verdicts }: Scope,
  event: ReceivedEvent<typeof CLUSTER_INVENTORY, Inventory>,
  sender: string | undefined,
): Promise<undefined> {
  const absences = mapInventory({ inventory: event.data, sender, config: runtime.config });
  for (const absence of absences)
    await sendOn(runtime, event, {
      type: INGRESS_ABSENT,
      subject: event.subject,
      device: absence.device,
      data: absence,
    });
  const absent = absences[0]?.absent ?? [];
  for (const owner of absent) await verdicts.note(owner, event.data.revision, []);
  const { cluster, ingresses, revision } = event.data;
  runtime.log.info(
    {
      cluster,
      revision: formatRevision(revision),
      ingresses: ingresses.length,
      absent,
      ...traceFields(event),
    },
    'inventory',
  );
}

type Refusal = OriginRefusal & {
  readonly subject?: string;
  readonly traceparent?: string | undefined;
};

/**
 * Logs the refusal and sends the message with its bytes to the dead letters. Rejects if the queue
 * cannot be reached; the message is then delivered again.
 */
async function park(
  { runtime, functionVersion }: Scope,
  message: QueueMessage,
  refusal: Refusal,
): Promise<undefined> {
  const { code, reason, subject } = refusal;
  runtime.log.error(
    {
      message: message.id,
      code,
      reason,
      owner: subject,
      sender: message.sender,
      ...traceFields(refusal),
    },
    'dead letter',
  );
  await sendDeadLetter(runtime.queues, {
    code,
    reason,
    queue: 'snapshots',
    message,
    functionVersion,
    now: runtime.clock.now(),
    owner: subject,
  });
}

/** The fields that identify a snapshot in the log. */
function summary(snapshot: Snapshot): object {
  return {
    cluster: snapshot.cluster,
    ingress: `${snapshot.ingress.namespace}/${snapshot.ingress.service}`,
    revision: `${snapshot.revision.epoch}.${snapshot.revision.counter}`,
  };
}

/** One event for the queue of a device. */
interface Onward {
  /** Type of the event to send. */
  readonly type: string;
  /** The owner. */
  readonly subject: string;
  /** Also the group in the queue, so that changes of a device stay in order. */
  readonly device: string;
  readonly data: object;
}

/**
 * Publishes to the group of the device, so that a device receives its events one after the other.
 */
async function sendOn(
  runtime: Runtime,
  cause: EventMeta,
  { type, subject, device, data }: Onward,
): Promise<void> {
  await publishEvent(runtime, {
    queue: 'slices',
    group: device,
    type,
    data,
    cluster: cause.cluster,
    subject,
    // Derived, so that a redelivered event produces one message per device within the deduplication
    // window.
    id: `${cause.id}.${device}`,
    cause,
    hop: 'map',
  });
}
