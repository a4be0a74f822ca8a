import { describe, expect, test } from '@jest/globals';
import { countParsing } from '../../fixtures/json-parse.ts';
import { readConfigMap } from '../../../shared/domain/exposure/sources/f5-configmap.ts';
import { configMap, walkthrough } from './fixtures.ts';

const schema = (minor: number): string => `f5schemadb://bigip-virtual-server_v0.1.${minor}.json`;
const ALL = [0, 1, 2, 3, 4, 5, 6, 7];

function refusalsOf(body: unknown, minor = 7): readonly string[] {
  return readConfigMap(configMap('cm', body, { schema: schema(minor) })).layer.refusals.map(
    ({ code, message }) => `${code} ${message}`,
  );
}

describe('every schema version', () => {
  test.each(ALL)('v0.1.%i takes the walkthrough as it is', (minor) => {
    const read = readConfigMap(configMap('cm', walkthrough(), { schema: schema(minor) }));
    expect(read).toMatchObject({
      service: 'istio-ingressgateway',
      port: 32_400,
      layer: { source: 'ConfigMap istio-system/cm', refusals: [], notes: [] },
    });
    expect(read.layer.wanted).toEqual({
      virtualAddress: '172.16.100.195',
      port: 31_400,
      partition: 'k8s',
      balance: 'least-connections-member',
      mode: 'tcp',
    });
  });

  const since: readonly [string, number, unknown][] = [
    [
      'healthMonitors',
      2,
      walkthrough(
        {},
        { healthMonitors: [{ protocol: 'tcp', interval: 5, timeout: 16, send: 'x' }] },
      ),
    ],
    ['no virtualAddress', 3, walkthrough({ virtualAddress: undefined })],
    ['no bindAddr', 3, walkthrough({ virtualAddress: { port: 31_400 } })],
    ['mode udp', 5, walkthrough({ mode: 'udp' })],
    ['a udp monitor', 5, walkthrough({}, { healthMonitors: [{ protocol: 'udp' }] })],
    ['recv', 6, walkthrough({}, { healthMonitors: [{ protocol: 'tcp', recv: 'x' }] })],
  ];
  test.each(
    since.flatMap(([what, first, body]) =>
      ALL.map((minor) => [what, minor, minor >= first, body] as const),
    ),
  )('%s in v0.1.%i: %s', (_, minor, allowed, body) => {
    expect(refusalsOf(body, minor).filter((one) => one.startsWith('GW125')).length === 0).toBe(
      allowed,
    );
  });

  test('SSL profiles are paths on BIG-IP, several from v0.1.4 on', () => {
    const several = walkthrough({ sslProfile: { f5ProfileNames: ['a/b', '/c/d'] } });
    expect(refusalsOf(several, 3)[0]).toMatch(/^GW125 .*f5ProfileNames: unknown key/);
    const wanted = (body: unknown): unknown =>
      readConfigMap(configMap('cm', body, { schema: schema(7) })).layer.wanted;
    expect(wanted(several)).toMatchObject({ mode: 'tcp', clientTls: ['/a/b', '/c/d'] });
    const one = { sslProfile: { f5ProfileName: 'a/b' } };
    expect(wanted(walkthrough(one))).toMatchObject({ mode: 'tcp', clientTls: ['/a/b'] });
    expect(wanted(walkthrough({ sslProfile: {} }))).not.toHaveProperty('clientTls');
    expect(refusalsOf(walkthrough({ sslProfile: { f5ProfileName: 'secret' } }))[0]).toMatch(
      /^GW143 .*sslProfile: "secret" is not a full path.*no certificates from Secrets/,
    );
  });

  test('HTTP with an SSL profile is HTTPS', () => {
    const body = walkthrough({ mode: 'http', sslProfile: { f5ProfileName: 'a/b' } });
    expect(readConfigMap(configMap('cm', body)).layer.wanted).toMatchObject({ mode: 'https' });
    expect(
      readConfigMap(configMap('cm', walkthrough({ mode: 'http' }))).layer.wanted,
    ).toMatchObject({ mode: 'http' });
  });

  test('balance is an enumeration up to v0.1.6 and free later, where an unknown method is still refused', () => {
    expect(refusalsOf(walkthrough({ balance: 'fair' }), 6)[0]).toMatch(/^GW125 .*frontend.balance/);
    expect(refusalsOf(walkthrough({ balance: 'fair' }), 7)[0]).toMatch(
      /^GW143 .*balance: "fair" is not one of/,
    );
  });
});

