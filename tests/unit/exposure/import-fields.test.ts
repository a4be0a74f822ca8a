/**
 * What happens to each field of a CIS object: it is carried over as an annotation or named as lost;
 * never both, never neither.
 */
import { describe, expect, test } from '@jest/globals';
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { importCis } from './import-support.ts';
import { annotationsFor } from '../../../shared/domain/exposure/sources/cis/cis-annotations.ts';
import { monitorProblem } from '../../../shared/domain/exposure/settings/values.ts';
import { walkthrough } from './fixtures.ts';

const OPTIONS = { cluster: 'east', devices: ['bigip'], members: 'pods' as const };
const object = (
  kind: string,
  name: string,
  more: Record<string, unknown>,
  meta: Record<string, unknown> = {},
): unknown => ({
  apiVersion: ['Service', 'ConfigMap'].includes(kind) ? 'v1' : 'cis.f5.com/v1',
  kind,
  metadata: { namespace: 'ns', name, ...meta },
  ...more,
});
const POOL = { service: 'gw', servicePort: 443 };
const ts = (
  spec: Record<string, unknown>,
  pool: Record<string, unknown> = POOL,
  name = 'ts',
  meta = {},
): unknown => object('TransportServer', name, { spec: { ...spec, pool } }, meta);
const lost = ({ notCarried }: CisImport): readonly string[] =>
  notCarried.map(({ object: of, field }) => `${of} ${field}`);
const said = (found: CisImport): unknown => found.annotations.map(({ annotations }) => annotations);
const LOST = 'lost';

