/**
 * Dead letters: events that cannot succeed without a change, with everything needed to understand
 * and replay them.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { shorten } from '../domain/text/shorten.ts';
import { MAX_CHARACTERS } from './bounds.ts';
import { Revision } from '../domain/revision.ts';
import { serialiseEventWithin } from './envelope.ts';
import type { EventMeta } from './envelope-types.ts';
import { DEAD_LETTER } from './events.ts';
import { queueToken } from './limits.ts';
import {
  MAX_BODY_BYTES,
  QueueError,
  type QueueMessage,
  type Queues,
  type WorkQueueName,
} from './port.ts';

/** The stage that refused the event. */
export const DeadLetterClass = z.enum(['input', 'mapping', 'ownership', 'device', 'queue']);
export type DeadLetterClass = z.infer<typeof DeadLetterClass>;

/** One failed attempt, with time and code. */
export const Attempt = z.strictObject({
  at: z.iso.datetime(),
  code: z.string(),
  reason: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

/** One entry of the plan at the time of the failure. */
export const PlanLine = z.object({
  owner: z.string(),
  key: z.string(),
  kind: z.string(),
  code: z.string(),
  reason: z.string(),
});
export type PlanLine = z.infer<typeof PlanLine>;

/** The data of a dead letter. Readers accept fields of all released versions. */
export const DeadLetter = z.strictObject({
  code: z.string(),
  /** Names the object, the field and the remedy. */
  reason: z.string(),
  class: DeadLetterClass,
  queue: z.enum(['snapshots', 'slices']),
  group: z.string(),
  original: z.strictObject({
    /** The queue's id of the message. */
    id: z.string(),
    /** The received bytes, unchanged unless `cut` is set. */
    body: z.string(),
    sentAt: z.number(),
    receiveCount: z.int(),
    sender: z.string().optional(),
    /**
     * Set if the body was too large for one message, which no event of Sluice is: `body` is only
     * its beginning, and these are the size and hash of the whole.
     */
    cut: z.strictObject({ bytes: z.int(), sha256: z.string() }).optional(),
  }),
  owner: z.string().optional(),
  device: z.string().optional(),
  partition: z.string().optional(),
  /** `address:port/protocol` */
  exposure: z.string().optional(),
  revision: Revision.optional(),
  /** BIG-IP's message, shortened. */
  response: z.string().optional(),
  /** The plan for the owner, without unchanged entries. */
  plan: z.array(PlanLine).optional(),
  attempts: z.array(Attempt),
  functionVersion: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/** Event types on `<queue>-dead`. SQS also moves raw messages there by itself. */
export const DEAD_LETTER_EVENTS = { [DEAD_LETTER]: DeadLetter } as const satisfies Record<
  string,
  z.ZodType
>;

/** Input of a dead letter; it is shortened to fit into one message. */
export interface DeadLetterInput {
  readonly code: string;
  /** For people, with object and remedy. */
  readonly reason: string;
  /** The queue that the event failed in. */
  readonly queue: WorkQueueName;
  /** `fromRecord(record)` */
  readonly message: QueueMessage;
  readonly functionVersion: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly owner?: string | undefined;
  readonly device?: string | undefined;
  readonly partition?: string | undefined;
  readonly exposure?: string | undefined;
  readonly revision?: Revision | undefined;
  /** What the device said, shortened. */
  readonly response?: string | undefined;
  /** What would have been changed. */
  readonly plan?: readonly PlanLine[] | undefined;
  /** Earlier attempts, oldest first; default: only this one. */
  readonly attempts?: readonly Attempt[] | undefined;
  readonly traceparent?: string | undefined;
}

/**
 * Characters and lines. An event of Sluice fits completely together with all of these, because
 * `seal` reserves room for them.
 */
const BUDGET = {
  response: 4_000,
  name: 512,
  attempts: 20,
  attempt: 500,
  lines: 50,
  line: 300,
} as const;
/** Smaller limits if the dead letter would be too large otherwise: the event is more important. */
const LEAN = { response: 500, attempts: 3 } as const;
/** A body of this length fits into one message, whatever its content. */
const MAX_CUT_BODY_CHARACTERS = 128 * 1024;

const CLASSES: readonly (readonly [string, DeadLetterClass])[] = [
  ['GW', 'input'],
  ['MAP', 'mapping'],
  ['OWN', 'ownership'],
  ['BIP', 'device'],
];

function classOf(code: string): DeadLetterClass {
  return CLASSES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'queue';
}

/** Drops names that are too long: a truncated name would be a different name. */
function name(text: string | undefined): string | undefined {
  return text === undefined || text.length > BUDGET.name ? undefined : text;
}

function attemptsOf({ attempts, now, code, reason }: DeadLetterInput): Attempt[] {
  const all = attempts ?? [{ at: new Date(now).toISOString(), code, reason }];
  return all
    .slice(-BUDGET.attempts)
    .map((one) => ({ ...one, reason: shorten(one.reason, BUDGET.attempt) }));
}

function planOf(plan: readonly PlanLine[]): PlanLine[] {
  return plan
    .slice(0, BUDGET.lines)
    .map((line) => ({ ...line, reason: shorten(line.reason, BUDGET.line) }));
}

/** The complete dead letter, before it is reduced to the size limit. */
function letterOf(input: DeadLetterInput): DeadLetter {
  const {
    code,
    reason,
    queue,
    message,
    functionVersion,
    owner,
    device,
    partition,
    exposure,
    revision,
    response,
    plan,
  } = input;
  const { id, body, sentAt, receiveCount, sender } = message;
  return {
    code,
    reason: shorten(reason, MAX_CHARACTERS.reason),
    class: classOf(code),
    queue,
    group: message.group,
    original: { id, body, sentAt, receiveCount, sender },
    owner: name(owner),
    device: name(device),
    partition: name(partition),
    exposure: name(exposure),
    revision: revision && { epoch: revision.epoch, counter: revision.counter },
    response: response === undefined ? undefined : shorten(response, BUDGET.response),
    ...(plan === undefined ? {} : { plan: planOf(plan) }),
    attempts: attemptsOf(input),
    functionVersion,
  };
}

/**
 * The letter without what is only helpful: the plan, long messages of the device, early attempts.
 */
function lean({ plan: _plan, ...letter }: DeadLetter): DeadLetter {
  const { response, attempts } = letter;
  return {
    ...letter,
    response: response === undefined ? undefined : shorten(response, LEAN.response),
    attempts: attempts.slice(-LEAN.attempts),
  };
}

/**
 * The letter with the beginning of the original only, marked with size and hash of the whole. It
 * can never be sent again.
 */
function cut(letter: DeadLetter): DeadLetter {
  const { body } = letter.original;
  const whole = {
    bytes: Buffer.byteLength(body),
    sha256: createHash('sha256').update(body).digest('hex'),
  };
  return {
    ...lean(letter),
    original: { ...letter.original, body: body.slice(0, MAX_CUT_BODY_CHARACTERS), cut: whole },
  };
}

/**
 * Serialises as much as fits into one message: everything, then without the explanatory parts, then
 * with only the beginning of the event.
 */
function sealLetter(letter: DeadLetter, meta: EventMeta): string {
  for (const form of [letter, lean(letter)]) {
    try {
      return serialiseEventWithin(DEAD_LETTER, form, { meta, limit: MAX_BODY_BYTES });
    } catch (error) {
      if (!(error instanceof QueueError) || error.code !== 'Q604') throw error;
    }
  }
  return serialiseEventWithin(DEAD_LETTER, cut(letter), { meta, limit: MAX_BODY_BYTES });
}

function clusterOf(owner: string | undefined): string {
  const cluster = owner?.split('/')[0] ?? '';
  return cluster === '' || cluster.length > MAX_CHARACTERS.source / 2 ? 'unknown' : cluster;
}

/**
 * Sends the dead letter to `<queue>-dead`. Delete the message only after this resolves. The id is
 * derived from message and failure, so the queue drops duplicates.
 */
export async function sendDeadLetter(queues: Queues, input: DeadLetterInput): Promise<void> {
  const { message, queue, traceparent } = input;
  const owner = name(input.owner);
  const id = queueToken(
    ['dead', message.id, input.code, input.partition, input.exposure]
      .filter((part) => part !== undefined)
      .join('.'),
  );
  const meta: EventMeta = {
    id,
    cluster: clusterOf(owner),
    subject: owner ?? (message.group || message.id),
    time: new Date(input.now).toISOString(),
    traceparent:
      traceparent !== undefined && traceparent.length > MAX_CHARACTERS.traceparent
        ? undefined
        : traceparent,
  };
  const body = sealLetter(letterOf(input), meta);
  await queues
    .queue(`${queue}-dead`)
    .send({ group: message.group || message.id, deduplicationId: id, body });
}
