import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig, parseConfig } from '../../../shared/config/load.ts';

type Tree = Record<string, unknown>;

function base(): { devices: Tree[]; clusters: Tree[]; ingresses: Tree[]; [key: string]: unknown } {
  return {
    devices: [
      {
        name: 'bigip',
        url: 'https://192.0.2.1',
        username: 'admin',
        password: 'env:PW',
        partitions: ['k8s', 'edge'],
      },
    ],
    clusters: [{ id: 'east' }, { id: 'west' }],
    ingresses: [
      { cluster: 'east', service: 'istio-system/istio-ingressgateway', devices: ['bigip'] },
    ],
  };
}

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, 'sluice.yaml', 7);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

function problemsAfter(change: (config: ReturnType<typeof base>) => void): readonly string[] {
  const config = base();
  change(config);
  return problemsOf(JSON.stringify(config));
}

describe('a configuration that is right', () => {
  test('is read with every default filled in, as YAML or as JSON', () => {
    const config = parseConfig(JSON.stringify(base()), 'sluice.json', 7);
    expect(config).toMatchObject({
      generation: 7,
      fleets: [],
      queue: { kind: 'sqlite', path: '.sluice/queue.sqlite' },
      policy: { references: [], rules: [] },
      ingresses: [
        { members: 'pods', servicePorts: 'manage', nodeAddressType: 'InternalIP', settings: {} },
      ],
      clusters: [{ mesh: { statusPort: 15_021 } }, {}],
    });
    const yaml =
      'devices: [{name: b, url: "https://192.0.2.1", username: u, password: "env:P", ' +
      'partitions: [k8s]}]\nclusters: [{id: east}]\ningresses: [{cluster: east, service: ' +
      'a/b, devices: [b]}]\n';
    expect(parseConfig(yaml, 'sluice.yaml', 1).devices[0]?.name).toBe('b');
  });

  test('keeps the generation it names', () => {
    expect(parseConfig(JSON.stringify({ ...base(), generation: 42 }), 'x', 7).generation).toBe(42);
  });

  test('includes the example in the docs', async () => {
    const text = await readFile(
      new URL('../../../docs/sluice.example.yaml', import.meta.url),
      'utf8',
    );
    const config = parseConfig(text, 'docs/sluice.example.yaml', 1);
    expect(config.ingresses.map((one) => one.cluster)).toEqual(['east', 'west']);
  });
});

