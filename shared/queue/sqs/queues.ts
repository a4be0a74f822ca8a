/** The queue port on SQS or an SQS-compatible server. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { movedMark } from '../handler.ts';
import { checkSize, queueToken } from '../limits.ts';
import type { Queue, QueueMessage, QueueName, Queues, ReceiveOptions } from '../port.ts';
import { createSqsClient, type SqsServer } from './client.ts';
import { toQueueError } from './errors.ts';

/** The server, and the common prefix of the names of its queues. */
export interface SqsQueuesOptions extends SqsServer {
  /** The queue `snapshots` is `<prefix>-snapshots.fifo`. */
  readonly prefix: string;
}

/** Name of a logical queue on the server. */
export function sqsName(prefix: string, name: QueueName): string {
  return `${prefix}-${name}.fifo`;
}

/** SQS takes whole seconds; rounded up, so that nothing becomes visible too early. */
const seconds = (ms: number): number => Math.ceil(ms / 1000);

/**
 * A message of SQS. Attributes that a compatible server leaves out get values that prove nothing:
 * no sender, first receive.
 */
function toMessage(message: Message): QueueMessage {
  const of: Readonly<Record<string, string | undefined>> = message.Attributes ?? {};
  const sender = of['SenderId']?.split(':')[0];
  return {
    id: message.MessageId ?? '',
    receipt: message.ReceiptHandle ?? '',
    group: of['MessageGroupId'] ?? '',
    deduplicationId: of['MessageDeduplicationId'] ?? '',
    body: message.Body ?? '',
    receiveCount: Number(of['ApproximateReceiveCount'] ?? 1),
    sentAt: Number(of['SentTimestamp'] ?? 0),
    ...(sender === undefined || sender === '' ? {} : { sender }),
    ...movedMark(of['DeadLetterQueueSourceArn']),
  };
}

/** A queue with its URL, which is looked up once and again after a failure. */
interface Remote {
  /** Name and place of the queue, for error messages. */
  readonly where: string;
  run<T>(call: (client: SQSClient, url: string) => Promise<T>): Promise<T>;
}

/** One queue on a server; its URL is looked up once. */
function createRemote(client: SQSClient, name: string, server: SqsServer): Remote {
  const where = `${name} at ${server.endpoint ?? `SQS in ${server.region}`}`;
  let url: Promise<string> | undefined;
  const lookUp = async (): Promise<string> =>
    (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? '';
  return {
    where,
    run: async (call) => {
      try {
        url ??= lookUp();
        return await call(client, await url);
      } catch (error) {
        const known = toQueueError(error, where);
        // Q605 and Q604 do not mean that the URL is wrong.
        if (known.code !== 'Q605' && known.code !== 'Q604') url = undefined;
        throw known;
      }
    },
  };
}

/** One long poll of 20 s at most, which is SQS's limit. */
async function poll(
  remote: Remote,
  { max, waitMs: wait, visibilityMs: visibility, signal }: ReceiveOptions,
): Promise<readonly QueueMessage[]> {
  const answer = await remote.run((client, url) =>
    client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: max,
        WaitTimeSeconds: Math.min(20, seconds(wait)),
        VisibilityTimeout: seconds(visibility),
        MessageSystemAttributeNames: ['All'],
      }),
      signal === undefined ? {} : { abortSignal: signal },
    ),
  );
  return (answer.Messages ?? []).map(toMessage);
}

/**
 * Aborting ends the poll at once, even during the URL lookup. A message that was received in that
 * moment returns after its visibility timeout.
 */
async function receive(remote: Remote, options: ReceiveOptions): Promise<readonly QueueMessage[]> {
  const { signal } = options;
  if (signal === undefined) return poll(remote, options);
  const { promise: cut, resolve } = Promise.withResolvers<readonly QueueMessage[]>();
  const stop = (): void => resolve([]);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return signal.aborted ? [] : await Promise.race([poll(remote, options), cut]);
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function createQueue(remote: Remote, name: QueueName): Queue {
  return {
    name,
    send: async (message) => {
      checkSize(name, message);
      await remote.run((client, url) =>
        client.send(
          new SendMessageCommand({
            QueueUrl: url,
            MessageBody: message.body,
            MessageGroupId: queueToken(message.group),
            MessageDeduplicationId: queueToken(message.deduplicationId),
          }),
        ),
      );
    },
    receive: (options) => receive(remote, options),
    delete: async (receipt) => {
      await remote.run((client, url) =>
        client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt })),
      );
    },
    changeVisibility: async (receipt, visibility) => {
      await remote.run((client, url) =>
        client.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: url,
            ReceiptHandle: receipt,
            VisibilityTimeout: seconds(visibility),
          }),
        ),
      );
    },
    depth: async () => {
      const answer = await remote.run((client, url) =>
        client.send(
          new GetQueueAttributesCommand({
            QueueUrl: url,
            AttributeNames: [
              'ApproximateNumberOfMessages',
              'ApproximateNumberOfMessagesNotVisible',
            ],
          }),
        ),
      );
      return {
        waiting: Number(answer.Attributes?.['ApproximateNumberOfMessages'] ?? 0),
        inFlight: Number(answer.Attributes?.['ApproximateNumberOfMessagesNotVisible'] ?? 0),
      };
    },
  };
}

/** URLs are looked up on first use. */
export function createSqsQueues(options: SqsQueuesOptions): Queues {
  const client = createSqsClient(options);
  const queues = new Map<QueueName, Queue>();
  return {
    queue: (name) => {
      const queue =
        queues.get(name) ??
        createQueue(createRemote(client, sqsName(options.prefix, name), options), name);
      queues.set(name, queue);
      return queue;
    },
    close: async () => client.destroy(),
  };
}
