/** doctor tells what is not encrypted, with the reason, and nothing about what is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  encryptionChecks,
  serverFindings,
} from '../../../shared/operations/doctor/encryption-checks.ts';
import { startSite } from '../../fixtures/failures/site.ts';

const { config } = startSite().runtime;
const [device] = config.devices;
const METRICS = ['ok', 'port of /metrics', 'HTTP without a login'];

const found = async (change: object): Promise<readonly (readonly string[])[]> => {
  const findings = await encryptionChecks({ config: { ...config, ...change } });
  return findings.map(({ state, what, says }) => [state, what, says.split(',')[0] ?? '']);
};

const database = { kind: 'postgres', port: 5432, database: 'd', schema: 's' };
const devices = [{ ...device, url: 'https://192.0.2.1', peer: 'https://192.0.2.2' }];

describe('doctor', () => {
  test('says nothing about connections with TLS, and why /metrics has none', async () => {
    const endpoint = { kind: 'sqs', region: 'x', endpoint: 'https://mq.example', prefix: 'p' };
    const failures = { ...database, host: 'db.example' };
    expect(await found({ devices, queue: endpoint, failures })).toEqual([METRICS]);
  });

  test.each<[string, object, readonly unknown[]]>([
    [
      'a queue server',
      { queue: { kind: 'sqs', region: 'x', endpoint: 'http://mq.example:9324', prefix: 'p' } },
      ['warn', 'connections to queue.endpoint', expect.stringMatching(/^http:\/\/mq.*not enc/)],
    ],
    [
      'an S3 server',
      { failures: { kind: 's3', region: 'x', bucket: 'b', endpoint: 'http://s3.example' } },
      ['warn', 'connections to failures.endpoint', expect.stringContaining('not encrypted')],
    ],
    [
      'a queue server of this machine',
      { queue: { kind: 'sqs', region: 'x', endpoint: 'http://127.0.0.1:9324', prefix: 'p' } },
      ['ok', 'connections to queue.endpoint', 'not encrypted'],
    ],
    [
      'PostgreSQL on a Unix socket',
      { queue: { ...database, host: '/run/postgresql' } },
      [
        'ok',
        'connections to PostgreSQL at /run/postgresql:5432, database d, schema s',
        'not encrypted',
      ],
    ],
    [
      'a device of the lab',
      { devices: [{ ...device, url: 'https://192.0.2.1', peer: 'http://127.0.0.3' }] },
      ['ok', `connections to device ${device!.name}`, 'not encrypted'],
    ],
    [
      'the console behind something that ends TLS',
      { console: { url: 'https://sluice.example', tokens: [] } },
      ['ok', 'port of the console', expect.stringContaining('ends TLS for https://sluice.example')],
    ],
  ])('tells that %s is not encrypted', async (_, change, expected) => {
    expect(await found({ devices, ...change })).toEqual([expected, METRICS]);
  });
});

describe('doctor -k', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-encryption-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const seen = (cluster: object): readonly (readonly string[])[] => {
    const path = join(folder, 'kubeconfig');
    const kubeconfig = {
      clusters: [{ name: 'c', cluster }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: { token: 't' } }],
      'current-context': 'c',
    };
    writeFileSync(path, JSON.stringify(kubeconfig));
    return serverFindings(path).map(({ state, says }) => [state, says]);
  };
  const stolen = 'whoever is in between gets the token of the account';

  test.each<[string, object, readonly (readonly unknown[])[]]>([
    ['nothing about a server with TLS', { server: 'https://api.example' }, []],
    [
      'that the certificate is not verified',
      { server: 'https://api.example', 'insecure-skip-tls-verify': true },
      [['warn', `the certificate of https://api.example is not verified: ${stolen}`]],
    ],
    [
      'that a server has no TLS',
      { server: 'http://api.example:8080' },
      [['warn', `http://api.example:8080 is not encrypted: ${stolen}`]],
    ],
    [
      'why a server of this machine needs none',
      { server: 'http://127.0.0.1:8001' },
      [['ok', expect.stringContaining('does not leave this machine')]],
    ],
  ])('tells %s', (_, cluster, expected) => {
    expect(seen(cluster)).toEqual(expected);
  });

  test('leaves a kubeconfig that cannot be read to another check', () => {
    expect(serverFindings(join(folder, 'nowhere'))).toEqual([]);
  });
});
