/** An SQS server for the lab, which the real AWS client calls over HTTP. */
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { createSqsClient, type SqsCredentials } from '../../../shared/queue/sqs/client.ts';

/** A running server. Its region and credentials are made up. */
export interface LocalSqs {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: SqsCredentials;
  stop(): Promise<void>;
}

/** A FIFO queue as the template declares it. */
export interface QueueDefinition {
  /** Physical name, with `.fifo`. */
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly redrive?: { readonly deadLetterQueue: string; readonly maxReceiveCount: number };
  /** Others, as SQS names them. */
  readonly attributes?: Readonly<Record<string, string>>;
}

const REGION = 'eu-central-1';

/** Created with buildApp, because startFauxqs listens on every address of the machine. */
export async function startLocalSqs(): Promise<LocalSqs> {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
    stop: async () => {
      // A pending poll must not delay the shutdown.
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

async function createOne(
  client: SQSClient,
  queue: QueueDefinition,
  arnOf: ReadonlyMap<string, string>,
): Promise<string> {
  const target = queue.redrive === undefined ? undefined : arnOf.get(queue.redrive.deadLetterQueue);
  if (queue.redrive !== undefined && target === undefined)
    throw new Error(
      `Queue ${queue.name} names the dead-letter queue ${queue.redrive.deadLetterQueue}, which is not declared.`,
    );
  const made = await client.send(
    new CreateQueueCommand({
      QueueName: queue.name,
      Attributes: {
        FifoQueue: 'true',
        VisibilityTimeout: String(queue.visibilitySeconds),
        MessageRetentionPeriod: String(queue.retentionSeconds),
        ...queue.attributes,
        ...(target === undefined
          ? {}
          : {
              RedrivePolicy: JSON.stringify({
                deadLetterTargetArn: target,
                maxReceiveCount: queue.redrive?.maxReceiveCount,
              }),
            }),
      },
    }),
  );
  const got = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: made.QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  return got.Attributes?.['QueueArn'] ?? '';
}

/** Creates the queues, dead-letter queues first. */
export async function createQueuesOn(
  server: Pick<LocalSqs, 'endpoint' | 'region' | 'credentials'>,
  queues: readonly QueueDefinition[],
): Promise<void> {
  const client = createSqsClient(server);
  const arnOf = new Map<string, string>();
  const ordered = [
    ...queues.filter((q) => q.redrive === undefined),
    ...queues.filter((q) => q.redrive !== undefined),
  ];
  try {
    for (const queue of ordered) arnOf.set(queue.name, await createOne(client, queue, arnOf));
  } finally {
    client.destroy();
  }
}
