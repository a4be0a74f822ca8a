/** The AWS client for SQS, or for a server that speaks its protocol. */
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { AT_THE_BEGINNING, handlerOptions, withinTotal } from '../../runtime/aws.ts';

/** Static credentials, instead of the credential chain of the SDK. */
export interface SqsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The SQS endpoint to call. */
export interface SqsServer {
  readonly region: string;
  /** URL of an SQS-compatible server; absent for AWS. */
  readonly endpoint?: string | undefined;
  /** Default: the credential chain of the SDK (role, environment, files). */
  readonly credentials?: SqsCredentials;
  /**
   * Milliseconds without data after which a request is aborted; default 30 000, longer than the
   * longest poll.
   */
  readonly requestTimeout?: number;
}

/** The longest poll takes 20 s, so a longer silence means a lost connection. */
const REQUEST_MS = 30_000;

/** With time limits for silence and total duration. */
export function createSqsClient(server: SqsServer): SQSClient {
  const { requestTimeout = REQUEST_MS } = server;
  const config: SQSClientConfig = {
    region: server.region,
    maxAttempts: 3,
    requestHandler: handlerOptions(requestTimeout, { service: 'sqs', ...server }),
    // Without this the SDK uses the host of the queue's URL, which may not resolve here.
    ...(server.endpoint === undefined ? {} : { endpoint: server.endpoint }),
    ...(server.credentials === undefined ? {} : { credentials: server.credentials }),
  };
  const client = new SQSClient(config);
  // Aborted requests are retried.
  client.middlewareStack.add(withinTotal(2 * requestTimeout), AT_THE_BEGINNING);
  return client;
}
