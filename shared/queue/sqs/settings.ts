/** Reads the settings of a queue from the server, and the time of the server's clock. */
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueName } from '../port.ts';
import type { QueueSettings, SettingsReader } from '../settings.ts';
import { createSqsClient } from './client.ts';
import { toQueueError } from './errors.ts';
import { sqsName, type SqsQueuesOptions } from './queues.ts';

type Attributes = Readonly<Partial<Record<string, string>>>;

/** Settings of a queue from its attributes; times in milliseconds. */
function settingsOf(attributes: Attributes): QueueSettings {
  const redrive = JSON.parse(attributes['RedrivePolicy'] ?? 'null') as {
    deadLetterTargetArn?: string;
    maxReceiveCount?: number | string;
  } | null;
  const scope = attributes['DeduplicationScope'];
  const bytes = attributes['MaximumMessageSize'];
  const ownKey = attributes['SqsManagedSseEnabled'];
  return {
    fifo: attributes['FifoQueue'] === 'true',
    visibilityMs: Number(attributes['VisibilityTimeout'] ?? 0) * 1_000,
    retentionMs: Number(attributes['MessageRetentionPeriod'] ?? 0) * 1_000,
    ...(redrive === null
      ? {}
      : {
          redrive: {
            to: redrive.deadLetterTargetArn?.split(':').at(-1) ?? '',
            after: Number(redrive.maxReceiveCount ?? 0),
          },
        }),
    ...(scope === undefined ? {} : { deduplication: scope }),
    ...(bytes === undefined ? {} : { maxMessageBytes: Number(bytes) }),
    ...(ownKey === undefined
      ? {}
      : { encrypted: ownKey === 'true' || attributes['KmsMasterKeyId'] !== undefined }),
  };
}

/** The SDK does not expose headers, so they are recorded in the middleware. */
function notingDates(client: SQSClient, note: (date: number) => void): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const headers =
        (answer.response as { headers?: Readonly<Record<string, string>> } | undefined)?.headers ??
        {};
      const date = Date.parse(headers['date'] ?? '');
      if (!Number.isNaN(date)) note(date);
      return answer;
    },
    { step: 'deserialize', name: 'sluiceDate' },
  );
}

/**
 * Reads attributes only; no message is received. The time comes from the Date header of the
 * answers.
 */
export function createSettingsReader(options: SqsQueuesOptions): SettingsReader {
  const client = createSqsClient(options);
  let date: number | undefined;
  notingDates(client, (seen) => {
    date = seen;
  });
  return {
    read: async (name) => {
      const physical = sqsName(options.prefix, name);
      try {
        const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: physical }));
        const { Attributes = {} } = await client.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
        );
        return {
          settings: settingsOf(Attributes),
          deadName: sqsName(options.prefix, `${name}-dead` as QueueName),
          ...(date === undefined ? {} : { date }),
        };
      } catch (error) {
        throw toQueueError(
          error,
          `${physical} at ${options.endpoint ?? `SQS in ${options.region}`}`,
        );
      }
    },
    close: () => client.destroy(),
  };
}
