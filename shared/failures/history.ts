/**
 * What became of each owner's newest events: a short, bounded story. Nothing decides by it, and losing it loses history only; so it is
 * written without a lock's care, and seldom: what only repeats the last result is written once a minute at most.
 */
import * as z from 'zod';
import type { Settled } from '../domain/exposure/exposure.ts';
import { exposureKey } from '../domain/exposure/exposure.ts';
import { Revision } from '../domain/revision.ts';
import type { Hop } from '../queue/hops.ts';
import type { Blobs } from './blobs.ts';
import { digest } from './identity.ts';

export const HistoryEntry = z.strictObject({
  /** When it settled; milliseconds since 1970, as all times here. */
  at: z.number(),
  /** When the same result was last seen again. */
  last: z.number(),
  /** How often, the first time included. */
  times: z.int().positive(),
  device: z.string().optional(),
  revision: Revision,
  /** Where the event was before. */
  hops: z.array(z.strictObject({ at: z.string(), where: z.string() })),
  /** How often the message had been received. */
  attempt: z.int(),
  /** The replay job that sent it. */
  job: z.string().optional(),
  /** How many exposures, by outcome. */
  outcomes: z.record(z.string(), z.int()),
  /** What was not as wanted before, exposure by exposure; not all where they are many. */
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

export const OwnerHistory = z.strictObject({
  format: z.literal(1),
  owner: z.string(),
  chapters: z.array(HistoryEntry),
});
/** Oldest chapter first. */
export type OwnerHistory = Readonly<z.infer<typeof OwnerHistory>>;

/** How a message got there. */
export interface Delivery {
  readonly hops: readonly Hop[];
  readonly attempt: number;
  /** Of the message; a replay's begins with `replay.JOB.`. */
  readonly deduplicationId: string;
}

export interface HistoryStore {
  note(settled: Settled, way: Delivery): Promise<void>;
  of(owner: string): Promise<OwnerHistory | undefined>;
  all(): Promise<readonly OwnerHistory[]>;
}

const CHAPTERS = 20;
const LINES = 20;
const WORDS = 300;
/** Milliseconds. */
const REPEAT = 60_000;
const PARALLEL = 32;

/** Pure. */
export function historyEntry(settled: Settled, way: Delivery, now: number): HistoryEntry {
  const { version, device, exposures } = settled;
  const news = exposures.filter((e) => e.outcome !== 'unchanged').slice(0, LINES);
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
      message: e.message.slice(0, WORDS),
    })),
  };
}

function isRepetition(a: HistoryEntry, b: HistoryEntry): boolean {
  const told = ({ device, job, outcomes, lines }: HistoryEntry): string =>
    JSON.stringify([device, job, outcomes, lines]);
  return told(a) === told(b);
}

/** Undefined: nothing has to be written. Pure. */
export function withEntry(story: OwnerHistory, chapter: HistoryEntry): OwnerHistory | undefined {
  const index = story.chapters.findLastIndex((known) => known.device === chapter.device);
  const known = story.chapters[index];
  if (known === undefined || !isRepetition(known, chapter))
    return { ...story, chapters: [...story.chapters, chapter].slice(-CHAPTERS) };
  if (chapter.at - known.last < REPEAT) return undefined;
  const again = { ...chapter, at: known.at, last: chapter.at, times: known.times + 1 };
  return { ...story, chapters: story.chapters.toSpliced(index, 1, again) };
}

export function createHistoryStore(blobs: Blobs, now: () => number): HistoryStore {
  // What is unchanged by its tag is not read again.
  const known = new Map<string, { readonly tag: string; readonly story: OwnerHistory }>();
  const keyOf = (owner: string): string => `history/${digest(owner).slice(0, 16)}.json`;
  const fetch = async (
    key: string,
  ): Promise<{ readonly tag: string; readonly story: OwnerHistory } | undefined> => {
    const blob = await blobs.get(key);
    const parsed = blob === undefined ? undefined : OwnerHistory.safeParse(JSON.parse(blob.text));
    // What another version wrote is history too.
    if (blob === undefined || parsed?.success !== true) return undefined;
    const found = { tag: blob.tag, story: parsed.data };
    known.set(key, found);
    return found;
  };
  return {
    note: async (settled, way) => {
      const key = keyOf(settled.owner);
      const story = (known.get(key) ?? (await fetch(key)))?.story ?? {
        format: 1,
        owner: settled.owner,
        chapters: [],
      };
      const next = withEntry(story, historyEntry(settled, way, now()));
      if (next === undefined) return;
      const tag = await blobs.put(key, JSON.stringify(next));
      if (tag !== undefined) known.set(key, { tag, story: next });
    },
    of: async (owner) => (await fetch(keyOf(owner)))?.story,
    all: async () => {
      const entries = await blobs.list('history/');
      const found: OwnerHistory[] = [];
      for (let i = 0; i < entries.length; i += PARALLEL) {
        const some = await Promise.all(
          entries
            .slice(i, i + PARALLEL)
            .map(
              async ({ key, tag }) =>
                (known.get(key)?.tag === tag ? known.get(key) : await fetch(key))?.story,
            ),
        );
        found.push(...some.filter((story) => story !== undefined));
      }
      return found;
    },
  };
}
