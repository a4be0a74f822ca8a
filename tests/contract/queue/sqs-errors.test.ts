/** How failures of a server reach the caller, over a real socket. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createQueuesOn, startLocalSqs } from '../../../infra/lab/host/sqs.ts';
import { QueueError, type Queue, type Queues } from '../../../shared/queue/port.ts';
import { createSqsQueues } from '../../../shared/queue/sqs/queues.ts';
import { toQueueError } from '../../../shared/queue/sqs/errors.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

function connect(endpoint: string, requestTimeout = 30_000): Queues {
  const queues = createSqsQueues({
    region: 'eu-central-1',
    endpoint,
    credentials,
    prefix: 'sluice',
    requestTimeout,
  });
  closers.push(() => queues.close());
  return queues;
}

/** Sends data continuously, without an end. */
function dripping(): Server {
  return createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    const timer = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(timer));
  });
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Fault {
  readonly status: number;
  readonly name: string;
  readonly message: string;
}

/** A server that knows its queue's URL and then fails in one way. */
async function failing(fault: Fault): Promise<Queue> {
  const answer = (response: ServerResponse, status: number, body: object): void => {
    response
      .writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
      .end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    request.resume();
    if (request.headers['x-amz-target'] === 'AmazonSQS.GetQueueUrl')
      answer(response, 200, { QueueUrl: 'https://sqs.eu-central-1.invalid/0/q' });
    else
      answer(response, fault.status, {
        __type: `com.amazonaws.sqs#${fault.name}`,
        message: fault.message,
      });
  });
  return connect(await listen(server)).queue('snapshots');
}

const MESSAGE = { group: 'a', deduplicationId: '1', body: '{}' };

describe('the SQS adapter', () => {
  test.each([
    [
      'AccessDeniedException',
      'User: x is not authorized to perform: sqs:sendmessage',
      'Q602',
      /permissions of the role/,
    ],
    [
      'AWS.SimpleQueueService.NonExistentQueue',
      'The specified queue does not exist.',
      'Q603',
      /Deploy the queues/,
    ],
    [
      'InvalidParameterValue',
      'One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.',
      'Q604',
      /Send less/,
    ],
    [
      'InvalidParameterValue',
      'Value AQEB for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.',
      'Q605',
      /received again/,
    ],
    ['ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 'Q605', /received again/],
    ['UnsupportedOperation', 'no', 'Q601', /Check the endpoint/],
  ])('%s (%s) becomes %s', async (name, message, code, remedy) => {
    const queue = await failing({ status: 400, name, message });
    await expect(queue.send(MESSAGE)).rejects.toMatchObject({
      name: 'QueueError',
      code,
      message: expect.stringMatching(remedy),
    });
    await expect(queue.send(MESSAGE)).rejects.toThrow(
      `The queue sluice-snapshots.fifo at http://127.0.0.1`,
    );
  });

  test('a missing queue is reported, and found once it exists', async () => {
    const sqs = await startLocalSqs();
    closers.push(() => sqs.stop());
    const queue = connect(sqs.endpoint).queue('settled-east');
    await expect(queue.send(MESSAGE)).rejects.toMatchObject({
      code: 'Q603',
      message: expect.stringContaining('sluice-settled-east.fifo'),
    });
    await createQueuesOn(sqs, [
      { name: 'sluice-settled-east.fifo', visibilitySeconds: 30, retentionSeconds: 1_209_600 },
    ]);
    await queue.send(MESSAGE);
    expect(await queue.depth()).toEqual({ waiting: 1, inFlight: 0 });
  });

  test('the configured endpoint wins over the host in the URL of a queue', async () => {
    const sqs = await startLocalSqs();
    closers.push(() => sqs.stop());
    await createQueuesOn(sqs, [
      { name: 'sluice-snapshots.fifo', visibilitySeconds: 30, retentionSeconds: 1_209_600 },
    ]);
    await expect(connect(sqs.endpoint).queue('snapshots').send(MESSAGE)).resolves.toBeUndefined();
  });

  test('a server that is not there is Q601', async () => {
    const server = createServer();
    const endpoint = await listen(server);
    server.close();
    await once(server, 'close');
    await expect(connect(endpoint).queue('snapshots').send(MESSAGE)).rejects.toMatchObject({
      code: 'Q601',
    });
  });

  test('a server that never answers causes Q601 after the time limit, not a hang', async () => {
    const endpoint = await listen(createServer(() => undefined));
    await expect(connect(endpoint, 200).queue('snapshots').send(MESSAGE)).rejects.toMatchObject({
      code: 'Q601',
    });
  });

  test('an answer that never ends becomes Q601 after the time limit', async () => {
    const endpoint = await listen(dripping());
    await expect(connect(endpoint, 200).queue('snapshots').send(MESSAGE)).rejects.toMatchObject({
      code: 'Q601',
      message: expect.stringContaining('no complete answer within 0.4 s'),
    });
  });

  test('a poll that is cancelled while the server is silent ends at once', async () => {
    const asked = Promise.withResolvers<void>();
    const endpoint = await listen(createServer(() => asked.resolve()));
    const stop = new AbortController();
    const waiting = connect(endpoint)
      .queue('snapshots')
      .receive({ max: 10, waitMs: 20_000, visibilityMs: 30_000, signal: stop.signal });
    await asked.promise;
    stop.abort();
    expect(await waiting).toEqual([]);
  });

  test('missing credentials are Q602, without a request', () => {
    const error = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    expect(toQueueError(error, 'q')).toMatchObject({ code: 'Q602', cause: error });
  });

  test('a known error is not changed', () => {
    const known = new QueueError('Q604', 'too large');
    expect(toQueueError(known, 'q')).toBe(known);
    expect(toQueueError('text', 'q')).toMatchObject({
      code: 'Q601',
      message: expect.stringContaining('text'),
    });
  });
});
