import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { AT_THE_BEGINNING, handlerLimits, withinTotal } from '../../runtime/aws.ts';

export interface SqsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SqsServer {
  readonly region: string;
  /** For an SQS-compatible server; absent for AWS. */
  readonly endpoint?: string | undefined;
  /** Absent: the SDK's own chain (role, environment, files). */
  readonly credentials?: SqsCredentials;
  /** How long a request may be silent, in milliseconds; default 30 000, and more than the longest poll. */
  readonly requestTimeout?: number;
}

/** The longest poll takes 20 s; a request that is silent for longer than this never comes back. */
const REQUEST_MS = 30_000;

export function createSqsClient(server: SqsServer): SQSClient {
  const { requestTimeout = REQUEST_MS } = server;
  const config: SQSClientConfig = {
    region: server.region,
    maxAttempts: 3,
    requestHandler: handlerLimits(requestTimeout),
    // Without it the SDK takes the host of the queue's URL, which need not resolve here.
    ...(server.endpoint === undefined ? {} : { endpoint: server.endpoint }),
    ...(server.credentials === undefined ? {} : { credentials: server.credentials }),
  };
  const client = new SQSClient(config);
  // One that is silent is tried again.
  client.middlewareStack.add(withinTotal(2 * requestTimeout), AT_THE_BEGINNING);
  return client;
}
