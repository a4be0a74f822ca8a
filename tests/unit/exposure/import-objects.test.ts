/** What the import from CIS reads in each object, and the message for what it cannot carry over. */
import { describe, expect, test } from '@jest/globals';
import { cisObjectsIn } from '../../../shared/domain/exposure/sources/cis/cis-object.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { importCis } from './import-support.ts';

const OPTIONS = { cluster: 'east', devices: ['bigip'], members: 'pods' as const };
type Json = Readonly<Record<string, unknown>>;

const cis = (kind: string, spec: Json, more: Json = {}): Json => ({
  apiVersion: 'cis.f5.com/v1',
  kind,
  metadata: { namespace: 'ns', name: 'o' },
  spec,
  ...more,
});
const POOL = { service: 'gw', servicePort: 443 };
const ts = (spec: Json = {}, pool: Json = POOL, more: Json = {}): Json =>
  cis('TransportServer', { mode: 'standard', ...spec, pool }, more);
const LABELS = { app: 'gw' };
const link = (spec: Json = {}, more: Json = {}): Json =>
  cis('IngressLink', { selector: { matchLabels: LABELS }, ...spec }, more);
const service = (spec: Json = {}, meta: Json = {}, more: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'ns', name: 'gw', labels: LABELS, ...meta },
  spec,
  ...more,
});
const ports = (...list: readonly Json[]): Json => ({ ports: list });

const imported = (...raw: readonly unknown[]): CisImport => importCis(raw, OPTIONS);
/** `field: reason` of everything that is not carried over. */
const told = ({ notCarried }: CisImport): readonly string[] =>
  notCarried.map(({ field, reason }) => `${field}: ${reason}`);
const annotations = (found: CisImport): readonly Json[] =>
  found.annotations.map((one) => one.annotations);
const address = (found: CisImport): string | undefined => found.ingresses[0]?.virtualAddress;

describe('an object of the cluster is read tolerantly', () => {
  test.each<[string, unknown, Json]>([
    [
      'without anything',
      {},
      { group: '', kind: '', namespace: 'default', name: '', created: '', labels: {}, spec: {} },
    ],
    [
      'with parts of the wrong type',
      { apiVersion: 1, kind: [], metadata: { name: 2, labels: { a: 1, b: 'x' } }, spec: 'x' },
      { group: '', kind: '', name: '', labels: { b: 'x' }, spec: {} },
    ],
    [
      'with empty names',
      { apiVersion: '', kind: '', metadata: { namespace: '', name: '', creationTimestamp: '' } },
      { group: '', kind: '', namespace: 'default', name: '', created: '' },
    ],
  ])('%s', (_, raw, expected) => {
    expect(cisObjectsIn([raw])).toEqual([expect.objectContaining(expected)]);
  });

  test('and lists of lists are what is in them', () => {
    const list = { kind: 'List', items: [ts(), { items: [link(), 7] }] };
    const kinds = ['IngressLink', 'TransportServer'];
    expect(cisObjectsIn([list]).map(({ kind }) => kind)).toEqual(kinds);
    expect(cisObjectsIn([link(), ts()]).map(({ kind }) => kind)).toEqual(kinds);
  });

  test('the oldest is first, then one by name and kind, and one without an age is last', () => {
    const named = (name: string, creationTimestamp?: string): Json => ({
      metadata: { namespace: 'ns', name, creationTimestamp },
    });
    const list = [named('a'), named('c', '2026'), named('b', '2026'), named('d', '2025')];
    for (const order of [list, list.toReversed()])
      expect(cisObjectsIn(order).map(({ name }) => name)).toEqual(['d', 'b', 'c', 'a']);
  });
});