describe('a document that cannot be used says why', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'an unknown key with its path and the nearest one',
      walkthrough({ balanse: 'x' }),
      /^GW125 ConfigMap istio-system\/cm: does not follow v0\.1\.7: virtualServer\.frontend\.balanse: unknown key; did you mean balance\?$/,
    ],
    [
      'an unknown key in a monitor',
      walkthrough({}, { healthMonitors: [{ protocol: 'tcp', receive: 'x' }] }),
      /virtualServer\.backend\.healthMonitors\[0\]\.receive: unknown key/,
    ],
    [
      'an unknown key that no other resembles',
      walkthrough({ zzzzzzzzzz: 1 }),
      /^GW125 .*: virtualServer\.frontend\.zzzzzzzzzz: unknown key in v0\.1\.7$/,
    ],
    [
      'a key that belongs elsewhere, without suggesting it',
      walkthrough({ healthMonitors: [] }),
      /^GW125 .*: virtualServer\.frontend\.healthMonitors: unknown key in v0\.1\.7$/,
    ],
    ['nothing', '', /^GW124 .*: data\.data is not valid JSON \(Unexpected end of JSON input\)$/],
    [
      'no partition',
      walkthrough({ partition: undefined }),
      /^GW125 .*virtualServer\.frontend\.partition: /,
    ],
    [
      'a port as text',
      walkthrough({}, { servicePort: '32400' }),
      /^GW125 .*virtualServer\.backend\.servicePort: /,
    ],
    [
      'port 0',
      walkthrough({ virtualAddress: { port: 0, bindAddr: '192.0.2.1' } }),
      /^GW125 .*virtualAddress\.port: /,
    ],
    [
      'a further key beside virtualServer',
      { ...(walkthrough() as object), extra: 1 },
      /^GW125 .*extra: unknown key/,
    ],
    [
      'an invalid address',
      walkthrough({ virtualAddress: { port: 1, bindAddr: 'host' } }),
      /^GW143 .*bindAddr: "host": must be an IPv4 or IPv6 address/,
    ],
    [
      'a route domain',
      walkthrough({ virtualAddress: { port: 1, bindAddr: '192.0.2.1%3' } }),
      /^GW143 .*route domain %3/,
    ],
    [
      'a monitor whose timeout is too short',
      walkthrough({}, { healthMonitors: [{ protocol: 'tcp', interval: 30, timeout: 10 }] }),
      /^GW143 .*healthMonitors: a monitor's timeout/,
    ],
    ['a list', [], /^GW125 /],
    ['null', 'null', /^GW125 /],
  ])('%s', (_, body, message) => {
    expect(refusalsOf(body)[0]).toMatch(message);
  });

  test.each([
    ['too many brackets', '['.repeat(500_000), /^GW124 .*nested more than 32 levels deep/],
    ['too many values', `[${'0,'.repeat(100_000)}0]`, /^GW124 .*more than 2000 values/],
    [
      'a string that is too long',
      `"${'x'.repeat(200_000)}"`,
      /^GW124 .*a string of more than 65536 characters/,
    ],
  ])('%s are not parsed, and reported in one line', (_, body, message) => {
    const { result, parsed } = countParsing(() => refusalsOf(body));
    const [said = ''] = result;
    expect([parsed, said.length < 300]).toEqual([0, true]);
    expect(said).toMatch(message);
  });

  test('of many problems, the first twenty and the number of others are reported', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key${i}`, 1]));
    const said = refusalsOf({ ...(walkthrough() as object), ...many });
    expect([said.length, said.at(-1)]).toEqual([21, expect.stringMatching(/480 more problems/)]);
  });

  test('of twenty problems, no more are counted', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, 1]));
    expect(refusalsOf({ ...(walkthrough() as object), ...many })).toHaveLength(20);
  });

  test('without data is no JSON', () => {
    const bare = configMap('cm', walkthrough());
    const { refusals } = readConfigMap({ ...bare, data: { schema: schema(7) } }).layer;
    expect(refusals.map(({ message }) => message)).toEqual([
      'ConfigMap istio-system/cm: data.data is not valid JSON (Unexpected end of JSON input)',
    ]);
  });

  test('a line break after the name of the schema is no other schema', () => {
    const read = readConfigMap(configMap('cm', walkthrough(), { schema: `${schema(7)}\n` }));
    expect(read.layer.refusals).toEqual([]);
  });

  test.each<[unknown, readonly string[] | undefined]>([
    [{}, undefined],
    [{ f5ProfileNames: [] }, undefined],
    [{ f5ProfileNames: ['a/b'] }, ['/a/b']],
    [{ f5ProfileName: 'a/b' }, ['/a/b']],
    [{ f5ProfileName: 'a/b', f5ProfileNames: [] }, ['/a/b']],
  ])('sslProfile %j makes BIG-IP terminate TLS with %j', (sslProfile, paths) => {
    const { wanted, refusals } = readConfigMap(configMap('cm', walkthrough({ sslProfile }))).layer;
    expect([wanted.clientTls, refusals]).toEqual([paths, []]);
  });

  test('the iApp form is not in v0.1.0, where it is an unknown key', () => {
    expect(refusalsOf(walkthrough({ iapp: '/Common/f5.http' }), 0)[0]).toMatch(
      /^GW125 .*frontend\.iapp: unknown key/,
    );
  });

  test('a long value is quoted by its beginning', () => {
    const { refusals } = readConfigMap(
      configMap('cm', walkthrough(), { schema: 'x'.repeat(200_000) }),
    ).layer;
    expect(refusals.map(({ message }) => message.length < 1_100)).toEqual([true]);
  });

  test('invalid JSON is still attributed to its Service and port', () => {
    const read = readConfigMap(
      configMap(
        'cm',
        '{"virtualServer": {"backend": {"serviceName": "istio-ingressgateway", "servicePort": 32400}, "frontend": {',
      ),
    );
    expect(read).toMatchObject({
      service: 'istio-ingressgateway',
      port: 32_400,
      layer: { refusals: [{ code: 'GW124' }] },
    });
  });

  test.each([1, 7])('the iApp form of v0.1.%i is refused with its reason', (minor) => {
    const frontend = {
      partition: 'k8s',
      iapp: '/Common/f5.http',
      iappOptions: {},
      iappVariables: {},
      iappPoolMemberTable: { name: 'x', columns: [] },
    };
    const body = { virtualServer: { backend: { serviceName: 's', servicePort: 1 }, frontend } };
    expect(refusalsOf(body, minor)).toEqual([
      expect.stringMatching(/^GW126 .*deploys the iApp "\/Common\/f5.http"/),
    ]);
  });

  test.each([
    ['f5schemadb://bigip-virtual-server_v0.1.8.json'],
    ['f5schemadb://bigip-virtual-server_v0.2.0.json'],
    ['x'],
  ])('schema %s is unknown', (name) => {
    const { refusals } = readConfigMap(configMap('cm', walkthrough(), { schema: name })).layer;
    expect(refusals).toEqual([
      {
        code: 'GW123',
        message:
          `ConfigMap istio-system/cm: names the schema "${name}"; known are ` +
          'f5schemadb://bigip-virtual-server_v0.1.0.json to v0.1.7.json',
      },
    ]);
  });

  test('a missing schema and an AS3 declaration are reported', () => {
    const bare = configMap('cm', walkthrough());
    expect(
      readConfigMap({ ...bare, data: { data: bare.data['data'] ?? '' } }).layer.refusals[0]
        ?.message,
    ).toContain('has no data.schema');
    expect(readConfigMap({ ...bare, data: { template: '{}' } }).layer.refusals[0]?.code).toBe(
      'GW127',
    );
    expect(
      readConfigMap(configMap('cm', walkthrough(), { labels: { as3: 'true' } })).layer.refusals[0]
        ?.code,
    ).toBe('GW127');
  });
});

describe('what CIS derives from elsewhere', () => {
  test('the address may come from the annotation, and bindAddr goes first', () => {
    const annotations = { 'virtual-server.f5.com/ip': '192.0.2.9' };
    expect(
      readConfigMap(configMap('cm', walkthrough({ virtualAddress: { port: 5 } }), { annotations }))
        .layer.wanted,
    ).toMatchObject({ virtualAddress: '192.0.2.9', port: 5 });
    expect(
      readConfigMap(configMap('cm', walkthrough(), { annotations })).layer.wanted.virtualAddress,
    ).toBe('172.16.100.195');
    expect(
      readConfigMap(
        configMap('cm', walkthrough({ virtualAddress: { port: 5 } }), {
          annotations: { 'virtual-server.f5.com/ip': 'x' },
        }),
      ).layer.refusals[0]?.message,
    ).toContain('annotation virtual-server.f5.com/ip: "x"');
  });

  test('an annotation is not read beside bindAddr, and makes a ConfigMap without an address complete', () => {
    const read = (frontend: object, ip: string): ReturnType<typeof readConfigMap>['layer'] =>
      readConfigMap(
        configMap('cm', walkthrough(frontend as Record<string, unknown>), {
          annotations: { 'virtual-server.f5.com/ip': ip },
        }),
      ).layer;
    expect(read({}, 'x').refusals).toEqual([]);
    const complete = read({ virtualAddress: undefined }, '192.0.2.9');
    expect([complete.notes, complete.wanted.virtualAddress]).toEqual([[], '192.0.2.9']);
  });

  test('pool-only is reported, and its other settings count', () => {
    const { layer } = readConfigMap(configMap('cm', walkthrough({ virtualAddress: undefined })));
    expect(layer.notes.map((note) => note.code)).toEqual(['GW144']);
    expect(layer.wanted).toEqual({
      partition: 'k8s',
      balance: 'least-connections-member',
      mode: 'tcp',
    });
  });

  test('monitors carry over, with BIG-IP’s times where they are left open', () => {
    const healthMonitors = [
      { protocol: 'http', send: 'GET /', recv: 'ok' },
      { protocol: 'tcp', interval: 10 },
    ];
    expect(
      readConfigMap(configMap('cm', walkthrough({}, { healthMonitors }))).layer.wanted.monitors,
    ).toEqual([
      { type: 'http', interval: 5, timeout: 16, send: 'GET /', receive: 'ok' },
      { type: 'tcp', interval: 10, timeout: 31 },
    ]);
  });
});
