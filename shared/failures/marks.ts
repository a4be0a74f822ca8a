/** Marks of suspicious messages, in the failure store: a place that outlives the process, on every host. Written for suspects only. */
import { createHash } from 'node:crypto';
import type { QueueMessage, QueueName } from '../queue/port.ts';
import { createSuspects } from '../queue/suspects.ts';
import type { Marks, Suspects } from '../queue/suspects.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Blobs } from './blobs.ts';

export const MARKS = 'suspects/';

export function marksOver(queue: QueueName, open: () => Promise<Blobs>): Marks {
  let opened: Promise<Blobs> | undefined;
  const blobs = (): Promise<Blobs> => (opened ??= open());
  const key = ({ id }: QueueMessage): string => `${MARKS}${queue}/${createHash('sha256').update(id).digest('hex').slice(0, 32)}.json`;
  return {
    get: async (message) => {
      const blob = await (await blobs()).get(key(message));
      return blob === undefined ? 0 : triesIn(blob.text);
    },
    set: async (message, tries) => void (await (await blobs()).put(key(message), JSON.stringify({ tries }))),
    clear: async (message) => (await blobs()).delete(key(message)),
    close: async () => (await opened)?.close(),
  };
}

function triesIn(text: string): number {
  const tries = Number(/^\{"tries":(\d{1,3})\}$/.exec(text)?.[1]);
  return Number.isNaN(tries) ? 0 : tries;
}

/** Loaded with the first suspect: the S3 client would cost every cold start its time. */
export function suspectsOf(runtime: Runtime, queue: QueueName): Suspects {
  const { config, id } = runtime;
  const open = async (): Promise<Blobs> => (await import('./open.ts')).openBlobs(config.failures, { id });
  return createSuspects(marksOver(queue, open), runtime);
}
