/**
 * SQS as a kind of queue: how its settings are read, and how its queues are opened and described.
 */
import type { QueueConfig } from '../../config/queue.ts';
import { lazily } from '../../runtime/lazy.ts';
import type { QueueBackend } from '../backend.ts';
import { lazyQueues } from '../lazy-queues.ts';
import type { SettingsReader } from '../settings.ts';

/** Queues of AWS, or of the server at `queue.endpoint`. The client is imported with the first call. */
export function sqsBackend({
  region,
  endpoint,
  prefix,
}: Extract<QueueConfig, { kind: 'sqs' }>): QueueBackend {
  const server = { region, endpoint, prefix };
  return {
    isLocal: false,
    oldestElsewhere: 'SQS reports it only to CloudWatch (ApproximateAgeOfOldestMessage)',
    open: ({ credentials }) =>
      lazyQueues(async () => {
        const { createSqsQueues } = await import('./queues.ts');
        return createSqsQueues({
          ...server,
          ...(credentials === undefined ? {} : { credentials }),
        });
      }),
    readSettings: () =>
      lazyReader(async () => {
        const { createSettingsReader } = await import('./settings.ts');
        return createSettingsReader(server);
      }),
  };
}

/** The client of SQS is imported with the first read. */
function lazyReader(open: () => Promise<SettingsReader>): SettingsReader {
  const reader = lazily(open);
  return {
    read: async (name) => (await reader.get()).read(name),
    close: () => void reader.close((opened) => opened.close()),
  };
}
