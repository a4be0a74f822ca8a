import type { QueueConfig } from '../config/schema.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { Queues } from './port.ts';
import { createSqliteQueues } from './sqlite/queues.ts';
import type { SqsCredentials } from './sqs/client.ts';
import { createSqsQueues } from './sqs/queues.ts';

export interface OpenQueuesOptions {
  readonly clock: Clock;
  /** A new unique id. */
  readonly id: () => string;
  /** SQS only; absent: the SDK's own chain. */
  readonly credentials?: SqsCredentials;
}

/** The queues that the configuration names. */
export function openQueues(config: QueueConfig, options: OpenQueuesOptions): Queues {
  switch (config.kind) {
    case 'sqlite':
      return createSqliteQueues({ path: config.path, clock: options.clock, id: options.id });
    case 'sqs':
      return createSqsQueues({
        region: config.region,
        endpoint: config.endpoint,
        prefix: config.prefix,
        ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
      });
  }
}