describe('a field of a TransportServer', () => {
  test.each<[string, unknown, Record<string, string> | typeof LOST]>([
    ['virtualServerPort', 8443, { port: '443=8443' }],
    ['virtualServerPort', 443, {}],
    ['virtualServerPort', 0, LOST],
    ['virtualServerPort', 65_536, LOST],
    ['virtualServerPort', '80', LOST],
    ['virtualServerAddress', 'x', LOST],
    ['type', 'tcp', {}],
    ['type', 'udp', LOST],
    ['mode', 'performance', { mode: 'fastl4' }],
    ['mode', 'standard', {}],
    ['mode', 'other', LOST],
    ['snat', 'self', { snat: 'self' }],
    ['snat', '/Common/s', { snat: '/Common/s' }],
    ['snat', 'pool', LOST],
    ['allowVlans', ['/Common/v'], { vlans: '/Common/v' }],
    ['allowVlans', [], { vlans: 'none' }],
    ['allowVlans', ['v'], LOST],
    ['allowSourceRange', ['10.0.0.0/8'], LOST],
    ['iRules', ['/Common/a', '/Common/b'], { irules: '/Common/a,/Common/b' }],
    ['iRules', 'x', LOST],
    ['profileL4', '/Common/l4', LOST],
    ['profileL4', 'l4', LOST],
    ['persistenceProfile', 'cookie', LOST],
    ['persistenceProfile', 'destination-address', { persistence: 'destination-address' }],
    ['connectionMirroring', 'L4', { mirroring: 'L4' }],
    ['connectionMirroring', 'L7', LOST],
    [
      'profiles',
      { tcp: { client: '/Common/t', server: '/Common/u' } },
      { 'profile-tcp': '/Common/t', 'profile-tcp-server': '/Common/u' },
    ],
    ['profiles', { tcp: { client: '/Common/t' } }, { 'profile-tcp': '/Common/t' }],
    ['profiles', '/Common/t', LOST],
    ['profiles', ['/Common/t'], LOST],
    ['profiles', { tcp: {} }, {}],
    ['profiles', { tcp: null }, {}],
    ['profiles', {}, {}],
    ['profiles', null, {}],
    ['loadBalancingMethod', 'ratio-member', LOST],
    ['reselectTries', 3, LOST],
    ['persistenceProfile', '/Common/p', { persistence: '/Common/p' }],
    ['persistenceProfile', 'none', { persistence: 'none' }],
    ['persistenceProfile', 'hash', LOST],
    ['ipamLabel', 'x', LOST],
    ['virtualServerName', 'x', LOST],
    ['host', 'x', LOST],
    ['waf', '/Common/w', LOST],
    ['tls', {}, {}],
    ['unheard', 1, LOST],
    ['constructor', 1, LOST],
  ])('%s %j becomes %j', (field, value, becomes) => {
    const found = importCis([ts({ [field]: value })], OPTIONS);
    expect(said(found)).toEqual(
      becomes === LOST || Object.keys(becomes).length === 0
        ? []
        : [
            Object.fromEntries(
              Object.entries(becomes).map(([name, text]) => [`sluice.io/${name}`, text]),
            ),
          ],
    );
    expect(lost(found)).toEqual(becomes === LOST ? [`TransportServer ns/ts spec.${field}`] : []);
  });

  test.each<[unknown, string]>([
    [{ udp: '/Common/u' }, 'udp: is a field of Policy, not of TransportServer, so CIS ignores it'],
    [{ quic: 1 }, 'quic: is not a field of TransportServer that Sluice knows'],
    [{ tpc: {} }, 'tpc: is not a field of TransportServer; did you mean tcp?'],
    [
      { tcp: { server: '/Common/t' } },
      'tcp.server: CIS attaches it only beside a profile for clients',
    ],
    [{ tcp: '/Common/t' }, 'tcp: is not an object with client, server'],
    [
      { tcp: { client: 't' } },
      'tcp.client: is not a full path such as /Common/name, of letters, digits and _ . : % @ + = -',
    ],
  ])('profiles %j is not carried', (profiles, words) => {
    const found = importCis([ts({ profiles })], OPTIONS);
    expect(found.notCarried.map(({ field, reason }) => `${field}: ${reason}`)).toEqual([
      `spec.profiles.${words}`,
    ]);
    expect(said(found)).toEqual([]);
  });

  const standard = '"interval":5,"timeout":16';
  test.each<[string, unknown, Record<string, string> | typeof LOST]>([
    ['loadBalancingMethod', 'ratio-member', { balance: 'ratio-member' }],
    ['loadBalancingMethod', 'fair', LOST],
    ['nodeMemberLabel', 'a=b', LOST],
    ['multiClusterServices', [], LOST],
    ['alternateBackends', [], LOST],
    ['other', 1, LOST],
    ['snat', 'none', LOST],
    ['reselectTries', 15, { 'reselect-tries': '15' }],
    ['reselectTries', -1, LOST],
    ['monitor', { type: 'tcp' }, { monitors: `[{"type":"tcp",${standard}}]` }],
    [
      'monitors',
      [{ type: 'http', targetPort: 8080, send: 'a', recv: 'b' }],
      { monitors: `[{"type":"http",${standard},"port":8080,"send":"a","receive":"b"}]` },
    ],
    ['monitors', [{ type: 'tcp', targetPort: 0 }], { monitors: `[{"type":"tcp",${standard}}]` }],
    [
      'monitors',
      [{ type: 'tcp', targetPort: 1 }],
      { monitors: `[{"type":"tcp",${standard},"port":1}]` },
    ],
    ['monitors', [], {}],
    ['monitors', [{ name: '/Common/m' }], LOST],
    ['monitors', [{ type: 'tcp', interval: 30, timeout: 10 }], LOST],
  ])('of its pool, %s %j becomes %j', (field, value, becomes) => {
    const found = importCis([ts({}, { ...POOL, [field]: value })], OPTIONS);
    expect(said(found)).toEqual(
      becomes === LOST || Object.keys(becomes).length === 0
        ? []
        : [
            Object.fromEntries(
              Object.entries(becomes).map(([name, text]) => [`sluice.io/${name}`, text]),
            ),
          ],
    );
    expect(lost(found)).toEqual(
      becomes === LOST ? [`TransportServer ns/ts spec.pool.${field}`] : [],
    );
  });

  test('a FastL4 profile is a path', () => {
    const of = (profileL4: string): CisImport =>
      importCis([ts({ mode: 'performance', profileL4 })], OPTIONS);
    expect(said(of('/Common/l4'))).toEqual([
      { 'sluice.io/mode': 'fastl4', 'sluice.io/profile-l4': '/Common/l4' },
    ]);
    expect([said(of('l4')), lost(of('l4'))]).toEqual([
      [{ 'sluice.io/mode': 'fastl4' }],
      ['TransportServer ns/ts spec.profileL4'],
    ]);
  });

  test.each<[string, unknown, Record<string, unknown>, string]>([
    [
      'persistenceProfile',
      'cookie',
      {},
      'spec.persistenceProfile: cookie is not for a virtual server of mode tcp',
    ],
    [
      'profileL4',
      '/Common/l4',
      {},
      'spec.profileL4: /Common/l4 is not for a virtual server of mode tcp',
    ],
    [
      'connectionMirroring',
      'L4',
      { mode: 'performance', profiles: { tcp: { client: '/Common/t' } } },
      'spec.profiles.tcp.client: /Common/t is not for a virtual server of mode fastl4',
    ],
  ])('%s %j says why a mode keeps it out', (field, value, more, words) => {
    const found = importCis([ts({ ...more, [field]: value })], OPTIONS);
    expect(found.notCarried.map((one) => `${one.field}: ${one.reason}`)).toEqual([words]);
  });

  test('a TransportServer without a pool leads nowhere', () => {
    const found = importCis([object('TransportServer', 'ts', { spec: {} })], OPTIONS);
    expect([found.ingresses, lost(found)]).toEqual([
      [],
      ['TransportServer ns/ts spec.pool.service', 'TransportServer ns/ts spec.pool.servicePort'],
    ]);
  });

  test('a monitor is carried without what its type ignores, which is named', () => {
    const found = importCis(
      [ts({}, { ...POOL, monitors: [{ type: 'icmp', recv: 'b' }] })],
      OPTIONS,
    );
    expect(said(found)).toEqual([{ 'sluice.io/monitors': `[{"type":"icmp",${standard}}]` }]);
    expect(lost(found)).toEqual(['TransportServer ns/ts spec.pool.monitors']);
  });

  test('of several monitors those that can be are carried, and the others named', () => {
    const found = importCis(
      [ts({}, { ...POOL, monitors: [{ name: '/Common/m' }, { type: 'tcp' }] })],
      OPTIONS,
    );
    expect(said(found)).toEqual([{ 'sluice.io/monitors': `[{"type":"tcp",${standard}}]` }]);
    expect(lost(found)).toEqual(['TransportServer ns/ts spec.pool.monitors']);
  });

  test.each<[string, Record<string, unknown>, readonly string[], readonly string[]]>([
    ['the Service of its own namespace', POOL, ['ns/gw'], []],
    ['one of another namespace', { ...POOL, serviceNamespace: 'mesh' }, ['mesh/gw'], []],
    [
      'the Service of its own namespace if the namespace is empty',
      { ...POOL, serviceNamespace: '' },
      ['ns/gw'],
      [],
    ],
    ['no Service', { servicePort: 1 }, [], ['service']],
    ['an empty name', { service: '', servicePort: 1 }, [], ['service']],
    ['a port by name', { service: 'gw', servicePort: 'https' }, [], ['servicePort']],
    ['nothing', {}, [], ['service', 'servicePort']],
  ])('names %s', (_, pool, services, missing) => {
    const found = importCis([ts({}, pool)], OPTIONS);
    expect(found.ingresses.map(({ service }) => service)).toEqual(services);
    expect(lost(found)).toEqual(missing.map((field) => `TransportServer ns/ts spec.pool.${field}`));
  });
});

