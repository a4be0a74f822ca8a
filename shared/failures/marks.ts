/**
 * Crash counts of suspect messages, kept in the failure store because it survives the process on
 * every host. Written only for suspects.
 */
import { createHash } from 'node:crypto';
import type { QueueMessage, QueueName } from '../queue/port.ts';
import type { Marks } from '../queue/suspects.ts';
import type { Clock } from '../runtime/clock.ts';
import { lazily } from '../runtime/lazy.ts';
import type { Blobs } from './blobs.ts';

/** Prefix of the blobs with crash counts. */
export const MARKS = 'suspects/';

/** The count and its time of writing, by which counts of old messages are removed. */
interface Mark {
  readonly tries: number;
  readonly at: number;
}

/** Bounded, because the store may contain files of others. */
const MARK = /^\{"tries":(\d{1,3}),"at":(\d{1,16})\}$/;

/** Unknown content counts as zero and expired. */
function readMark(text: string): Mark {
  const [, tries = 0, at = 0] = MARK.exec(text) ?? [];
  return { tries: Number(tries), at: Number(at) };
}

/**
 * Opens the storage with the first suspect. The key is a hash, because the id of a message is
 * foreign text.
 */
export function marksOver(
  queue: QueueName,
  open: () => Promise<Blobs>,
  clock: Pick<Clock, 'now'>,
): Marks {
  const blobs = lazily(open);
  const key = ({ id }: QueueMessage): string =>
    `${MARKS}${queue}/${createHash('sha256').update(id).digest('hex').slice(0, 32)}.json`;
  return {
    get: async (message) => {
      const blob = await (await blobs.get()).get(key(message));
      return blob === undefined ? 0 : readMark(blob.text).tries;
    },
    set: async (message, tries) => {
      const mark: Mark = { tries, at: Math.max(0, Math.round(clock.now())) };
      await (await blobs.get()).put(key(message), JSON.stringify(mark));
    },
    clear: async (message) => (await blobs.get()).delete(key(message)),
    close: () => blobs.close((opened) => opened.close()),
  };
}

/** Removes crash counts of messages that no longer exist. */
export interface MarkKeeping {
  /** Removes counts written before that time. Resolves with their number. */
  prune(before: number): Promise<number>;
}

/** Reads every count; there are only as many as there were suspects. */
export function createMarkKeeping(blobs: Blobs): MarkKeeping {
  return {
    prune: async (before) => {
      let count = 0;
      for (const { key } of await blobs.list(MARKS)) {
        const blob = await blobs.get(key);
        if (blob === undefined || readMark(blob.text).at >= before) continue;
        await blobs.delete(key);
        count += 1;
      }
      return count;
    },
  };
}
