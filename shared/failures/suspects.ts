/** Suspicious messages of a queue, remembered in the failure store. */
import type { QueueName } from '../queue/port.ts';
import { createSuspects, NO_MARKS } from '../queue/suspects.ts';
import type { Suspects } from '../queue/suspects.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Blobs } from './blobs.ts';
import { marksOver } from './marks.ts';

/** Loaded with the first suspect: the S3 client would cost every cold start its time. In a dry run the store belongs to others. */
export function suspectsOf(runtime: Runtime, queue: QueueName): Suspects {
  const { config, id, dryRun, clock } = runtime;
  const open = async (): Promise<Blobs> =>
    (await import('./open.ts')).openBlobs(config.failures, { id });
  return createSuspects(dryRun === true ? NO_MARKS : marksOver(queue, open, clock), runtime);
}
