/** Converts messages of a dead-letter queue to failure records. Pure. */
import type { SluiceConfig } from '../config/schema.ts';
import { ORIGIN_CODES } from '../domain/codes/ownership.ts';
import { exposureKey } from '../domain/exposure/exposure.ts';
import { parseOwner } from '../domain/snapshot/snapshot.ts';
import { canonicalJson } from '../domain/declared/declared.ts';
import { DEAD_LETTER_EVENTS } from '../queue/dead-letter.ts';
import type { DeadLetter } from '../queue/dead-letter.ts';
import { parseEvent } from '../queue/envelope.ts';
import type { QueueMessage, WorkQueueName } from '../queue/port.ts';
import type { Proof } from '../queue/proof.ts';
import { type EventOrigin, readOrigin, unreadOrigin, withoutOwner } from './event-origin.ts';
import { digest, failureId } from './identity.ts';
import type { Evidence, FailureRecord, Verification } from './port.ts';

type Clusters = Pick<SluiceConfig, 'clusters' | 'failures'>;

/** Sentences are in lists of thousands of failures; the evidence has the whole text. */
const MAX_SENTENCE_CHARACTERS = 300;

/** Settings and gateways of the exposure; for a whole event, its kind. */
function structureOf(
  origin: EventOrigin,
  letter: Pick<DeadLetter, 'exposure' | 'partition'>,
): { readonly structure: string; readonly gateways: readonly string[] } {
  const wanted = origin.slice?.exposures.find(
    (e) => exposureKey(e) === letter.exposure && e.partition === letter.partition,
  );
  if (wanted !== undefined)
    return {
      structure: canonicalJson([wanted.settings, wanted.gateways]),
      gateways: wanted.gateways,
    };
  const gateways =
    letter.exposure === undefined
      ? [...new Set(origin.slice?.exposures.flatMap((e) => e.gateways))]
      : [];
  return { structure: origin.kind, gateways };
}

/** Verification state of the sender when the event was received. */
function verify(
  origin: EventOrigin,
  sender: string | undefined,
  { clusters, failures }: Clusters,
): Verification {
  // The sender that map verified, for events from map.
  const speaker = origin.fromMap ? origin.fromMap.sender : sender;
  const cluster = clusters.find((c) => c.id === parseOwner(origin.owner ?? '').cluster);
  if (cluster === undefined || cluster.senders.length === 0 || speaker === undefined)
    return 'unchecked';
  if (cluster.senders.includes(speaker)) return 'verified';
  // A replay sent the event again and it failed again; the original sender is no longer known.
  return failures.replayers.includes(speaker) ? 'unchecked' : 'refused';
}

/** Codes of events that no function parsed, so their content is an unproven claim. */
const UNREAD_CODES: ReadonlySet<string> = new Set(['Q610', 'Q611', 'Q612', 'Q613', 'Q614', 'Q615']);
/** Codes of events whose parsing threw or crashed a process; they are not parsed again. */
const DEADLY_CODES: ReadonlySet<string> = new Set(['Q616', 'Q617']);

const isRefused = (code: string): boolean => ORIGIN_CODES.has(code) || UNREAD_CODES.has(code);

/**
 * A message of a dead-letter queue: a dead letter written by Sluice, or an event that the queue
 * moved there.
 */
export type FoundDeadLetter =
  | {
      readonly kind: 'letter';
      readonly letter: DeadLetter;
      readonly traceparent: string | undefined;
      readonly at: number;
    }
  | { readonly kind: 'raw' };

/**
 * A sender on `snapshots` could forge a dead letter, but the queue marks messages that it moved
 * itself.
 */
export function readFoundDeadLetter(queue: WorkQueueName, message: QueueMessage): FoundDeadLetter {
  const opened =
    message.redriven === true ? undefined : parseEvent(message.body, DEAD_LETTER_EVENTS);
  if (opened === undefined || 'refused' in opened || opened.ok.data.queue !== queue)
    return { kind: 'raw' };
  return {
    kind: 'letter',
    letter: opened.ok.data,
    traceparent: opened.ok.traceparent,
    at: Date.parse(opened.ok.time),
  };
}

/** Undefined if the function that wrote the dead letter verified the owner already. */
export function claimIn(
  found: FoundDeadLetter,
  message: QueueMessage,
): { readonly body: string; readonly sender: string | undefined } | undefined {
  if (found.kind === 'raw') return { body: message.body, sender: message.sender };
  const { code, owner, original } = found.letter;
  if (DEADLY_CODES.has(code)) return undefined;
  return owner === undefined || UNREAD_CODES.has(code)
    ? { body: original.body, sender: original.sender }
    : undefined;
}

/** A message of a dead-letter queue, and what is known about its origin. */
export interface FailureRecordContext {
  /** Senders and replayers of the clusters. */
  readonly config: Clusters;
  /** As the dead-letter queue delivered it. */
  readonly message: QueueMessage;
  /** Proof for the result of {@link claimIn}; absent if that is undefined. */
  readonly proof?: Proof;
}

