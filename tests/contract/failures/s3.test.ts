import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createS3Blobs } from '../../../shared/failures/s3/blobs.ts';
import { startLocalS3, type LocalS3 } from '../../fixtures/s3.ts';
import { failureStoreContract } from './suite.ts';

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/xml' });
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
}

let s3: LocalS3;
let runs = 0;
beforeAll(async () => {
  s3 = await startLocalS3();
});
afterAll(() => s3.stop());

failureStoreContract('failure store in S3 over the wire', async () => {
  const prefix = `run-${(runs += 1)}`;
  return { blobs: () => createS3Blobs({ ...s3.options, prefix }), stop: async () => undefined };
});

describe('blobs in S3', () => {
  test('lists more than one page of the server', async () => {
    const blobs = createS3Blobs({ ...s3.options, prefix: 'pages' });
    const keys = Array.from({ length: 1_005 }, (_, i) => `a/${String(i).padStart(4, '0')}.json`);
    for (let i = 0; i < keys.length; i += 50)
      await Promise.all(keys.slice(i, i + 50).map((key) => blobs.put(key, '1')));
    expect((await blobs.list('a/')).map((e) => e.key)).toEqual(keys);
    const range = { after: 'a/0001.json', before: 'a/1003.json' };
    expect((await blobs.list('a/', range)).map((e) => e.key)).toEqual(keys.slice(2, 1_003));
    await blobs.close();
  });

  test('a missing bucket is reported with the setting', async () => {
    const blobs = createS3Blobs({ ...s3.options, bucket: 'nowhere', prefix: 'x' });
    await expect(blobs.get('a.json')).rejects.toMatchObject({
      code: 'RPL700',
      message: expect.stringContaining('failures.bucket'),
    });
    await expect(blobs.list('')).rejects.toMatchObject({ code: 'RPL700' });
    await blobs.close();
  });

  test.each([
    ['accepts requests and never answers', (): void => undefined],
    ['drips', drip],
  ] as const)('a server that %s is given up', async (_name, answer) => {
    const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const blobs = createS3Blobs({
      ...s3.options,
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      prefix: 'x',
      silenceMs: 200,
    });
    try {
      for (const call of [() => blobs.get('a.json'), () => blobs.list('')])
        await expect(call()).rejects.toMatchObject({
          code: 'RPL700',
          message: expect.stringContaining('TimeoutError'),
        });
    } finally {
      server.closeAllConnections();
      server.close();
      await blobs.close();
    }
  });

  test('an unreachable server is reported', async () => {
    const blobs = createS3Blobs({ ...s3.options, endpoint: 'http://127.0.0.1:1', prefix: 'x' });
    await expect(blobs.put('a.json', '1')).rejects.toMatchObject({ code: 'RPL700' });
    await blobs.close();
  });
});
