import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { awsRegion, createSecrets } from '../../../shared/config/secrets.ts';

const secrets = createSecrets({
  env: { PW: 'from-env', EMPTY: '' },
  readFile: async (path) => {
    if (path === '/run/pw') return 'from-file\n';
    if (path === '/run/two') return 'a\n\n';
    throw Object.assign(new Error('s3cret inside'), { code: 'ENOENT' });
  },
  secretsManager: async (id) => {
    if (id === 'denied')
      throw Object.assign(new Error('s3cret inside'), { name: 'AccessDeniedException' });
    return {
      plain: 'from-manager',
      json: '{"password":"picked","port":1}',
      'a#b': '{"k":"hash"}',
      broken: 's3cret {',
    }[id];
  },
  ssm: async (name) => (name === '/sluice/pw' ? 'from-ssm' : undefined),
});

describe('secret references', () => {
  test.each([
    ['env:PW', 'from-env'],
    ['file:/run/pw', 'from-file'],
    ['file:/run/two', 'a\n'],
    ['secretsmanager:plain', 'from-manager'],
    ['secretsmanager:json', '{"password":"picked","port":1}'],
    ['secretsmanager:json#password', 'picked'],
    ['secretsmanager:a#b#k', 'hash'],
    ['ssm:/sluice/pw', 'from-ssm'],
  ])('%s is resolved', async (reference, value) => {
    await expect(secrets.resolve(reference)).resolves.toBe(value);
  });

  test.each([
    ['env:NONE', /secret env:NONE: is empty or missing; set the environment variable/],
    ['env:EMPTY', /secret env:EMPTY: is empty or missing/],
    [
      'file:/run/none',
      /secret file:\/run\/none: cannot be read \(no such file, ENOENT\); put the secret into the file/,
    ],
    ['secretsmanager:none', /secretsmanager:none: is empty or missing; create the secret/],
    [
      'secretsmanager:denied',
      /secretsmanager:denied: cannot be read \(AccessDeniedException\).*secretsmanager:GetSecretValue/,
    ],
    ['secretsmanager:json#user', /has no string under the key user/],
    ['secretsmanager:json#port', /has no string under the key port/],
    ['secretsmanager:json#toString', /has no string under the key toString/],
    ['secretsmanager:broken#k', /is not a JSON object, so #k cannot be picked/],
    ['ssm:none', /ssm:none: is empty or missing; create the parameter/],
  ])('%s fails with its remedy and never with a value', async (reference, message) => {
    const failure = await secrets.resolve(reference).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'GW102', message: expect.stringMatching(message) });
    expect(String(failure)).not.toMatch(/s3cret|"password"/);
  });

  test.each(['s3cret', 'pass:s3cret', 'toString:s3cret'])(
    'a value that is no reference may be the secret itself and is not repeated',
    async (text) => {
      await expect(secrets.resolve(text)).rejects.toThrow(
        /^secret \(not shown\): is not a reference/,
      );
    },
  );
});

describe('a secret that cannot be obtained', () => {
  const env = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  let server: Server;
  beforeEach(async () => {
    server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    Object.assign(process.env, env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
  });
  afterEach(() => {
    for (const name of [...Object.keys(env), 'AWS_ENDPOINT_URL']) delete process.env[name];
    server.closeAllConnections();
    server.close();
  });

  test.each(['secretsmanager:pw', 'ssm:/pw'])(
    'is reported with its name if the service accepts the request and never answers: %s',
    async (reference) => {
      const hanging = createSecrets({ env: {}, limitMs: 300 });
      await expect(hanging.resolve(reference)).rejects.toMatchObject({
        code: 'GW102',
        message: expect.stringMatching(
          /^secret (secretsmanager|ssm):.*cannot be read \(TimeoutError\)/,
        ),
      });
    },
  );

  test('is refused with its name if its file is a pipe without a writer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'));
    const pipe = join(folder, 'pw');
    execFileSync('mkfifo', [pipe]);
    await expect(createSecrets({ env: {} }).resolve(`file:${pipe}`)).rejects.toMatchObject({
      code: 'GW102',
      message: expect.stringContaining('not a regular file'),
    });
    writeFileSync(join(folder, 'real'), 'x\n');
    expect(await createSecrets({ env: {} }).resolve(`file:${join(folder, 'real')}`)).toBe('x');
    rmSync(folder, { recursive: true });
  });
});

describe('the AWS region of secrets', () => {
  test('without any says what to set, and not to create the secret', async () => {
    const nowhere = createSecrets({
      env: {},
      ssm: async () => {
        throw new Error('Region is missing');
      },
    });
    await expect(nowhere.resolve('ssm:/pw')).rejects.toThrow(
      /ssm:\/pw: cannot be read; no AWS region is known: set AWS_REGION, or refer to .* its ARN/,
    );
  });

  test.each<[string, object, object, string | undefined]>([
    ['of the queue', { kind: 'sqs', region: 'eu-west-1' }, { kind: 'fs' }, 'eu-west-1'],
    ['of the store', { kind: 'sqlite' }, { kind: 's3', region: 'eu-west-2' }, 'eu-west-2'],
    [
      'not of a compatible server',
      { kind: 'sqs', region: 'elasticmq', endpoint: 'http://mq:9324' },
      { kind: 'fs' },
      undefined,
    ],
  ])('is that %s', (_what, queue, failures, region) => {
    expect(awsRegion({ queue, failures } as Parameters<typeof awsRegion>[0])).toBe(region);
  });
});
