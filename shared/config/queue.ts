/** Where the queues are. */
import * as z from 'zod';
import { Endpoint } from './endpoint.ts';
import { POSTGRES_KEYS } from './postgres.ts';

/** SQLite on one host, PostgreSQL, or SQS. */
export const QueueConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sqlite').describe('Durable, in a local file.'),
    path: z.string().default('.sluice/queue.sqlite').describe('Path of the queue file.'),
  }),
  z.strictObject({
    kind: z.literal('sqs').describe('Amazon SQS, or an SQS-compatible server.'),
    region: z.string().describe('AWS region.'),
    endpoint: Endpoint.optional().describe('URL of an SQS-compatible server; omit it for AWS.'),
    prefix: z
      .string()
      .default('sluice')
      .describe(
        'Prefix of the queue names: `<prefix>-snapshots.fifo` …; the URL is looked up by name.',
      ),
  }),
  z.strictObject({
    kind: z.literal('postgres').describe('PostgreSQL 13 or newer.'),
    ...POSTGRES_KEYS,
  }),
]);
export type QueueConfig = z.infer<typeof QueueConfig>;