describe('several objects', () => {
  const at = (
    name: string,
    port: number,
    spec: Record<string, unknown>,
    created?: string,
  ): unknown =>
    ts(
      spec,
      { ...POOL, servicePort: port },
      name,
      created === undefined ? {} : { creationTimestamp: created },
    );

  test('of one port: the oldest counts, one without age last, then the name; in any order', () => {
    const [old, young, ageless] = [
      at('z', 443, { mode: 'performance' }, '2025-01-01T00:00:00Z'),
      at('b', 443, {}, '2026-01-01T00:00:00Z'),
      at('a', 443, {}),
    ];
    for (const list of [
      [old, young, ageless],
      [ageless, young, old],
    ]) {
      const found = importCis(list, OPTIONS);
      expect(said(found)).toEqual([{ 'sluice.io/mode': 'fastl4' }]);
      expect(lost(found)).toEqual(
        ['b', 'a'].map((name) => `TransportServer ns/${name} virtual server`),
      );
    }
    expect(lost(importCis([at('b', 443, {}), at('a', 443, {})], OPTIONS))).toEqual([
      'TransportServer ns/b virtual server',
    ]);
    expect(lost(importCis([at('b', 443, {}), at('a', 444, {})], OPTIONS))).toEqual([]);
  });

  test('share the address and partition of most of them; the others have their own', () => {
    const [one, two] = ['192.0.2.1', '192.0.2.2'];
    const found = importCis(
      [
        at('a', 1, { virtualServerAddress: one, partition: 'edge' }),
        at('b', 2, { virtualServerAddress: two, partition: 'k8s' }),
        at('c', 3, { virtualServerAddress: two, partition: 'k8s' }),
        at('d', 4, {}),
      ],
      OPTIONS,
    );
    expect(found.ingresses).toEqual([
      {
        cluster: 'east',
        service: 'ns/gw',
        devices: ['bigip'],
        virtualAddress: two,
        partition: 'k8s',
        members: 'pods',
      },
    ]);
    expect(said(found)).toEqual([
      { 'sluice.io/virtual-address': one, 'sluice.io/partition': 'edge' },
    ]);
    expect(
      importCis(
        [at('a', 1, { virtualServerAddress: two }), at('b', 2, { virtualServerAddress: one })],
        OPTIONS,
      ).ingresses[0]?.virtualAddress,
    ).toBe(one);
    expect(
      importCis(
        [at('a', 1, { virtualServerAddress: one }), at('b', 2, { virtualServerAddress: two })],
        OPTIONS,
      ).ingresses[0]?.virtualAddress,
    ).toBe(one);
    const bare = importCis([at('a', 1, {})], OPTIONS).ingresses[0];
    expect(bare).not.toHaveProperty('virtualAddress');
    expect(bare).not.toHaveProperty('partition');
  });

  test('in partition Common are named, and get no partition', () => {
    const found = importCis(
      [at('a', 1, { partition: 'Common' }), at('b', 2, { partition: 'k8s', mode: 'performance' })],
      OPTIONS,
    );
    expect(found.ingresses[0]?.partition).toBe('k8s');
    expect(lost(found)).toEqual(['TransportServer ns/a partition']);
    expect(said(found)).toEqual([{ 'sluice.io/mode': 'fastl4' }]);
  });

  test('of two Services become two ingresses, by name; lists count as what is in them, other things as nothing', () => {
    const list = {
      kind: 'List',
      items: [
        ts({}, { service: 'b', servicePort: 1 }, 'x'),
        { kind: 'List', items: [ts({}, { service: 'a', servicePort: 1 }, 'y')] },
      ],
    };
    const others = [
      'text',
      null,
      [],
      object('Deployment', 'd', {}),
      object('ConfigMap', 'c', { data: {} }),
      { kind: 'Service' },
    ];
    expect(importCis([list, ...others], OPTIONS).ingresses.map(({ service }) => service)).toEqual([
      'ns/a',
      'ns/b',
    ]);
  });
});

