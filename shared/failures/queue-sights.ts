/**
 * Since when audits find messages in a queue that nobody takes, for queues that do not report the
 * age of their oldest message. Lost without harm: the next audits find out again.
 */
import * as z from 'zod';
import type { Blobs } from './blobs.ts';
import { readJson } from './read.ts';
import { VIEWS } from './views.ts';

const KEY = `${VIEWS}queues.json`;
const MAX_QUEUES = 1_000;

const SightsBlob = z.strictObject({
  format: z.literal(1),
  /** By queue: RFC 3339. */
  since: z.record(z.string().max(256), z.iso.datetime()),
});

/** Both reject with a ReplayError RPL700 if the storage is unavailable. */
export interface QueueSights {
  /** By queue, in milliseconds since 1970. */
  since(): Promise<ReadonlyMap<string, number>>;
  /** `waiting`: the queues that have such messages now. */
  note(waiting: readonly string[]): Promise<void>;
}

/** Keeps the times in one blob below `views/`. */
export function createQueueSights(blobs: Blobs, now: () => number): QueueSights {
  const read = async (): Promise<Readonly<Record<string, string>>> => {
    const blob = await blobs.get(KEY);
    return (blob && SightsBlob.safeParse(readJson(blob.text)).data)?.since ?? {};
  };
  return {
    since: async () =>
      new Map(Object.entries(await read()).map(([queue, at]) => [queue, Date.parse(at)])),
    note: async (waiting) => {
      const before = await read();
      const at = new Date(now()).toISOString();
      const since = Object.fromEntries(
        waiting.slice(0, MAX_QUEUES).map((queue) => [queue, before[queue] ?? at]),
      );
      const isSame =
        Object.keys(since).length === Object.keys(before).length &&
        Object.keys(since).every((queue) => queue in before);
      // An audit is alone in time, mostly; of two, the later one counts.
      if (!isSame) await blobs.put(KEY, JSON.stringify({ format: 1, since }));
    },
  };
}
