/** Suspect messages of a queue, with their counts in the failure store. */
import type { QueueName } from '../queue/port.ts';
import { createSuspects, NO_MARKS } from '../queue/suspects.ts';
import type { Suspects } from '../queue/suspects.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Blobs } from './blobs.ts';
import { marksOver } from './marks.ts';

/**
 * Loaded with the first suspect, because the S3 client would slow down every cold start. A dry run
 * does not write counts.
 */
export function suspectsOf(runtime: Runtime, queue: QueueName): Suspects {
  const { config, dryRun, clock } = runtime;
  const open = async (): Promise<Blobs> =>
    (await import('./open.ts')).openBlobs(config.failures, runtime);
  return createSuspects(dryRun === true ? NO_MARKS : marksOver(queue, open, clock), runtime);
}