describe('an IngressLink', () => {
  const service = (
    name: string,
    labels: Record<string, string>,
    more: Record<string, unknown> = {},
  ): unknown => object('Service', name, {}, { labels, ...more });
  const link = (selector: unknown): unknown =>
    object('IngressLink', 'il', {
      spec: { virtualServerAddress: '192.0.2.1', partition: 'k8s', selector },
    });
  test.each<[string, unknown, readonly unknown[], readonly string[]]>([
    [
      'the Service that its selector finds',
      { matchLabels: { a: '1' } },
      [service('gw', { a: '1', b: '2' })],
      ['ns/gw'],
    ],
    [
      'the oldest of several',
      { matchLabels: { a: '1' } },
      [
        service('a', { a: '1' }, { creationTimestamp: '2026-01-01T00:00:00Z' }),
        service('z', { a: '1' }, { creationTimestamp: '2025-01-01T00:00:00Z' }),
      ],
      ['ns/z'],
    ],
    [
      'no Service with one label of two',
      { matchLabels: { a: '1', b: '2' } },
      [service('gw', { a: '1' })],
      [],
    ],
    [
      'no Service of another namespace',
      { matchLabels: { a: '1' } },
      [service('gw', { a: '1' }, { namespace: 'other' })],
      [],
    ],
    ['no Service without labels', { matchLabels: {} }, [service('gw', { a: '1' })], []],
    ['no Service without a selector', undefined, [service('gw', { a: '1' })], []],
  ])('becomes %s', (_, selector, services, found) => {
    const read = importCis([link(selector), ...services], OPTIONS);
    expect(read.ingresses.map((one) => one.service)).toEqual(found);
    expect(lost(read)).toEqual(['IngressLink ns/il spec.selector']);
    if (found.length > 0)
      expect(read.ingresses[0]).toMatchObject({ virtualAddress: '192.0.2.1', partition: 'k8s' });
  });

  test('applies to every port alike', () => {
    const selector = { matchLabels: { a: '1' } };
    const found = importCis(
      [
        object('IngressLink', 'il', { spec: { iRules: ['/Common/r'], selector } }),
        service('gw', { a: '1' }),
      ],
      OPTIONS,
    );
    expect(found.annotations).toEqual([
      {
        object: 'Gateway that opens every port of Service ns/gw',
        annotations: { 'sluice.io/irules': '/Common/r' },
      },
    ]);
  });
});

