/**
 * The history of each owner: a short, bounded list of recent results, for `trace` and `status`. No
 * decision depends on it, so it is written without a lock and rarely: a repeated result is written
 * at most once a minute.
 */
import * as z from 'zod';
import type { Settled } from '../domain/exposure/exposure.ts';
import { exposureKey } from '../domain/exposure/exposure.ts';
import { Revision } from '../domain/revision.ts';
import type { Hop } from '../queue/hops.ts';
import type { Blobs } from './blobs.ts';
import { digest } from './identity.ts';
import { readInBatches } from './read.ts';

/** One result of an owner, or several equal ones in sequence. */
export const HistoryEntry = z.strictObject({
  /** Time of the result; all times are milliseconds since 1970. */
  at: z.number(),
  /** Time at which the same result was last seen. */
  last: z.number(),
  /** Number of occurrences, including the first. */
  times: z.int().positive(),
  device: z.string().optional(),
  revision: Revision,
  /** Earlier stations of the event. */
  hops: z.array(z.strictObject({ at: z.string(), where: z.string() })),
  /** Receive count of the message. */
  attempt: z.int(),
  /** The replay job that sent it. */
  job: z.string().optional(),
  /** Number of exposures by outcome. */
  outcomes: z.record(z.string(), z.int()),
  /** The changes for each exposure; a sample if there are many. */
  lines: z.array(
    z.strictObject({
      key: z.string(),
      gateways: z.array(z.string()),
      outcome: z.string(),
      code: z.string(),
      message: z.string(),
    }),
  ),
});
export type HistoryEntry = Readonly<z.infer<typeof HistoryEntry>>;

/**
 * The stored history of an owner, oldest entry first. The field is called `chapters` in stored data
 * and stays so.
 */
export const OwnerHistory = z.strictObject({
  format: z.literal(1),
  owner: z.string(),
  chapters: z.array(HistoryEntry),
});
/** Oldest entry first. */
export type OwnerHistory = Readonly<z.infer<typeof OwnerHistory>>;

/** How a message was delivered. */
export interface Delivery {
  /** Stations of the event, with their times. */
  readonly hops: readonly Hop[];
  /** Number of receives, including this one. */
  readonly attempt: number;
  /** Deduplication id of the message; with a replay it starts with `replay.JOB.`. */
  readonly deduplicationId: string;
}

/** Reads and appends histories of owners. */
export interface HistoryStore {
  /** Joins a result that repeats the last one, and writes that at most once a minute. */
  note(settled: Settled, way: Delivery): Promise<void>;
  /** Undefined: nothing is known of the owner. */
  of(owner: string): Promise<OwnerHistory | undefined>;
  all(): Promise<readonly OwnerHistory[]>;
}

/** Per owner, the newest: enough for `trace`, which asks what happened last. */
const MAX_ENTRIES = 20;
/** Exposures in one entry; further ones are left out. */
const MAX_LINES = 20;
/** Per line; BIG-IP's messages can be long. */
const MAX_TEXT_CHARACTERS = 300;
/** Milliseconds. */
const REPEAT_MS = 60_000;

/** Pure. */
export function historyEntry(settled: Settled, way: Delivery, now: number): HistoryEntry {
  const { version, device, exposures } = settled;
  const news = exposures.filter((e) => e.outcome !== 'unchanged').slice(0, MAX_LINES);
  const job = /^replay\.([^.]+)\./.exec(way.deduplicationId)?.[1];
  return {
    at: now,
    last: now,
    times: 1,
    ...(device === undefined ? {} : { device }),
    revision: { epoch: version.epoch, counter: version.counter },
    hops: way.hops.map(({ at, where }) => ({ at, where })),
    attempt: way.attempt,
    ...(job === undefined ? {} : { job }),
    outcomes: Object.fromEntries(
      [...Map.groupBy(exposures, (e) => e.outcome)].map(([outcome, list]) => [
        outcome,
        list.length,
      ]),
    ),
    lines: news.map((e) => ({
      key: exposureKey(e),
      gateways: e.gateways,
      outcome: e.outcome,
      code: e.code,
      message: e.message.slice(0, MAX_TEXT_CHARACTERS),
    })),
  };
}

/**
 * Whether an entry says the same as the one before, such as a resync: only its time is noted then.
 */
function isRepetition(a: HistoryEntry, b: HistoryEntry): boolean {
  const told = ({ device, job, outcomes, lines }: HistoryEntry): string =>
    JSON.stringify([device, job, outcomes, lines]);
  return told(a) === told(b);
}

/** Undefined if nothing needs to be written. Pure. */
export function withEntry(history: OwnerHistory, entry: HistoryEntry): OwnerHistory | undefined {
  const index = history.chapters.findLastIndex((known) => known.device === entry.device);
  const known = history.chapters[index];
  if (known === undefined || !isRepetition(known, entry))
    return { ...history, chapters: [...history.chapters, entry].slice(-MAX_ENTRIES) };
  if (entry.at - known.last < REPEAT_MS) return undefined;
  const again = { ...entry, at: known.at, last: entry.at, times: known.times + 1 };
  return { ...history, chapters: history.chapters.toSpliced(index, 1, again) };
}

interface Known {
  readonly tag: string;
  readonly history: OwnerHistory | undefined;
}

/** Keeps the histories in blobs below `history/`, one per owner. */
export function createHistoryStore(blobs: Blobs, now: () => number): HistoryStore {
  // Blobs with an unchanged tag are not read again.
  const known = new Map<string, Known>();
  const keyOf = (owner: string): string => `history/${digest(owner).slice(0, 16)}.json`;
  const fetch = async (key: string): Promise<Known | undefined> => {
    const blob = await blobs.get(key);
    if (blob === undefined) return undefined;
    // What another version wrote counts as no history.
    const { data: history } = OwnerHistory.safeParse(JSON.parse(blob.text));
    const found = { tag: blob.tag, history };
    known.set(key, found);
    return found;
  };
  return {
    note: async (settled, way) => {
      const key = keyOf(settled.owner);
      const history = (known.get(key) ?? (await fetch(key)))?.history ?? {
        format: 1,
        owner: settled.owner,
        chapters: [],
      };
      const next = withEntry(history, historyEntry(settled, way, now()));
      if (next === undefined) return;
      const tag = await blobs.put(key, JSON.stringify(next));
      if (tag !== undefined) known.set(key, { tag, history: next });
    },
    of: async (owner) => (await fetch(keyOf(owner)))?.history,
    all: async () => {
      const found = await readInBatches(
        await blobs.list('history/'),
        async ({ key, tag }) =>
          (known.get(key)?.tag === tag ? known.get(key) : await fetch(key))?.history,
      );
      return found.filter((history) => history !== undefined);
    },
  };
}