describe('objects that are only listed', () => {
  const one = (apiVersion: string, kind: string, spec: Json, meta: Json = {}): Json => ({
    apiVersion,
    kind,
    metadata: { namespace: 'ns', name: 'o', ...meta },
    spec,
  });
  const annotated = (name: string): Json => ({ annotations: { [name]: 'x' } });
  test.each<[string, Json, boolean]>([
    [
      'an Ingress with an annotation of another program',
      one('networking.k8s.io/v1', 'Ingress', {}, annotated('nginx.org/x')),
      false,
    ],
    [
      'an Ingress of the class f5',
      one('networking.k8s.io/v1', 'Ingress', { ingressClassName: 'f5' }),
      true,
    ],
    [
      'one whose annotation names the class',
      one(
        'networking.k8s.io/v1',
        'Ingress',
        {},
        { annotations: { 'kubernetes.io/ingress.class': 'f5' } },
      ),
      true,
    ],
    [
      'one with an annotation of CIS',
      one('networking.k8s.io/v1', 'Ingress', {}, annotated('virtual-server.f5.com/ip')),
      true,
    ],
    [
      'one of another class',
      one('networking.k8s.io/v1', 'Ingress', { ingressClassName: 'nginx' }),
      false,
    ],
    [
      'an IngressClass of that name',
      one('networking.k8s.io/v1', 'IngressRoute', { ingressClassName: 'f5' }),
      false,
    ],
    ['a Route', one('route.openshift.io/v1', 'Route', {}), true],
    ['a Route of another program', one('example.com/v1', 'Route', {}), false],
    ['another kind beside Route', one('route.openshift.io/v1', 'RouteClass', {}), false],
  ])('%s: %s', (_, object, listed) => {
    expect(imported(object).notCarried.map(({ object: name }) => name)).toEqual(
      listed ? [`${String(object['kind'])} ns/o`] : [],
    );
  });
});

test.each([
  ['TLSProfile', 'no object in these files uses it; give the files with those that do'],
  ['Policy', 'no object in these files uses it; give the files with those that do'],
  ['Novelty', 'Sluice does not know this kind of CIS'],
])('a %s says why', (kind, reason) => {
  expect(told(imported(cis(kind, {})))).toEqual([`kind: ${reason}`]);
});

describe('a field with an empty value', () => {
  test.each<[unknown, boolean]>([
    [undefined, true],
    [null, true],
    ['', true],
    [0, true],
    [false, true],
    [[], true],
    [{}, true],
    [{ a: { b: [''] } }, true],
    ['x', false],
    [1, false],
    [true, false],
    [{ a: { b: ['x'] } }, false],
  ])(
    '%j is listed, and does not keep the virtual server from being carried: %s',
    (bigipRouteDomain, carried) => {
      const found = imported(ts({ bigipRouteDomain }));
      expect(found.ingresses.length > 0).toBe(carried);
      expect(told(found)).toHaveLength(1);
    },
  );
});

describe('the address', () => {
  const served = (vsAddress: unknown): Json => ({ status: { vsAddress } });
  test.each<[string, Json, string | undefined, readonly string[]]>([
    ['is that of the object', ts({ virtualServerAddress: '192.0.2.1' }), '192.0.2.1', []],
    [
      'is that of the object, although an IPAM label asks for one',
      ts({ virtualServerAddress: '192.0.2.1', ipamLabel: 'web' }, POOL, served('192.0.2.9')),
      '192.0.2.1',
      ['spec.ipamLabel: the object names its address too, which counts'],
    ],
    [
      'is the one that BIG-IP serves, beside a label',
      ts({ ipamLabel: 'web' }, POOL, served('192.0.2.9')),
      '192.0.2.9',
      [
        'spec.ipamLabel: 192.0.2.9, which BIG-IP serves now, is kept; auto:web would take ' +
          'one from the pool web of addressPools',
      ],
    ],
    [
      'is the one that BIG-IP serves, without a label',
      ts({}, POOL, served('192.0.2.9')),
      '192.0.2.9',
      [],
    ],
    ['is missing if the status says none', ts({}, POOL, served('None')), undefined, []],
    [
      'is one of the pool that the label names, as a DNS label',
      ts({ ipamLabel: '-My Prod_' }),
      'auto:my-prod',
      [
        expect.stringContaining(
          'spec.ipamLabel: becomes auto:my-prod: give addressPools a pool my-prod',
        ) as never,
      ],
    ],
    [
      'is one of the pool if the status is not an address',
      ts({ ipamLabel: 'web' }, POOL, served('pending')),
      'auto:web',
      [expect.stringContaining('becomes auto:web') as never],
    ],
    [
      'is missing for a label that names no pool',
      ts({ ipamLabel: '***' }),
      undefined,
      ['spec.ipamLabel: names no pool, and BIG-IP serves no address for it'],
    ],
    ['is missing for an empty label', ts({ ipamLabel: '' }), undefined, []],
  ])('%s', (_, object, expected, lost) => {
    const found = imported(object);
    expect([address(found), told(found)]).toEqual([expected, lost]);
  });
});