/** Converts a message that `readFoundDeadLetter` recognised. */
export function failureRecord(
  queue: WorkQueueName,
  found: FoundDeadLetter,
  context: FailureRecordContext,
): FailureRecord {
  return found.kind === 'letter' ? fromLetter(found, context) : fromRaw(queue, context);
}

/** Decides which claims of the event are accepted, given the proof of its origin. */
function judged(
  origin: EventOrigin,
  queue: WorkQueueName,
  { proof }: FailureRecordContext,
): EventOrigin {
  if (proof === undefined) return origin;
  // The proof covers the cluster of the envelope, so the content must name the same cluster.
  if (proof.kind !== 'unproven' && parseOwner(origin.owner ?? '').cluster === proof.cluster)
    return origin;
  // Only Sluice may send to `slices`, and events from map are not signed; but it must be an event
  // that map sends.
  return queue === 'slices' && origin.fromMap !== undefined ? origin : withoutOwner(origin);
}

/** The record of a dead letter. The content of a refused or deadly event is not parsed. */
function fromLetter(
  { letter, traceparent, at }: FoundDeadLetter & { readonly kind: 'letter' },
  context: FailureRecordContext,
): FailureRecord {
  const { message, config } = context;
  const { original, code, queue, partition, exposure, group } = letter;
  const read = DEADLY_CODES.has(code)
    ? unreadOrigin(original.body)
    : readOrigin(original.body, queue === 'snapshots' && isRefused(code) ? 'envelope' : 'content');
  const origin = ORIGIN_CODES.has(code) ? withoutOwner(read) : judged(read, queue, context);
  const written = UNREAD_CODES.has(code) ? {} : { owner: letter.owner, revision: letter.revision };
  const owner = written.owner ?? origin.owner;
  const device = letter.device ?? origin.device;
  const { structure, gateways } = structureOf(origin, letter);
  const id = failureId({ code, queue, owner, group, device, partition, exposure, structure });
  const event: Evidence['event'] = {
    queue,
    group,
    ...original,
    verification: verify(read, original.sender, config),
  };
  return {
    head: {
      id,
      code,
      class: letter.class,
      sentence: shorten(letter.reason),
      queue,
      owner,
      device,
      partition,
      exposure,
      gateways: [...gateways],
      revision: written.revision ?? origin.revision,
    },
    details: {
      reason: letter.reason,
      attempts: letter.attempts,
      functionVersion: letter.functionVersion,
      traceparent: traceparent ?? origin.traceparent,
      response: letter.response,
      plan: letter.plan,
      event,
    },
    message: message.id,
    at,
  };
}

/** The record of an event that the queue itself moved to the dead letters (RPL701). */
function fromRaw(queue: WorkQueueName, context: FailureRecordContext): FailureRecord {
  const { message, config } = context;
  const { id: messageId, group, body, sentAt, receiveCount, sender } = message;
  // An event without proof is not unpacked; events from map are not signed.
  const read = readOrigin(
    body,
    queue === 'snapshots' && context.proof?.kind === 'unproven' ? 'envelope' : 'content',
  );
  const origin = judged(read, queue, context);
  const { owner, device, revision, traceparent } = origin;
  const code = 'RPL701';
  const { structure, gateways } = structureOf(origin, {});
  const id = failureId({
    code,
    queue,
    owner,
    group,
    device,
    partition: undefined,
    exposure: undefined,
    structure,
  });
  const reason =
    `${queue}: the queue moved the event of ${owner ?? `group ${group}`} to the dead ` +
    'letters, and no function recorded an attempt; ' +
    'check that the function starts, then replay';
  const event: Evidence['event'] = {
    queue,
    group,
    id: messageId,
    body,
    sentAt,
    receiveCount,
    sender,
    verification: verify(read, sender, config),
  };
  return {
    head: {
      id,
      code,
      class: 'never-ran',
      sentence: shorten(reason),
      queue,
      owner,
      device,
      gateways: [...gateways],
      revision,
    },
    details: { reason, attempts: [], traceparent, event },
    message: messageId,
    at: sentAt,
  };
}

/** The record of a message that must not be parsed: its bytes and the reason. */
export function recordOfUnread(
  queue: WorkQueueName,
  message: QueueMessage,
  { code, reason }: { readonly code: string; readonly reason: string },
): FailureRecord {
  const { id: messageId, group, body, sentAt, receiveCount, sender } = message;
  const id = failureId({
    code,
    queue,
    owner: undefined,
    group,
    device: undefined,
    partition: undefined,
    exposure: undefined,
    structure: digest(body),
  });
  return {
    head: { id, code, class: 'queue', sentence: shorten(reason), queue, gateways: [] },
    details: {
      reason,
      attempts: [],
      event: {
        queue,
        group,
        id: messageId,
        body,
        sentAt,
        receiveCount,
        sender,
        verification: 'unchecked',
      },
    },
    message: messageId,
    at: sentAt,
  };
}

/** For heads, which lists read in large numbers. */
function shorten(text: string): string {
  return text.length <= MAX_SENTENCE_CHARACTERS
    ? text
    : `${text.slice(0, MAX_SENTENCE_CHARACTERS - 1)}…`;
}
