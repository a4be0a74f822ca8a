/** Acts of people by their idempotency key, so that a repeated request does nothing twice. */
import * as z from 'zod';
import type { Blobs } from './blobs.ts';
import { digest } from './identity.ts';
import { pruneOld } from './prune-old.ts';
import { readJson } from './read.ts';

/** Prefix of these blobs in the failure store. */
export const ACTS = 'acts/';

const Act = z.strictObject({
  format: z.literal(1),
  at: z.number(),
  /** What was asked for, as a hash. */
  request: z.string().max(64),
  /** What was answered; absent while it is carried out. */
  answer: z.string().max(4_096).exactOptional(),
  /** The change that undoes it. */
  undo: z.record(z.string(), z.unknown()).exactOptional(),
  /** The id of the question that goes on after the answer. */
  ask: z.string().max(64).exactOptional(),
});

/** What was answered: one sentence, the change that undoes it, and the question that goes on. */
export interface ActAnswer {
  readonly says: string;
  readonly undo?: object;
  readonly ask?: string;
}

/** A repeated request: with the answer of the first one, if it has ended. */
export interface KnownAct {
  /** Whether the first request asked for the same. */
  readonly isSame: boolean;
  readonly answer?: ActAnswer;
}

/** All reject with a ReplayError RPL700 if the storage is unavailable. */
export interface Acts {
  /** Undefined: it is new, and begins now. */
  begin(who: string, key: string, request: unknown): Promise<KnownAct | undefined>;
  end(who: string, key: string, request: unknown, answer: ActAnswer): Promise<void>;
  /** It was not carried out, and may be tried again. */
  forget(who: string, key: string): Promise<void>;
  /** Removes acts from before `before`. Resolves with their number. */
  prune(before: number): Promise<number>;
}

function actOf(text: string): z.infer<typeof Act> | undefined {
  return Act.safeParse(readJson(text)).data;
}

/** One blob for each act. */
export function createActs(blobs: Blobs, now: () => number): Acts {
  const keyOf = (who: string, key: string): string =>
    `${ACTS}${digest(JSON.stringify([who, key])).slice(0, 32)}.json`;
  const textOf = (request: unknown, { says: answer, undo, ask }: Partial<ActAnswer> = {}): string =>
    JSON.stringify({
      format: 1,
      at: now(),
      request: digest(JSON.stringify(request)),
      answer,
      undo,
      ask,
    });
  const read = async (key: string) => {
    const blob = await blobs.get(key);
    return blob && actOf(blob.text);
  };
  return {
    begin: async (who, key, request) => {
      const name = keyOf(who, key);
      if ((await blobs.put(name, textOf(request), 'absent')) !== undefined) return undefined;
      const known = await read(name);
      const isSame = known?.request === digest(JSON.stringify(request));
      if (known?.answer === undefined) return { isSame };
      const { answer: says, undo, ask } = known;
      return { isSame, answer: { says, ...(undo && { undo }), ...(ask && { ask }) } };
    },
    end: async (who, key, request, answer) =>
      void (await blobs.put(keyOf(who, key), textOf(request, answer))),
    forget: (who, key) => blobs.delete(keyOf(who, key)),
    prune: (before) => pruneOld(blobs, { prefix: ACTS, before, timeIn: (text) => actOf(text)?.at }),
  };
}