describe('a label of nodes', () => {
  test.each([
    [
      'zone=a',
      'applies to one pool; to select these nodes for all ports of the ingress, add ' +
        '"nodeSelector: {zone: "a"}" to its entry in sluice.yaml',
    ],
    [
      'zone=',
      'applies to one pool; to select these nodes for all ports of the ingress, add ' +
        '"nodeSelector: {zone: ""}" to its entry in sluice.yaml',
    ],
    ['zone', 'is "zone", not key=value; nodeSelector of the ingress in sluice.yaml selects nodes'],
    ['=a', 'is "=a", not key=value; nodeSelector of the ingress in sluice.yaml selects nodes'],
  ])('%j %s', (nodeMemberLabel, reason) => {
    expect(told(imported(ts({}, { ...POOL, nodeMemberLabel })))).toEqual([
      `spec.pool.nodeMemberLabel: ${reason}`,
    ]);
  });
});

describe('an iRule that sends the PROXY protocol, by its name', () => {
  test.each<[string, readonly string[], string, Json]>([
    [
      'has a setting of its own',
      ['/Common/a', '/Common/Proxy_Protocol_iRule', '/Common/b'],
      'standard',
      {
        'sluice.io/proxy-protocol': '/Common/Proxy_Protocol_iRule',
        'sluice.io/irules': '/Common/a,/Common/b',
      },
    ],
    [
      'leaves no other',
      ['/Common/proxyprotocol'],
      'standard',
      { 'sluice.io/proxy-protocol': '/Common/proxyprotocol' },
    ],
    [
      'is the first of two',
      ['/Common/proxy-protocol-1', '/Common/proxy-protocol-2'],
      'standard',
      {
        'sluice.io/proxy-protocol': '/Common/proxy-protocol-1',
        'sluice.io/irules': '/Common/proxy-protocol-2',
      },
    ],
    [
      'is an ordinary iRule in mode fastl4',
      ['/Common/proxy-protocol'],
      'performance',
      { 'sluice.io/mode': 'fastl4', 'sluice.io/irules': '/Common/proxy-protocol' },
    ],
    [
      'is not another one',
      ['/Common/my-proxy'],
      'standard',
      { 'sluice.io/irules': '/Common/my-proxy' },
    ],
  ])('%s', (_, iRules, mode, expected) => {
    const transport = imported(ts({ iRules, mode }));
    expect([annotations(transport), told(transport)]).toEqual([[expected], []]);
  });
});

describe('the Service port that a pool names', () => {
  const GW = service(
    ports(
      'x' as never,
      null as never,
      { port: 'x', name: '443' },
      { port: 80, name: 'http', targetPort: 8080 },
      { port: 8080, name: 'alt', targetPort: 80 },
      { port: 443, targetPort: 'tls' },
      { port: 9000, name: '5000' },
      { port: 5000, targetPort: 9000 },
      { port: 444, targetPort: 'tls' },
    ),
  );
  test.each<[string, unknown, number]>([
    ['by name', 'http', 80],
    ['by number', 8080, 8080],
    ['by number, written as text', '80', 80],
    ['by number, although a port without one has it as name', '443', 443],
    ['by target, if no port has the number', 'tls', 443],
    ['by name rather than by number', '5000', 9000],
    ['by number rather than by target', 80, 80],
  ])('is found %s', (_, servicePort, port) => {
    const found = imported(GW, ts({ snat: 'none' }, { ...POOL, servicePort }));
    expect(found.annotations.map(({ object }) => object)).toEqual([
      `Gateway that opens port ${port} of Service ns/gw`,
    ]);
  });

  test.each<[unknown, string]>([
    ['nope', 'is nope, which Service ns/gw has neither as name, port nor target'],
    [1, 'is 1, which Service ns/gw has neither as name, port nor target'],
    ['', 'is missing'],
    [true, 'is missing'],
    [undefined, 'is missing'],
  ])('%j is not found', (servicePort, reason) => {
    expect(told(imported(GW, ts({}, { service: 'gw', servicePort })))).toEqual([
      `spec.pool.servicePort: ${reason}`,
    ]);
  });

  test('is asked of the Service of that name and namespace', () => {
    const elsewhere = service(ports({ port: 1 }), { namespace: 'a', name: 'gw' });
    const other = service(ports({ port: 2 }), { name: 'a' });
    const route = { ...service(ports({ port: 3 })), apiVersion: 'x/v1', kind: 'Service' };
    const pod = { ...service(ports({ port: 4 })), kind: 'Pod' };
    for (const alike of [route, pod])
      expect(told(imported(alike, ts({}, { ...POOL, servicePort: 'http' })))).toEqual([
        'spec.pool.servicePort: is a name; give the Service too, which has its number',
      ]);
    const found = imported(elsewhere, other, GW, ts({}, { ...POOL, servicePort: 'http' }));
    expect([found.ingresses.length, told(found)]).toEqual([1, []]);
    const named = imported(elsewhere, other, ts({}, { ...POOL, servicePort: 'http' }));
    expect(told(named)).toEqual([
      'spec.pool.servicePort: is a name; give the Service too, which has its number',
    ]);
  });
});