describe('a configuration that is wrong says where and what was expected', () => {
  type Case = [string, (config: ReturnType<typeof base>) => void, string];
  test.each<Case>([
    [
      'an unknown key names the nearest known one',
      (c) => (c.ingresses[0]!['virtualAdress'] = '192.0.2.9'),
      'ingresses[0].virtualAdress: unknown key; did you mean virtualAddress?',
    ],
    [
      'an unknown key at the top',
      (c) => (c['device'] = []),
      'device: unknown key; did you mean devices?',
    ],
    [
      'an unknown key deep inside',
      (c) => (c.clusters[0]!['mesh'] = { enableQuik: true }),
      'clusters[0].mesh.enableQuik: unknown key; did you mean enableQuic?',
    ],
    [
      'an unknown key unlike any other lists the known ones',
      (c) => (c.devices[0]!['tls'] = { zzzzzzzz: 1 }),
      'devices[0].tls.zzzzzzzz: unknown key; known are ca, fingerprint',
    ],
    [
      'an unknown key of the queue',
      (c) => (c['queue'] = { kind: 'sqs', region: 'eu-central-1', prefx: 'a' }),
      'queue.prefx: unknown key; did you mean prefix?',
    ],
    ['a missing key', (c) => delete c.devices[0]!['url'], 'devices[0].url: is missing'],
    ['a missing list', (c) => delete (c as Tree)['clusters'], 'clusters: is missing'],
    [
      'a wrong type',
      (c) => (c.devices[0]!['username'] = 5),
      'devices[0].username: Invalid input: expected string, received number (got 5)',
    ],
    [
      'a password in plain text is not repeated',
      (c) => (c.devices[0]!['password'] = 'hunter2'),
      'devices[0].password: write a reference instead of the secret itself: env:NAME, ' +
        'file:PATH, secretsmanager:ID[#key] or ssm:NAME',
    ],
    [
      'a password as a number',
      (c) => (c.devices[0]!['password'] = 1234),
      'devices[0].password: write a reference instead of the secret itself: env:NAME, ' +
        'file:PATH, secretsmanager:ID[#key] or ssm:NAME',
    ],
    [
      'a CA in plain text',
      (c) => (c.devices[0]!['tls'] = { ca: '-----BEGIN CERTIFICATE-----' }),
      'devices[0].tls.ca: write a reference instead of the secret itself: env:NAME, ' +
        'file:PATH, secretsmanager:ID[#key] or ssm:NAME',
    ],
    [
      'a verify key in plain text is not repeated',
      (c) => (c.clusters[0]!['verifyKeys'] = ['-----BEGIN PUBLIC KEY-----']),
      'clusters[0].verifyKeys[0]: write a reference instead of the secret itself: ' +
        'env:NAME, file:PATH, secretsmanager:ID[#key] or ssm:NAME',
    ],
    [
      'a sign key in plain text is not repeated',
      (c) => (c.clusters[0]!['signKey'] = '-----BEGIN PRIVATE KEY-----'),
      'clusters[0].signKey: write a reference instead of the secret itself: env:NAME, ' +
        'file:PATH, secretsmanager:ID[#key] or ssm:NAME',
    ],
    [
      'one key of two clusters',
      (c) => c.clusters.forEach((one) => (one['verifyKeys'] = ['file:/k.pub'])),
      'clusters[1].verifyKeys[0]: file:/k.pub is already clusters[0].verifyKeys[0]; every cluster needs its own keys',
    ],
    [
      'credentials in a URL are not repeated',
      (c) => (c.devices[0]!['url'] = 'https://admin:hunter2@192.0.2.1'),
      'devices[0].url: must not contain a user or password; use username and password',
    ],
    [
      'credentials in the URL of a queue server',
      (c) =>
        (c['queue'] = { kind: 'sqs', region: 'x', endpoint: 'https://admin:hunter2@mq.example' }),
      'queue.endpoint: must not contain a user or password; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role, are the credentials',
    ],
    [
      'a queue server of another protocol',
      (c) => (c['queue'] = { kind: 'sqs', region: 'x', endpoint: 'amqp://mq.example' }),
      'queue.endpoint: must be a URL that begins with https:// or http:// (got "amqp://mq.example")',
    ],
    [
      'credentials in the URL of an S3 server',
      (c) =>
        (c['failures'] = {
          kind: 's3',
          bucket: 'bucket',
          region: 'x',
          endpoint: 'https://admin:hunter2@s3.example',
        }),
      'failures.endpoint: must not contain a user or password; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role, are the credentials',
    ],
    [
      'a console that people reach without TLS',
      (c) => (c['console'] = { url: 'http://sluice.example.com', tokens: [] }),
      'console.url: must be https, except on localhost (got "http://sluice.example.com")',
    ],
    [
      'a login provider without TLS',
      (c) => (c['console'] = { url: 'https://x.example', oidc: { issuer: 'http://id.example' } }),
      'console.oidc.issuer: must be https, except on localhost (got "http://id.example")',
    ],
    [
      'credentials in the URL of the login provider',
      (c) =>
        (c['console'] = { url: 'https://x.example', oidc: { issuer: 'https://u:p@id.example' } }),
      'console.oidc.issuer: must not contain a user or password',
    ],
    [
      'a URL of another kind',
      (c) => (c.devices[0]!['url'] = 'ftp://192.0.2.1'),
      'devices[0].url: must begin with https://, not ftp://',
    ],
    [
      'a URL that shows the password on the way',
      (c) => (c.devices[0]!['url'] = 'http://192.0.2.1'),
      'devices[0].url: must begin with https://, not http://',
    ],
    [
      'the same for the other unit',
      (c) => (c.devices[0]!['peer'] = 'http://192.0.2.2'),
      'devices[0].peer: must begin with https://, not http://',
    ],
    [
      'partition Common',
      (c) => (c.devices[0]!['partitions'] = ['Common']),
      'devices[0].partitions[0]: must not be Common: Sluice never writes there (got "Common")',
    ],
    [
      'a partition with the name of a property of AS3',
      (c) => (c.devices[0]!['partitions'] = ['schemaVersion']),
      'devices[0].partitions[0]: must not be a property of AS3 declarations; choose ' +
        'another name for the partition (got "schemaVersion")',
    ],
    [
      'a partition whose paths AS3 refuses',
      (c) => (c.devices[0]!['partitions'] = ['p'.repeat(132)]),
      'devices[0].partitions[0]: must have at most 131 characters: AS3 refuses paths over 195',
    ],
    [
      'an invalid fingerprint',
      (c) => (c.devices[0]!['tls'] = { fingerprint: 'abc' }),
      'devices[0].tls.fingerprint: must be a SHA-256 fingerprint: 64 hex digits, colons allowed (got "abc")',
    ],
    [
      'an unknown cluster',
      (c) => (c.ingresses[0]!['cluster'] = 'eats'),
      'ingresses[0].cluster: no cluster eats; did you mean east?',
    ],
    [
      'an unknown device',
      (c) => (c.ingresses[0]!['devices'] = ['f5']),
      'ingresses[0].devices[0]: no device f5; known are bigip',
    ],
    [
      'a device listed twice',
      (c) => (c.ingresses[0]!['devices'] = ['bigip', 'bigip']),
      'ingresses[0].devices[1]: bigip is already used by ingresses[0].devices[0]',
    ],
    [
      'a partition of no device',
      (c) => (c.ingresses[0]!['partition'] = 'other'),
      'ingresses[0].partition: other is not a partition of device bigip (k8s, edge)',
    ],
    [
      'one device that spreads beside one that does not',
      (c) => (
        c.devices.push({ ...c.devices[0]!, name: 'other', spread: 'address' }),
        (c.ingresses[0]!['devices'] = ['bigip', 'other'])
      ),
      'ingresses[0].devices: bigip has spread: none, other has spread: address; use one ' +
        "of the partitions of the ingress's devices, or configure the devices alike",
    ],
    [
      'spreading over different partitions',
      (c) => (
        (c.devices[0]!['spread'] = 'address'),
        c.devices.push({ ...c.devices[0]!, name: 'other', partitions: ['k8s'] }),
        (c.ingresses[0]!['devices'] = ['bigip', 'other'])
      ),
      'ingresses[0].devices: spread: address needs the same partitions on all of them, ' +
        'but bigip has k8s, edge, other has k8s; use one of the partitions of the ' +
        "ingress's devices, or configure the devices alike",
    ],
    [
      'the same Service twice',
      (c) => c.ingresses.push({ ...c.ingresses[0]! }),
      'ingresses[1]: Service istio-system/istio-ingressgateway of cluster east is already ingresses[0]',
    ],
    [
      'a device name twice',
      (c) => c.devices.push({ ...c.devices[0]! }),
      'devices[1].name: bigip is already used by devices[0]',
    ],
    [
      'a cluster id twice',
      (c) => c.clusters.push({ id: 'east' }),
      'clusters[2].id: east is already used by clusters[0]',
    ],
    [
      'a fleet member that does not exist',
      (c) => (c['fleets'] = [{ name: 'f', clusters: ['east', 'wst'] }]),
      'fleets[0].clusters[1]: no cluster wst; did you mean west?',
    ],
    [
      'a cluster in two fleets',
      (c) =>
        (c['fleets'] = [
          { name: 'f', clusters: ['east', 'west'] },
          { name: 'g', clusters: ['west', 'east'] },
        ]),
      'fleets[1].clusters[0]: cluster west is already in fleet f; a cluster belongs to one fleet',
    ],
    [
      'a ratio for a cluster outside the fleet',
      (c) =>
        (c['fleets'] = [
          { name: 'f', clusters: ['east', 'west'], mode: 'ratio', ratio: { eest: 2 } },
        ]),
      'fleets[0].ratio.eest: no cluster of the fleet eest; did you mean east?',
    ],
    [
      'a silence limit below the interval of the watcher',
      (c) => (c.clusters[0]!['silentAfter'] = 300),
      'clusters[0].silentAfter: Too small: expected number to be >=360 (got 300)',
    ],
    [
      'a ratio that is too large',
      (c) =>
        (c['fleets'] = [
          { name: 'f', clusters: ['east', 'west'], mode: 'ratio', ratio: { east: 101 } },
        ]),
      'fleets[0].ratio.east: Too big: expected number to be <=100 (got 101)',
    ],
    [
      'a ratio in another mode',
      (c) => (c['fleets'] = [{ name: 'f', clusters: ['east', 'west'], ratio: { east: 2 } }]),
      'fleets[0].ratio: is only for mode ratio, but the fleet has mode active-active; change the mode or remove it',
    ],
    [
      'a minimum in another mode',
      (c) =>
        (c['fleets'] = [
          { name: 'f', clusters: ['east', 'west'], mode: 'ratio', minimumActive: 2 },
        ]),
      'fleets[0].minimumActive: is only for mode active-standby, but the fleet has mode ' +
        'ratio; change the mode or remove it',
    ],
    [
      'a method without ratios',
      (c) =>
        (c['fleets'] = [
          {
            name: 'f',
            clusters: ['east', 'west'],
            mode: 'ratio',
            settings: { balance: 'fastest-node' },
          },
        ]),
      'fleets[0].settings.balance: fastest-node ignores the ratio of clusters; in mode ' +
        'ratio remove it, or use least-connections-member to take the load into account',
    ],
    [
      'a setting of a fleet outside the policy',
      (c) =>
        (c['fleets'] = [
          { name: 'f', clusters: ['east', 'west'], settings: { iRules: ['/Common/x'] } },
        ]),
      'fleets[0].settings: refers to /Common/x, which policy.references does not list; add it there',
    ],
    [
      'a typo in the settings of a fleet',
      (c) =>
        (c['fleets'] = [
          { name: 'f', clusters: ['east', 'west'], settings: { balanse: 'round-robin' } },
        ]),
      'fleets[0].settings.balanse: unknown key; did you mean balance?',
    ],
    [
      'an invalid address',
      (c) => (c.ingresses[0]!['virtualAddress'] = '192.0.2.256'),
      'ingresses[0].virtualAddress: must be an IPv4 or IPv6 address, auto, or auto:<pool> (got "192.0.2.256")',
    ],
    [
      'a multicast address',
      (c) => (c.ingresses[0]!['virtualAddress'] = '224.0.0.1'),
      'ingresses[0].virtualAddress: 224.0.0.1 must be a unicast address that clients can reach',
    ],
    [
      'a Service without namespace',
      (c) => (c.ingresses[0]!['service'] = 'gw'),
      'ingresses[0].service: must be namespace/name (got "gw")',
    ],
    [
      'a reference outside the policy',
      (c) => (c.ingresses[0]!['settings'] = { iRules: ['/Common/x'] }),
      'ingresses[0].settings: refers to /Common/x, which policy.references does not list; add it there',
    ],
    [
      'a monitor whose timeout is too short',
      (c) =>
        (c.ingresses[0]!['settings'] = { monitors: [{ type: 'tcp', interval: 5, timeout: 5 }] }),
      "ingresses[0].settings.monitors[0]: a monitor's timeout (5 s) must be longer than " +
        'its interval (5 s); three intervals and one second is usual',
    ],
    [
      'an invalid address in the policy',
      (c) => (c['policy'] = { rules: [{ name: 'r', addresses: ['10.0.0.0/33'] }] }),
      'policy.rules[0].addresses[0]: must be an address or CIDR such as 10.0.0.0/8 (got "10.0.0.0/33")',
    ],
    [
      'an invalid port in the policy',
      (c) => (c['policy'] = { rules: [{ name: 'r', ports: ['http'] }] }),
      'policy.rules[0].ports[0]: must be a port or a range such as 30000-32767 (got "http")',
    ],
    ...['443-80', '0-80', '1-65536', '0'].map((ports): Case => [
      `policy ports that match nothing: ${ports}`,
      (c) => (c['policy'] = { rules: [{ name: 'r', ports: [ports] }] }),
      `policy.rules[0].ports[0]: must be a port or a range such as 30000-32767 (got "${ports}")`,
    ]),
    ...['namespaces', 'ports', 'addresses', 'partitions'].map((list): Case => [
      `an empty list of ${list}, with which a rule would match nothing`,
      (c) => (c['policy'] = { requirements: [{ name: 'r', settings: ['policyWaf'], [list]: [] }] }),
      `policy.requirements[0].${list}: must not be empty; leave it out to match all`,
    ]),
    [
      'a replay policy for a code that needs a change',
      (c) => (c['failures'] = { kind: 'fs', replay: [{ name: 'r', codes: ['BIP424', 'BIP421'] }] }),
      'failures.replay[0].codes[1]: BIP421 (BIG-IP refuses the configuration) cannot ' +
        'succeed without a change, so it cannot be replayed on a schedule; remove it, and ' +
        'replay such failures by hand once the cause is corrected',
    ],
    [
      'a replay policy for an unknown code',
      (c) => (c['failures'] = { kind: 'fs', replay: [{ name: 'r', codes: ['BIP999'] }] }),
      'failures.replay[0].codes[0]: unknown code BIP999; docs/reference/codes.md lists all codes',
    ],
    [
      'two rules with the same name',
      (c) => (c['policy'] = { rules: [{ name: 'r' }, { name: 'r' }] }),
      'policy.rules[1].name: r is already used by policy.rules[0]',
    ],
  ])('%s', (_, change, expected) => {
    expect(problemsAfter(change)).toContain(expected);
  });

  test('all problems are listed, not just the first', () => {
    const problems = problemsAfter((c) => {
      delete c.devices[0]!['url'];
      c.ingresses[0]!['virtualAdress'] = 'x';
    });
    expect(problems).toHaveLength(2);
  });

  test('no message ever contains the plain password', () => {
    const config = base();
    config.devices[0]!['password'] = 'hunter2';
    expect(() => parseConfig(JSON.stringify(config), 'sluice.yaml', 1)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });

  test.each([
    ['a repeated key', 'devices: []\ndevices: []\n', /Map keys must be unique at line 2/],
    ['a repeated key in JSON', '{"clusters": 1, "clusters": 2}', /Map keys must be unique/],
    ['broken YAML', 'devices: [', /line 1|line 2/],
    ['a list instead of a map', '- a\n', /must be a map with devices, clusters and ingresses/],
    ['an empty file', '', /must be a map with devices, clusters and ingresses/],
  ])('%s is refused', (_, text, message) => {
    expect(() => parseConfig(text, 'sluice.yaml', 1)).toThrow(message);
  });

  test('a broken line with a password in it is not quoted', () => {
    const problems = problemsOf('devices:\n  - password: "hunter2\n');
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain('hunter2');
  });
});

describe('PostgreSQL as the queue', () => {
  const queue = { kind: 'postgres', host: 'db.example.com', password: 'env:PASSWORD' };

  test('needs only a host', () => {
    expect(
      problemsAfter((c) => (c['queue'] = { kind: 'postgres', host: '/run/postgresql' })),
    ).toEqual([]);
    expect(problemsAfter((c) => (c['queue'] = { ...queue, host: 'fd00::5' }))).toEqual([]);
  });

  test('takes the same keys for the failure store', () => {
    expect(
      problemsAfter((c) =>
        Object.assign(c, { queue, failures: { ...queue, kind: 'postgres', retentionDays: 30 } }),
      ),
    ).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string, string]>([
    ['no host', { host: undefined }, 'queue.host', 'host'],
    [
      'a URL',
      { host: 'postgres://db.example.com/sluice' },
      'queue.host',
      'host name, an IP address',
    ],
    ['a host with a port', { host: 'db.example.com:5432' }, 'queue.host', 'keys of their own'],
    [
      'a password in the file',
      { password: 'hunter2' },
      'queue.password',
      'write a reference instead of the secret',
    ],
    ['a schema in capitals', { schema: 'Sluice' }, 'queue.schema', 'small letters'],
    ["a schema of PostgreSQL's own", { schema: 'pg_catalog' }, 'queue.schema', 'begin with pg_'],
    ['too many connections', { connections: 1_000 }, 'queue.connections', '100'],
    ['an unknown key', { sslmode: 'disable' }, 'queue', 'sslmode'],
  ])('with %s is refused with the place and what is expected', (_, change, path, said) => {
    const found = problemsAfter((c) => (c['queue'] = { ...queue, ...change }));
    expect(found.join('\n')).toContain(path);
    expect(found.join('\n')).toContain(said);
    expect(found.join('\n')).not.toContain('hunter2');
  });
});

describe('loading from a file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-config-'));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  test('takes the generation from the file, the environment, or the modification time', async () => {
    const path = join(folder, 'sluice.yaml');
    await writeFile(path, JSON.stringify(base()));
    await utimes(path, 1_700_000_000, 1_700_000_000.9);
    expect((await loadConfig(path, {})).generation).toBe(1_700_000_000);
    expect((await loadConfig(path, { SLUICE_GENERATION: '9' })).generation).toBe(9);
    await expect(loadConfig(path, { SLUICE_GENERATION: 'new' })).rejects.toThrow(
      'SLUICE_GENERATION must be a whole number, not "new"',
    );
  });

  test.each(['http://127.0.0.1:8100', 'http://[::1]:8100', 'http://localhost:8100'])(
    'allows http for %s, which is on the same host',
    (url) => {
      expect(problemsAfter((c) => (c.devices[0]!['url'] = url))).toEqual([]);
    },
  );

  test('names the file that cannot be read', async () => {
    const path = join(folder, 'missing.yaml');
    await expect(loadConfig(path, {})).rejects.toMatchObject({
      code: 'GW100',
      message: expect.stringContaining(`${path}: cannot be read (no such file, ENOENT)`),
    });
  });
});
