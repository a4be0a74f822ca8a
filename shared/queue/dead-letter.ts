/** An event that will not succeed by itself, with everything needed to understand it and to send it again. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { shorten } from '../domain/text/bounded.ts';
import { LONGEST } from './bounds.ts';
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

export const DeadLetterClass = z.enum(['input', 'mapping', 'ownership', 'device', 'queue']);
export type DeadLetterClass = z.infer<typeof DeadLetterClass>;

export const Attempt = z.strictObject({
  at: z.iso.datetime(),
  code: z.string(),
  reason: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

/** One change of the plan, as it stood when something failed. */
export const PlanLine = z.object({
  owner: z.string(),
  key: z.string(),
  kind: z.string(),
  code: z.string(),
  reason: z.string(),
});
export type PlanLine = z.infer<typeof PlanLine>;

export const DeadLetter = z.strictObject({
  code: z.string(),
  /** A sentence with object, field and remedy. */
  reason: z.string(),
  class: DeadLetterClass,
  queue: z.enum(['snapshots', 'slices']),
  group: z.string(),
  original: z.strictObject({
    /** The queue's id of the message. */
    id: z.string(),
    /** What was received, unchanged, unless `cut` says otherwise. */
    body: z.string(),
    sentAt: z.number(),
    receiveCount: z.int(),
    sender: z.string().optional(),
    /** The body cannot be packed into one message (no event of Sluice is like that): its beginning is kept, and what it was. */
    cut: z.strictObject({ bytes: z.int(), sha256: z.string() }).optional(),
  }),
  owner: z.string().optional(),
  device: z.string().optional(),
  partition: z.string().optional(),
  /** `address:port/protocol` */
  exposure: z.string().optional(),
  revision: Revision.optional(),
  /** The device's own words, shortened. */
  response: z.string().optional(),
  /** What was planned for the owner, without what was as wanted already. */
  plan: z.array(PlanLine).optional(),
  attempts: z.array(Attempt),
  functionVersion: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/** What travels on `<queue>-dead`, besides raw messages that SQS moved there by itself. */
export const DEAD_LETTER_EVENTS = { [DEAD_LETTER]: DeadLetter } as const satisfies Record<
  string,
  z.ZodType
>;

export interface DeadLetterInput {
  readonly code: string;
  readonly reason: string;
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
  readonly response?: string | undefined;
  readonly plan?: readonly PlanLine[] | undefined;
  /** Earlier tries, oldest first; absent: this one. */
  readonly attempts?: readonly Attempt[] | undefined;
  readonly traceparent?: string | undefined;
}

/** Characters, and lines. A letter whose event is one of Sluice's own fits with all of it, whole: `seal` leaves room for it. */
const BUDGET = {
  response: 4_000,
  name: 512,
  attempts: 20,
  attempt: 500,
  lines: 50,
  line: 300,
} as const;
/** Where that is too much beside the event: the event matters more. */
const LEAN = { response: 500, attempts: 3 } as const;
/** Packs into one message whatever the text is. */
const LONGEST_CUT_BODY = 128 * 1024;

const CLASSES: readonly (readonly [string, DeadLetterClass])[] = [
  ['GW', 'input'],
  ['MAP', 'mapping'],
  ['OWN', 'ownership'],
  ['BIP', 'device'],
];

function classOf(code: string): DeadLetterClass {
  return CLASSES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'queue';
}

/** A name that is cut would be another one. */
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
    reason: shorten(reason, LONGEST.reason),
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

function lean({ plan: _plan, ...letter }: DeadLetter): DeadLetter {
  const { response, attempts } = letter;
  return {
    ...letter,
    response: response === undefined ? undefined : shorten(response, LEAN.response),
    attempts: attempts.slice(-LEAN.attempts),
  };
}

function cut(letter: DeadLetter): DeadLetter {
  const { body } = letter.original;
  const whole = {
    bytes: Buffer.byteLength(body),
    sha256: createHash('sha256').update(body).digest('hex'),
  };
  return {
    ...lean(letter),
    original: { ...letter.original, body: body.slice(0, LONGEST_CUT_BODY), cut: whole },
  };
}

/** As much of it as one message takes: all, then without what is only told, then with the beginning of the event. */
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
  return cluster === '' || cluster.length > LONGEST.source / 2 ? 'unknown' : cluster;
}

/**
 * Sends the dead letter to `<queue>-dead`; delete the message only after this resolved. Done again for the same message, the same
 * fault gives the same id, so the queue swallows the repetition.
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
      traceparent !== undefined && traceparent.length > LONGEST.traceparent
        ? undefined
        : traceparent,
  };
  const body = sealLetter(letterOf(input), meta);
  await queues
    .queue(`${queue}-dead`)
    .send({ group: message.group || message.id, deduplicationId: id, body });
}