describe('what CIS publishes of every port', () => {
  test.each<[Json, string]>([
    [ports({ port: 80 }, { port: 8081 }, { port: 443 }), 'Service ns/gw (80, 443); '],
    [ports({ port: 8081 }), 'Service ns/gw; '],
    [{}, 'Service ns/gw; '],
  ])('%j: %s', (spec, words) => {
    const [first] = told(imported(service(spec), link()));
    expect(first).toBe(
      `spec.selector: CIS publishes every port of ${words}Sluice publishes only the ports that a Gateway opens`,
    );
  });

  test('selects by labels only: an expression is not evaluated', () => {
    const selector = {
      matchLabels: LABELS,
      matchExpressions: [{ key: 'app', operator: 'Exists' }],
    };
    expect(told(imported(service(), link({ selector })))).toEqual([
      'spec.selector: matches none of the given Services; include the ingress gateway Service',
    ]);
    expect(imported(service(), link({ selector: { matchLabels: 'gw' } })).ingresses).toEqual([]);
  });

  test('is left out for a field without which it would be less protected', () => {
    const found = imported(service(), link({ waf: '/Common/w' }));
    expect([found.ingresses, told(found).at(-2)]).toEqual([
      [],
      'spec.waf: is a field of VirtualServer, not of IngressLink, so CIS ignores it; the ' +
        'whole virtual server is left out',
    ]);
  });

  test('is carried without fields that an IngressLink does not have', () => {
    const found = imported(service(), link({ snat: 'none', monitorz: [] }));
    expect([annotations(found), told(found).slice(0, 2)]).toEqual([
      [],
      [
        'spec.snat: is a field of VirtualServer, TransportServer, Policy, not of IngressLink, so CIS ignores it',
        'spec.monitorz: is not a field of IngressLink; did you mean monitors?',
      ],
    ]);
  });
});