describe('a ConfigMap', () => {
  const map = (
    body: unknown,
    labels: Record<string, string> = { f5type: 'virtual-server' },
  ): unknown =>
    object(
      'ConfigMap',
      'cm',
      {
        data: {
          schema: 'f5schemadb://bigip-virtual-server_v0.1.7.json',
          data: typeof body === 'string' ? body : JSON.stringify(body),
        },
      },
      { labels },
    );
  test.each<[string, unknown, number, readonly string[]]>([
    ['that can be read is converted', map(walkthrough()), 1, []],
    [
      'with a typo in one setting is converted without that setting',
      map(walkthrough({ balance: 'fair' })),
      1,
      ['ConfigMap ns/cm GW143'],
    ],
    [
      'that does not match its schema is not converted',
      map(walkthrough({ extra: 1 })),
      0,
      ['ConfigMap ns/cm GW125'],
    ],
    [
      'that is not JSON is not converted',
      map('{"serviceName": "gw"'),
      0,
      ['ConfigMap ns/cm GW124'],
    ],
    ['of another program is not read', map(walkthrough(), { f5type: 'other' }), 0, []],
    ['without labels is not looked at', map(walkthrough(), {}), 0, []],
  ])('%s', (_, one, count, fields) => {
    const found = importCis([one], OPTIONS);
    expect([found.ingresses.length, lost(found)]).toEqual([count, fields]);
  });
});

test('an annotation names a port only where it differs from that of the Service', () => {
  const of = (port: number): unknown => said(importCis([ts({ virtualServerPort: port })], OPTIONS));
  expect([of(443), of(444)]).toEqual([[], [{ 'sluice.io/port': '443=444' }]]);
  expect(annotationsFor({ connectionLimit: 0, monitors: [], vlans: [] })).toEqual({
    'sluice.io/vlans': 'none',
    'sluice.io/connection-limit': '0',
    'sluice.io/monitors': 'none',
  });
});

test.each([
  [3_600, 3_601, false],
  [899, 900, true],
  [899, 901, false],
  [3_601, 3_602, false],
  [5, 5, false],
  [5, 4, false],
  [5, 6, true],
])('a monitor of interval %i and timeout %i can be: %s', (interval, timeout, fine) => {
  expect(monitorProblem({ type: 'tcp', interval, timeout }) === undefined).toBe(fine);
});
