/** Calls of AWS go through the proxy of the environment, by the rules of kubectl. */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createQueuesOn, startLocalSqs, type LocalSqs } from '../../../infra/lab/host/sqs.ts';
import { createSqsQueues, sqsName } from '../../../shared/queue/sqs/queues.ts';
import { handlerOptions } from '../../../shared/runtime/aws.ts';

const AWS = 'https://sqs.eu-central-1.amazonaws.com';
const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
let sqs: LocalSqs;
let proxy: Server;
let asked: string[];
const before = VARIABLES.map((name) => process.env[name]);

beforeAll(async () => {
  sqs = await startLocalSqs();
  // Whatever host is asked for, SQS on loopback answers.
  proxy = createServer((incoming, answer) => {
    asked.push(`${incoming.method} ${new URL(incoming.url ?? '').host}`);
    const { hostname, port } = new URL(sqs.endpoint);
    const { method, headers } = incoming;
    const onward = request({ hostname, port, method, headers, path: '/' }, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(answer);
    });
    incoming.pipe(onward);
  });
  proxy.on('connect', ({ url }, socket) => {
    asked.push(`CONNECT ${url}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await sqs.stop();
});
beforeEach(() => {
  asked = [];
  const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  process.env['HTTP_PROXY'] = address;
  process.env['HTTPS_PROXY'] = `http://${address}`;
});
afterEach(() => {
  VARIABLES.forEach((name, i) => {
    const value = before[i];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  });
});

describe('behind a proxy', () => {
  test('a compatible server is reached through it', async () => {
    const name = sqsName('p', 'slices');
    await createQueuesOn(sqs, [{ name, visibilitySeconds: 30, retentionSeconds: 1_209_600 }]);
    const queues = createSqsQueues({ ...sqs, endpoint: 'http://sqs.test', prefix: 'p' });
    await queues.queue('slices').send({ group: 'g', deduplicationId: 'd', body: 'b' });
    expect(new Set(asked)).toEqual(new Set(['POST sqs.test']));
    await queues.close();
  });

  test('AWS is called in a tunnel', async () => {
    const { region, credentials } = sqs;
    const queues = createSqsQueues({ region, credentials, prefix: 'p' });
    await expect(queues.queue('slices').depth()).rejects.toMatchObject({ code: 'Q601' });
    expect(asked[0]).toBe(`CONNECT sqs.${region}.amazonaws.com:443`);
    await queues.close();
  });
});

describe('the options of a client', () => {
  const aws = { service: 'sqs', region: 'eu-central-1' };
  test.each<[string, Record<string, string>, boolean]>([
    ['no proxy', {}, false],
    ['a proxy', { HTTPS_PROXY: 'proxy:3128' }, true],
    ['a proxy for other servers', { HTTP_PROXY: 'http://proxy' }, false],
    ['AWS among the exceptions', { HTTPS_PROXY: 'proxy', NO_PROXY: 'a, amazonaws.com' }, false],
  ])('have agents only if there is a proxy for it: %s', (_what, env, isProxied) => {
    expect('httpsAgent' in handlerOptions(1_000, aws, env)).toBe(isProxied);
  });

  test.each([
    ['http://10.1.2.3:9324', false],
    ['http://10.2.2.3:9324', true],
    ['http://localhost:9324', false],
  ])('know networks and this host as exceptions: %s', (endpoint, isProxied) => {
    const env = { HTTP_PROXY: 'proxy:3128', NO_PROXY: '10.1.0.0/16' };
    expect('httpAgent' in handlerOptions(1_000, { ...aws, endpoint }, env)).toBe(isProxied);
  });

  test.each(['socks5://proxy:1080', 'http://'])(
    'refuse a proxy that is no HTTP proxy: %s',
    (url) => {
      expect(() => handlerOptions(1_000, aws, { HTTPS_PROXY: url })).toThrow(
        `the proxy for ${AWS} is not an HTTP proxy; correct HTTPS_PROXY or HTTP_PROXY, ` +
          'or add sqs.eu-central-1.amazonaws.com to NO_PROXY',
      );
    },
  );
});
