/** What a message of a dead-letter queue says, as the failure store keeps it. Pure. */
import type { SluiceConfig } from '../config/schema.ts';
import { ORIGIN_CODES } from '../domain/codes/ownership.ts';
import { exposureKey } from '../domain/exposure/exposure.ts';
import type { Slice } from '../domain/exposure/exposure.ts';
import { ownerKey, parseOwner } from '../domain/ingress/snapshot.ts';
import { canonical } from '../domain/plan/declared.ts';
import type { Revision } from '../domain/revision.ts';
import { DEAD_LETTER_EVENTS } from '../queue/dead-letter.ts';
import type { DeadLetter } from '../queue/dead-letter.ts';
import { open } from '../queue/envelope.ts';
import type { EventOf } from '../queue/envelope.ts';
import { ABSENCE_EVENTS, CLUSTER_INVENTORY, INGRESS_ABSENT, INGRESS_DESIRED, SLICE_EVENTS, SNAPSHOT_EVENTS } from '../queue/events.ts';
import type { QueueMessage, WorkQueueName } from '../queue/port.ts';
import { digest, failureId } from './identity.ts';
import type { Evidence, Sighting, Verification } from './port.ts';

type Clusters = Pick<SluiceConfig, 'clusters' | 'failures'>;

/** What the original event tells about itself. */
interface Origin {
  readonly owner: string | undefined;
  readonly device: string | undefined;
  readonly revision: Revision | undefined;
  readonly slice: Slice | undefined;
  /** What comes from map carries whom map had verified. */
  readonly fromMap?: { readonly sender: string | undefined };
  readonly traceparent: string | undefined;
  /** Type of the event, or what it is instead. */
  readonly kind: string;
}

const EVENTS = { ...SNAPSHOT_EVENTS, ...SLICE_EVENTS, ...ABSENCE_EVENTS };
const SENTENCE = 300;

function readOrigin(body: string): Origin {
  const opened = open(body, EVENTS);
  if ('ok' in opened) return originOf(opened.ok);
  const { subject, type } = opened.refused;
  // Without a subject only the content tells one from another.
  return { owner: subject, device: undefined, revision: undefined, slice: undefined, traceparent: undefined, kind: subject === undefined ? digest(body) : (type ?? 'unreadable') };
}

function originOf(event: EventOf<typeof EVENTS>): Origin {
  const base = { traceparent: event.traceparent, kind: event.type, slice: undefined, device: undefined };
  if (event.type === INGRESS_DESIRED) {
    const { owner, device, version } = event.data;
    return { ...base, owner, device, revision: { epoch: version.epoch, counter: version.counter }, slice: event.data, fromMap: { sender: event.data.sender } };
  }
  if (event.type === INGRESS_ABSENT) {
    const { device, version, sender } = event.data;
    return { ...base, owner: event.subject, device, revision: { epoch: version.epoch, counter: version.counter }, fromMap: { sender } };
  }
  if (event.type === CLUSTER_INVENTORY) return { ...base, owner: event.subject, revision: event.data.revision };
  return { ...base, owner: ownerKey(event.data.cluster, event.data.ingress), revision: event.data.revision };
}

/** The results of the owner that it claims must not close it, nor must it lead a replay of that owner's events. */
function nobodys(origin: Origin): Origin {
  return { ...origin, owner: undefined, revision: undefined, kind: `${origin.kind} in the name of ${origin.owner ?? 'nobody'}` };
}

/** The exposure's settings and gateways; of a whole event its kind. */
function structureOf(origin: Origin, letter: Pick<DeadLetter, 'exposure' | 'partition'>): { readonly structure: string; readonly gateways: readonly string[] } {
  const wanted = origin.slice?.exposures.find((e) => exposureKey(e) === letter.exposure && e.partition === letter.partition);
  if (wanted !== undefined) return { structure: canonical([wanted.settings, wanted.gateways]), gateways: wanted.gateways };
  const gateways = letter.exposure === undefined ? [...new Set(origin.slice?.exposures.flatMap((e) => e.gateways))] : [];
  return { structure: origin.kind, gateways };
}

function verify(origin: Origin, sender: string | undefined, { clusters, failures }: Clusters): Verification {
  // What comes from map carries whom map had verified.
  const speaker = origin.fromMap ? origin.fromMap.sender : sender;
  const cluster = clusters.find((c) => c.id === parseOwner(origin.owner ?? '').cluster);
  if (cluster === undefined || cluster.senders.length === 0 || speaker === undefined) return 'unchecked';
  if (cluster.senders.includes(speaker)) return 'verified';
  // Repeated by a replay, and failed again: who said it first is not known any more.
  return failures.replayers.includes(speaker) ? 'unchecked' : 'refused';
}

/** Dead letters of Sluice's own, and raw messages that the queue's redrive moved. */
export function sightingOf(queue: WorkQueueName, message: QueueMessage, config: Clusters): Sighting {
  const letter = open(message.body, DEAD_LETTER_EVENTS);
  if ('ok' in letter) return fromLetter(letter.ok.data, { message, traceparent: letter.ok.traceparent, at: Date.parse(letter.ok.time), config });
  return fromRaw(queue, message, config);
}

interface LetterContext {
  readonly message: QueueMessage;
  readonly traceparent: string | undefined;
  readonly at: number;
  readonly config: Clusters;
}

function fromLetter(letter: DeadLetter, { message, traceparent, at, config }: LetterContext): Sighting {
  const { original, code, queue, partition, exposure, group } = letter;
  const read = readOrigin(original.body);
  const origin = ORIGIN_CODES.has(code) ? nobodys(read) : read;
  const owner = letter.owner ?? origin.owner;
  const device = letter.device ?? origin.device;
  const { structure, gateways } = structureOf(origin, letter);
  const id = failureId({ code, queue, owner, group, device, partition, exposure, structure });
  const event: Evidence['event'] = { queue, group, ...original, verification: verify(read, original.sender, config) };
  return {
    head: { id, code, class: letter.class, sentence: shorten(letter.reason), queue, owner, device, partition, exposure, gateways: [...gateways], revision: letter.revision ?? origin.revision },
    details: { reason: letter.reason, attempts: letter.attempts, functionVersion: letter.functionVersion, traceparent: traceparent ?? origin.traceparent, response: letter.response, plan: letter.plan, event },
    message: message.id,
    at,
  };
}

function fromRaw(queue: WorkQueueName, message: QueueMessage, config: Clusters): Sighting {
  const { id: messageId, group, body, sentAt, receiveCount, sender } = message;
  const origin = readOrigin(body);
  const { owner, device, revision, traceparent } = origin;
  const code = 'RPL701';
  const { structure, gateways } = structureOf(origin, {});
  const id = failureId({ code, queue, owner, group, device, partition: undefined, exposure: undefined, structure });
  const reason = `${queue}: the event of ${owner ?? `group ${group}`} was moved to the dead letters by the queue and no function left a record of a try; look whether the function starts, then replay`;
  const event: Evidence['event'] = { queue, group, id: messageId, body, sentAt, receiveCount, sender, verification: verify(origin, sender, config) };
  return {
    head: { id, code, class: 'never-ran', sentence: shorten(reason), queue, owner, device, gateways: [...gateways], revision },
    details: { reason, attempts: [], traceparent, event },
    message: messageId,
    at: sentAt,
  };
}

function shorten(text: string): string {
  return text.length <= SENTENCE ? text : `${text.slice(0, SENTENCE - 1)}…`;
}