describe('a Service of type LoadBalancer', () => {
  const published = (values: Json, more: Json = {}, spec: Json = {}): CisImport =>
    imported(
      service(
        { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
        { annotations: { ...values, team: 'a', 'sluice.io/snat': 'none' } },
        more,
      ),
    );

  test.each<[string, Json, Json, readonly string[]]>([
    [
      'of a type that CIS ignores',
      { 'cis.f5.com/ip': '192.0.2.1' },
      { type: 'NodePort' },
      ['annotations: CIS reads them on Services of type LoadBalancer, and this one is NodePort'],
    ],
    [
      'without a type, which is ClusterIP',
      { 'cis.f5.com/ip': '192.0.2.1' },
      { type: undefined },
      ['annotations: CIS reads them on Services of type LoadBalancer, and this one is ClusterIP'],
    ],
    [
      'without an address',
      { 'cis.f5.com/ip': '', 'cis.f5.com/partition': 'k8s' },
      {},
      [
        expect.stringContaining('cis.f5.com/ip') as never,
        'annotations: cis.f5.com/ip and cis.f5.com/ipamLabel are missing, so CIS does not publish the Service',
      ],
    ],
    [
      'with an annotation that Sluice refuses',
      { 'cis.f5.com/ip': '192.0.2.1', 'virtual-server.f5.com/rewrite-app-root': '/a' },
      {},
      [
        expect.stringMatching(/^annotations: virtual-server\.f5\.com\/rewrite-app-root: /) as never,
        'annotations: the whole virtual server is left out; Sluice refuses every port of ' +
          'this Service until these annotations are removed',
      ],
    ],
    [
      'with a missing Policy',
      { 'cis.f5.com/ip': '192.0.2.1', 'cis.f5.com/policyName': 'p' },
      {},
      [
        'cis.f5.com/policyName: Policy ns/p is not in these files; give it too; the whole virtual server is left out',
      ],
    ],
  ])('%s is left out, and every reason is reported', (_, values, spec, expected) => {
    const found = published(values, {}, spec);
    expect([found.ingresses, told(found)]).toEqual([[], expected]);
  });

  test.each<[string, Json, Json, unknown]>([
    ['that it names', { 'cis.f5.com/ip': '192.0.2.1' }, {}, '192.0.2.1'],
    [
      'that it names, whatever its status says',
      { 'cis.f5.com/ip': '192.0.2.1' },
      { status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } } },
      '192.0.2.1',
    ],
    [
      'that its status says, if IPAM gave it',
      { 'cis.f5.com/ipamLabel': 'web' },
      { status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } } },
      '192.0.2.9',
    ],
    ...[
      {},
      { loadBalancer: 'x' },
      { loadBalancer: { ingress: {} } },
      { loadBalancer: { ingress: [] } },
    ].map((status): [string, Json, Json, unknown] => [
      `of the pool, if its status is ${JSON.stringify(status)}`,
      { 'cis.f5.com/ipamLabel': 'web' },
      { status },
      'auto:web',
    ]),
  ])('has the address %s', (_, values, more, expected) => {
    const raw = service(
      { type: 'LoadBalancer', selector: LABELS, ports: [{ port: 80 }] },
      { annotations: values },
      more,
    );
    const gateway = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { namespace: 'ns', name: 'web' },
      spec: {
        selector: LABELS,
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
      },
    };
    const objects = [raw, gateway];
    const found = importCis(objects, OPTIONS, normaliseObjects([...objects]).objects);
    expect([address(found), found.notCarried.at(-1)?.field]).toEqual([expected, 'ports']);
    // Sluice itself reads the annotation with the address, but not the one with a label.
    expect(found.staying).toEqual('cis.f5.com/ip' in values ? ['Service ns/gw'] : []);
  });

  test('with an annotation of CIS that Sluice ignores tells it', () => {
    const found = published({ 'cis.f5.com/multiport': 'x', 'virtual-server.f5.com/xyzxyz': 'y' });
    expect(told(found)).toEqual([
      expect.stringMatching(/^annotations: /),
      expect.stringMatching(/^annotations: /),
      expect.stringMatching(/^annotations: cis\.f5\.com\/ip and/),
    ]);
  });

  test('with nothing of CIS is not mentioned', () => {
    expect(told(published({}))).toEqual([]);
  });

  test('that only fills an AS3 declaration is listed', () => {
    const labels = { 'cis.f5.com/as3-tenant': 't', 'cis.f5.com/as3-pool': 'p', app: 'x' };
    expect(told(imported(service({}, { labels })))).toEqual([
      'cis.f5.com/as3-tenant: fills the pool of an AS3 ConfigMap, which Sluice does not read',
      'cis.f5.com/as3-pool: fills the pool of an AS3 ConfigMap, which Sluice does not read',
    ]);
  });
});

