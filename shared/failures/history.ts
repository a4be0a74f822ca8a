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

export const Chapter = z.strictObject({
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
export type Chapter = Readonly<z.infer<typeof Chapter>>;

export const Story = z.strictObject({
  format: z.literal(1),
  owner: z.string(),
  chapters: z.array(Chapter),
});
/** Oldest chapter first. */
export type Story = Readonly<z.infer<typeof Story>>;

/** How a message got there. */
export interface Way {
  readonly hops: readonly Hop[];
  readonly attempt: number;
  /** Of the message; a replay's begins with `replay.JOB.`. */
  readonly deduplicationId: string;
}

export interface History {
  note(settled: Settled, way: Way): Promise<void>;
  of(owner: string): Promise<Story | undefined>;
  all(): Promise<readonly Story[]>;
}

const CHAPTERS = 20;
const LINES = 20;
const WORDS = 300;
/** Milliseconds. */
const REPEAT = 60_000;
const PARALLEL = 32;

/** Pure. */
export function chapterOf(settled: Settled, way: Way, now: number): Chapter {
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

function isRepetition(a: Chapter, b: Chapter): boolean {
  const told = ({ device, job, outcomes, lines }: Chapter): string =>
    JSON.stringify([device, job, outcomes, lines]);
  return told(a) === told(b);
}

/** Undefined: nothing has to be written. Pure. */
export function withChapter(story: Story, chapter: Chapter): Story | undefined {
  const index = story.chapters.findLastIndex((known) => known.device === chapter.device);
  const known = story.chapters[index];
  if (known === undefined || !isRepetition(known, chapter))
    return { ...story, chapters: [...story.chapters, chapter].slice(-CHAPTERS) };
  if (chapter.at - known.last < REPEAT) return undefined;
  const again = { ...chapter, at: known.at, last: chapter.at, times: known.times + 1 };
  return { ...story, chapters: story.chapters.toSpliced(index, 1, again) };
}

export function createHistory(blobs: Blobs, now: () => number): History {
  // What is unchanged by its tag is not read again.
  const known = new Map<string, { readonly tag: string; readonly story: Story }>();
  const keyOf = (owner: string): string => `history/${digest(owner).slice(0, 16)}.json`;
  const fetch = async (
    key: string,
  ): Promise<{ readonly tag: string; readonly story: Story } | undefined> => {
    const blob = await blobs.get(key);
    const parsed = blob === undefined ? undefined : Story.safeParse(JSON.parse(blob.text));
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
      const next = withChapter(story, chapterOf(settled, way, now()));
      if (next === undefined) return;
      const tag = await blobs.put(key, JSON.stringify(next));
      if (tag !== undefined) known.set(key, { tag, story: next });
    },
    of: async (owner) => (await fetch(keyOf(owner)))?.story,
    all: async () => {
      const entries = await blobs.list('history/');
      const found: Story[] = [];
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
