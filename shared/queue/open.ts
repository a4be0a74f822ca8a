/** Opens the queues of the configuration. */
import type { QueueConfig } from '../config/queue.ts';
import type { OpenQueuesOptions, QueueBackend } from './backend.ts';
import type { Queues } from './port.ts';
import { postgresBackend } from './postgres/backend.ts';
import { sqliteBackend } from './sqlite/backend.ts';
import { sqsBackend } from './sqs/backend.ts';

/** The only place that distinguishes the kinds of queues. */
export function queueBackend(config: QueueConfig): QueueBackend {
  switch (config.kind) {
    case 'sqlite':
      return sqliteBackend(config);
    case 'sqs':
      return sqsBackend(config);
    case 'postgres':
      return postgresBackend(config);
  }
}

/** Opens the queues of the configuration. */
export function openQueues(config: QueueConfig, options: OpenQueuesOptions): Queues {
  return queueBackend(config).open(options);
}