describe('an F5 ConfigMap', () => {
  const map = (
    frontend: Json,
    labels: Json = { f5type: 'virtual-server' },
    data: Json = {},
  ): Json => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'ns', name: 'o', labels },
    data: {
      schema: 'f5schemadb://bigip-virtual-server_v0.1.7.json',
      data: JSON.stringify({
        virtualServer: {
          backend: { serviceName: 'gw', servicePort: 80 },
          frontend: {
            partition: 'k8s',
            mode: 'tcp',
            virtualAddress: { bindAddr: '192.0.2.1', port: 80 },
            ...frontend,
          },
        },
      }),
      ...data,
    },
  });
  test.each<[string, Json, readonly string[]]>([
    [
      'of mode udp',
      map({ mode: 'udp' }),
      [
        expect.stringMatching(
          /^mode: udp is not possible: .*; the whole virtual server is left out$/,
        ) as never,
      ],
    ],
    [
      'without an address',
      map({ virtualAddress: undefined }),
      [
        expect.stringMatching(/^GW144: has no virtualAddress/) as never,
        'virtualAddress: is missing, so CIS makes a pool and no virtual server; the whole virtual server is left out',
      ],
    ],
    [
      'that is not JSON',
      map({}, undefined, { data: '{"serviceName": "gw", "servicePort": 80' }),
      [expect.stringMatching(/^GW124: data\.data is not valid JSON/) as never],
    ],
  ])('%s is left out, with the reasons', (_, object, expected) => {
    const found = imported(object);
    expect([found.ingresses, told(found)]).toEqual([[], expected]);
  });

  test.each<[string, Json]>([
    ['a label', map({}, { f5nr: 'true' })],
    ['extendedSpec', map({}, {}, { extendedSpec: 'x' })],
    ['extendedRouteSpec', map({}, {}, { extendedRouteSpec: 'x' })],
  ])('that holds settings of CIS, by %s, is listed', (_, object) => {
    expect(told(imported(object))).toEqual([
      'data: holds settings of CIS itself; Sluice has its own in sluice.yaml',
    ]);
  });

  test('that lets BIG-IP terminate TLS is carried', () => {
    const of = (mode: string, sslProfile: Json): CisImport => imported(map({ mode, sslProfile }));
    const two = of('tcp', { f5ProfileNames: ['Common/a', 'Common/b'] });
    expect([annotations(two), told(two), two.needs.references]).toEqual([
      [{ 'sluice.io/mode': 'tcp', 'sluice.io/client-tls': '/Common/a,/Common/b' }],
      [],
      ['/Common/a', '/Common/b'],
    ]);
    expect(annotations(of('http', { f5ProfileName: 'Common/a' }))).toEqual([
      { 'sluice.io/mode': 'https', 'sluice.io/client-tls': '/Common/a' },
    ]);
  });

  test('without refusals may stay, and one that Sluice reads in part may not', () => {
    const stay = imported(map({}));
    expect([stay.staying, stay.ingresses[0]?.partition]).toEqual([['ConfigMap ns/o'], 'k8s']);
    const partly = imported(map({ balance: 'fair' }));
    expect([partly.staying, partly.ingresses.length]).toEqual([[], 1]);
  });
});

describe('two Services', () => {
  const of = (name: string, serviceName: string, port: number, snat: string): Json => ({
    ...ts({ snat }, { service: serviceName, servicePort: port }),
    metadata: { namespace: 'ns', name },
  });
  test('have entries and annotations of their own', () => {
    const found = imported(of('a', 'y', 80, 'none'), of('b', 'x', 443, 'self'));
    expect(found.ingresses.map((one) => one.service)).toEqual(['ns/x', 'ns/y']);
    expect(found.annotations).toEqual([
      {
        object: 'Gateway that opens port 443 of Service ns/x',
        annotations: { 'sluice.io/snat': 'self' },
      },
      {
        object: 'Gateway that opens port 80 of Service ns/y',
        annotations: { 'sluice.io/snat': 'none' },
      },
    ]);
  });
});

describe('what sluice.yaml must contain', () => {
  test('is nothing for an object that refers to nothing', () => {
    expect(imported(ts()).needs).toEqual({ references: [], partitions: [], pools: [] });
  });

  test('is each path, partition and pool once, in order', () => {
    const of = (name: string, port: number, spec: Json): Json => ({
      ...ts({ iRules: ['/Common/r', '/Common/a'], ...spec }, { ...POOL, servicePort: port }),
      metadata: { namespace: 'ns', name },
    });
    const { needs } = imported(
      of('a', 1, { partition: 'k8s', snat: '/Common/s', ipamLabel: 'web' }),
      of('b', 2, { partition: 'edge', snat: 'none', ipamLabel: 'app' }),
      of('c', 3, { partition: 'Common', virtualServerAddress: '192.0.2.1' }),
    );
    expect(needs).toEqual({
      references: ['/Common/a', '/Common/r', '/Common/s'],
      partitions: ['edge', 'k8s'],
      pools: ['app', 'web'],
    });
  });
});
