import type { QueueConfig } from '../../config/schema.ts';
import type { QueueBackend } from '../backend.ts';
import { createSqsQueues } from './queues.ts';
import { createSettingsReader } from './settings.ts';

/** Queues of AWS, or of the server at `queue.endpoint`. */
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
      createSqsQueues({ ...server, ...(credentials === undefined ? {} : { credentials }) }),
    readSettings: () => createSettingsReader(server),
  };
}
