/**
 * What a console asks of the functions that have credentials: previews, runs of replay jobs, fresh
 * looks and checks. The question and its answer are one blob, so both outlive console and browser.
 */
import * as z from 'zod';
import { stillHolds } from '../runtime/clock.ts';
import type { BlobEntry, Blobs } from './blobs.ts';
import { ReplayError } from './error.ts';
import { MAX_PACKED, packed, unpacked } from './packed.ts';
import { pruneOld } from './prune-old.ts';
import { readInBatches, readJson } from './read.ts';

/** Prefix of these blobs in the failure store. */
export const ASKS = 'asks/';

const text = z.string().max(4_096);

/** What is wanted. Those of `replay` are answered by that function, the others by audit. */
export const Wanted = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('replay-plan'),
    words: z.array(text).max(200),
    canary: z.int().min(0).max(1_000_000),
    rate: z.number().positive().max(1_000),
    force: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('replay-run'),
    action: z.enum(['start', 'resume']),
    job: text,
    /** `previewHash` of the items as the person saw them. */
    hash: text,
  }),
  z.strictObject({ kind: z.literal('look') }),
  z.strictObject({ kind: z.literal('doctor') }),
  z.strictObject({
    /** How many connections the members of these exposures have. */
    kind: z.literal('connections'),
    /** A cluster, or one of its ingresses as `cluster/namespace/service`. */
    owner: text,
    device: text.exactOptional(),
    /** `address:port/protocol`; absent: all. */
    keys: z.array(text).max(1_000).exactOptional(),
  }),
]);
export type Wanted = Readonly<z.infer<typeof Wanted>>;

/** The function that answers. */
export function answererOf({ kind }: Wanted): 'replay' | 'audit' {
  return kind.startsWith('replay') ? 'replay' : 'audit';
}

/** How a console calls a function that runs elsewhere. */
const AskCall = z.strictObject({ ask: z.string().regex(/^[\w-]{1,64}$/) });

/** The id of the question that a function is called with; undefined for other events. */
export function askedIn(event: unknown): string | undefined {
  return AskCall.safeParse(event).data?.ask;
}

/**
 * `working`: a function has it. `running`: the job that it asks for is under way, and is continued
 * if its process dies. `moved`: something changed since the person looked, and nothing was done.
 */
export const ASK_STATES = ['waiting', 'working', 'running', 'done', 'moved', 'failed'] as const;
/** One of {@link ASK_STATES}. */
export type AskState = (typeof ASK_STATES)[number];

const AskBlob = z.strictObject({
  format: z.literal(1),
  id: text,
  at: z.number(),
  by: text,
  why: text,
  wanted: Wanted,
  state: z.enum(ASK_STATES),
  progress: z.strictObject({ done: z.int(), total: z.int() }).exactOptional(),
  /** While a function works on it: when it counts as dead unless it gives a sign of life. */
  until: z.number().exactOptional(),
  /** Packed. */
  answer: z.string().max(MAX_PACKED).exactOptional(),
  problem: z.strictObject({ code: text.exactOptional(), message: text }).exactOptional(),
  ended: z.number().exactOptional(),
});

/** A question with its state. Times are milliseconds since 1970. */
export interface Ask extends Readonly<Omit<z.infer<typeof AskBlob>, 'format' | 'answer'>> {
  readonly answer?: unknown;
}

/** What changes about a question. */
export type AskChange = Partial<
  Pick<Ask, 'state' | 'progress' | 'until' | 'answer' | 'problem' | 'ended'>
>;

/** All reject with a ReplayError RPL700 if the storage is unavailable. */
export interface Asks {
  create(ask: Pick<Ask, 'id' | 'by' | 'why' | 'wanted'>): Promise<Ask>;
  /**
   * Rejects with RPL702 if it does not exist. A question that no function took in time, or whose
   * function died, has failed from then on.
   */
  get(id: string): Promise<Ask>;
  /** `change` may be called several times; undefined leaves the question as it is. */
  update(id: string, change: (ask: Ask) => AskChange | undefined): Promise<Ask>;
  /** Those that are neither answered nor failed; those that `get` would call failed are not. */
  open(): Promise<readonly Ask[]>;
  /**
   * Removes those that were asked before `before`, except runs that are under way. Resolves with
   * their number.
   */
  prune(before: number): Promise<number>;
}

/** States after which a request does not change any more. */
const ENDED: ReadonlySet<AskState> = new Set(['done', 'moved', 'failed']);
/**
 * Lost races for one blob. Few processes write it, so more mean that the store ignores conditions.
 */
const MAX_RACES = 20;
const keyOf = (id: string): string => `${ASKS}${id}.json`;

/** Whether it has an answer, or will never have one. */
export function isEnded({ state }: Pick<Ask, 'state'>): boolean {
  return ENDED.has(state);
}

/** Milliseconds until a function has taken a question. */
const TAKEN_MS = 60_000;
/** Milliseconds between two signs of life; a function of AWS that asks devices has 120 seconds. */
export const ASK_LEASE_MS = 150_000;

/** Why a question will not be answered; undefined: it is answered, or may be. */
function lostWords({ state, at, until = at, wanted }: Ask, now: number): string | undefined {
  const name = answererOf(wanted);
  if (state === 'waiting' && !stillHolds(at + TAKEN_MS, now, TAKEN_MS))
    return `The function ${name} did not begin in time; nothing was done. Its log says why. Ask again.`;
  if (state === 'working' && !stillHolds(until, now, ASK_LEASE_MS))
    return `The function ${name} ended without an answer; its log says why. Ask again.`;
  return undefined;
}

/** The question with the reason why it failed, if it is lost. */
function failedIfLost(ask: Ask, now: number): Ask {
  const message = lostWords(ask, now);
  return message === undefined
    ? ask
    : ended({ ...ask, state: 'failed', problem: { message } }, now);
}

/** Nobody is waited for any more. An answer that came after all replaces the problem. */
function ended({ until: _until, problem, ...ask }: Ask, now: number): Ask {
  return { ...ask, ...(ask.state === 'failed' && problem && { problem }), ended: now };
}

/** There may be a thousand of a day, so those that have ended are read once. */
function createOpenOnes(blobs: Blobs, now: () => number): Asks['open'] {
  let over: ReadonlyMap<string, string> = new Map();
  const isOver = ({ key, tag }: BlobEntry): boolean => over.get(key) === tag;
  return async () => {
    const entries = await blobs.list(ASKS);
    const found = await readInBatches(
      entries.filter((entry) => !isOver(entry)),
      async ({ key }) => ({ key, blob: await blobs.get(key) }),
    );
    const open: Ask[] = [];
    const done: (readonly [string, string])[] = [];
    for (const { key, blob } of found) {
      const ask = blob && askOf(blob.text);
      if (blob === undefined || ask === undefined) continue;
      if (isEnded(ask)) done.push([key, blob.tag]);
      else if (lostWords(ask, now()) === undefined) open.push(ask);
    }
    const known = entries.filter(isOver).map(({ key, tag }) => [key, tag] as const);
    over = new Map([...known, ...done]);
    return open;
  };
}

/** One blob for each question. */
export function createAsks(blobs: Blobs, now: () => number): Asks {
  const read = async (id: string): Promise<{ readonly ask: Ask; readonly tag: string }> => {
    const blob = /^[\w-]{1,64}$/.test(id) ? await blobs.get(keyOf(id)) : undefined;
    const ask = blob && askOf(blob.text);
    if (blob === undefined || ask === undefined)
      throw new ReplayError('RPL702', `No question ${id.slice(0, 64)} in ${blobs.where}.`);
    return { ask, tag: blob.tag };
  };
  return {
    create: async (asked) => {
      const ask: Ask = { ...asked, at: now(), state: 'waiting' };
      await blobs.put(keyOf(ask.id), textOf(ask), 'absent');
      return ask;
    },
    get: async (id) => {
      const { ask, tag } = await read(id);
      const present = failedIfLost(ask, now());
      if (present === ask) return ask;
      const written = await blobs.put(keyOf(id), textOf(present), { tag });
      return written === undefined ? (await read(id)).ask : present;
    },
    update: async (id, change) => {
      for (let race = 0; race < MAX_RACES; race++) {
        const { ask, tag } = await read(id);
        const changed = change(ask);
        if (changed === undefined) return ask;
        const merged = { ...ask, ...changed };
        const next = isEnded(merged) ? ended(merged, now()) : merged;
        if ((await blobs.put(keyOf(id), textOf(next), { tag })) !== undefined) return next;
      }
      throw new ReplayError('RPL700', `Question ${id} changed ${MAX_RACES} times while written.`);
    },
    open: createOpenOnes(blobs, now),
    prune: (before) => pruneOld(blobs, { prefix: ASKS, before, timeIn: ageOf }),
  };
}

/** A run that is under way stays, so that it can be continued. */
function ageOf(blob: string): number | undefined {
  const ask = askOf(blob);
  return ask?.state === 'running' ? Infinity : ask?.at;
}

/** A request as it is stored; answers are packed, because a preview may have thousands of lines. */
function textOf({ answer, ...ask }: Ask): string {
  const small = answer === undefined ? undefined : packed(answer);
  return JSON.stringify({ format: 1, ...ask, ...(small !== undefined && { answer: small }) });
}

/** A stored request; undefined if it cannot be read, which counts as missing. */
function askOf(blob: string): Ask | undefined {
  const { data } = AskBlob.safeParse(readJson(blob));
  if (data === undefined) return undefined;
  const { format: _format, answer, ...ask } = data;
  return { ...ask, ...(answer !== undefined && { answer: unpacked(answer) }) };
}
