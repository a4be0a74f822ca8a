/** Which Gateways take over what CIS publishes, and which annotations they get. */
import { describe, expect, test } from '@jest/globals';
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { importCis } from './import-support.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';

const OPTIONS = { cluster: 'east', devices: ['bigip'], members: 'pods' as const };
const LABELS = { istio: 'ingressgateway' };
const ADDRESS = '192.0.2.1';

type Json = Readonly<Record<string, unknown>>;

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  spec: Json,
  meta: Json = {},
): Json => ({
  apiVersion,
  kind,
  metadata: { namespace: 'ns', name, ...meta },
  spec,
});
/** A Service; each port is `[port, targetPort]`. */
const service = (
  name: string,
  ports: readonly (readonly [number, number])[],
  more: Json = {},
): Json =>
  object(
    'v1',
    'Service',
    name,
    {
      type: 'LoadBalancer',
      selector: LABELS,
      ports: ports.map(([port, targetPort]) => ({ name: `p${port}`, port, targetPort })),
      ...more,
    },
    { labels: LABELS },
  );
/** A Gateway; each server is `port/PROTOCOL`. */
const gateway = (name: string, servers: readonly string[], meta: Json = {}): Json =>
  object(
    'networking.istio.io/v1',
    'Gateway',
    name,
    {
      selector: LABELS,
      servers: servers.map((one) => {
        const [number, protocol = 'HTTP'] = one.split('/');
        return { port: { number: Number(number), name: `n${number}`, protocol }, hosts: ['*'] };
      }),
    },
    meta,
  );
const apiGateway = (name: string, ports: readonly number[]): Json =>
  object('gateway.networking.k8s.io/v1', 'Gateway', name, {
    gatewayClassName: 'istio',
    listeners: ports.map((port) => ({ name: `l${port}`, port, protocol: 'HTTP' })),
  });
const ts = (name: string, servicePort: unknown, spec: Json = {}, pool: Json = {}): Json =>
  object('cis.f5.com/v1', 'TransportServer', name, {
    mode: 'standard',
    virtualServerAddress: ADDRESS,
    ...spec,
    pool: { service: 'gw', servicePort, ...pool },
  });
const link = (name: string, spec: Json = {}): Json =>
  object('cis.f5.com/v1', 'IngressLink', name, {
    virtualServerAddress: ADDRESS,
    selector: { matchLabels: LABELS },
    ...spec,
  });
const map = (name: string, servicePort: number, frontend: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'ns', name, labels: { f5type: 'virtual-server' } },
  data: {
    schema: 'f5schemadb://bigip-virtual-server_v0.1.7.json',
    data: JSON.stringify({
      virtualServer: {
        backend: { serviceName: 'gw', servicePort },
        frontend: {
          partition: 'k8s',
          mode: 'tcp',
          virtualAddress: { bindAddr: ADDRESS, port: servicePort },
          ...frontend,
        },
      },
    }),
  },
});

const imported = (...raw: readonly Json[]): CisImport =>
  importCis(raw, OPTIONS, normaliseObjects([...raw]).objects);
/** `api namespace/name ports` of each Gateway that gets annotations. */
const placed = ({ gateways }: CisImport): readonly string[] =>
  gateways.map(({ api, gateway: name, ports }) => `${api} ${name} ${ports.join()}`);
const said = (found: CisImport, name: string): Json | undefined =>
  found.gateways.find((one) => one.gateway === `ns/${name}`)?.annotations;
const reasons = ({ notCarried }: CisImport): readonly string[] =>
  notCarried.map(({ object: of, reason }) => `${of}: ${reason}`);

const GW = service('gw', [
  [80, 80],
  [443, 443],
]);
const WEB = gateway('web', ['80', '443/HTTP2']);

describe('a virtual server of CIS is placed at the Gateway that its Service port leads to', () => {
  test.each<[string, readonly Json[], readonly string[]]>([
    ['by number', [GW, WEB, ts('t', 80)], ['istio ns/web 80']],
    [
      'by target, if the numbers differ',
      [service('gw', [[8443, 443]]), WEB, ts('t', 8443)],
      ['istio ns/web 443'],
    ],
    [
      'although no route leads on yet',
      [GW, gateway('mq', ['80/TCP']), ts('t', 80)],
      ['istio ns/mq 80'],
    ],
    [
      'although the Service lacks the port, which Sluice adds',
      [GW, gateway('web', ['9000']), map('m', 9000)],
      ['istio ns/web 9000'],
    ],
    [
      'not by the port of another Service of the same pods',
      [GW, service('other', [[9999, 80]]), WEB, map('m', 9999)],
      [],
    ],
    [
      'not by the port of a Service of the same name elsewhere',
      [
        { ...service('gw', [[9999, 80]]), metadata: { namespace: 'a', name: 'gw' } },
        GW,
        WEB,
        map('m', 9999),
      ],
      [],
    ],
    [
      'not at a server that Istio does not open',
      [
        GW,
        gateway('old', ['80'], { creationTimestamp: '2025-01-01T00:00:00Z' }),
        gateway('young', ['80/TCP'], { creationTimestamp: '2026-01-01T00:00:00Z' }),
        link('l'),
      ],
      ['istio ns/old 80'],
    ],
    [
      'of either API',
      [
        GW,
        WEB,
        apiGateway('api', [80]),
        { ...link('l'), metadata: { namespace: 'ns', name: 'l' } },
      ],
      ['istio ns/web 80,443'],
    ],
  ])('%s', (_, objects, gateways) => {
    expect(placed(imported(...objects))).toEqual(gateways);
  });

  test('with the pods that are given, if there are any', () => {
    const pod = (namespace: string, labels: Json): Json => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: 'p', labels },
      spec: { containers: [{ name: 'istio-proxy', args: ['proxy', 'router'] }] },
      status: { phase: 'Running' },
    });
    const special = gateway('web', ['80']);
    const selecting = {
      ...special,
      spec: { ...(special['spec'] as Json), selector: { tier: 'a' } },
    };
    const place = (...pods: readonly Json[]): readonly string[] =>
      placed(imported(GW, selecting, ts('t', 80), ...pods));
    expect(place(pod('ns', { ...LABELS, tier: 'a' }))).toEqual(['istio ns/web 80']);
    expect(place()).toEqual([]);
    expect(place(pod('ns', { tier: 'a' }))).toEqual([]);
    expect(place(pod('elsewhere', { ...LABELS, tier: 'a' }))).toEqual([]);
  });
});

describe('without the Service', () => {
  test('a Gateway that opens the same number is taken for its own; others are left alone', () => {
    const found = imported(
      gateway('web', ['80', '443/HTTPS', 'x']),
      gateway('other', ['8080']),
      apiGateway('api', [80]),
      ts('t', 80),
    );
    expect(placed(found)).toEqual(['istio ns/web 80', 'gateway-api ns/api 80']);
  });

  test('nothing is placed, if no Gateway opens the number', () => {
    const found = imported(gateway('other', ['8080']), ts('t', 80, { mode: 'performance' }));
    expect([placed(found), found.unplaced]).toEqual([
      [],
      ['Gateway that opens port 80 of Service ns/gw'],
    ]);
  });

  test('nothing is placed, if other Services are given: then CIS publishes an application', () => {
    const found = imported(service('other', [[80, 80]]), WEB, ts('t', 80));
    expect([placed(found), found.ingresses]).toEqual([[], []]);
    expect(reasons(found)).toEqual([
      expect.stringContaining('is for Service ns/gw, which is not in these files'),
    ]);
  });

  test.each<[string, Json]>([
    ['of another name', service('other', [[80, 80]])],
    [
      'in another namespace',
      { ...service('gw', [[80, 80]]), metadata: { namespace: 'a', name: 'gw' } },
    ],
  ])('nothing is imported, if only a Service %s is given', (_, other) => {
    expect(imported(other, ts('t', 80)).ingresses).toEqual([]);
  });

  test('a Gateway that reads no HTTP takes no virtual server of mode http', () => {
    const http = object('cis.f5.com/v1', 'VirtualServer', 'v', {
      virtualServerAddress: ADDRESS,
      pools: [{ service: 'gw', servicePort: 80 }],
    });
    expect(placed(imported(GW, gateway('mq', ['80/TCP']), http))).toEqual([]);
    expect(placed(imported(GW, gateway('web', ['80/http']), http))).toEqual(['istio ns/web 80']);
  });
});

test('without Gateways, the annotations are listed by Service port', () => {
  const found = imported(GW, ts('t', 80, { snat: 'none' }));
  expect([found.gateways, found.unplaced]).toEqual([
    [],
    ['Gateway that opens port 80 of Service ns/gw'],
  ]);
  expect(found.annotations).toEqual([
    {
      object: 'Gateway that opens port 80 of Service ns/gw',
      annotations: { 'sluice.io/snat': 'none' },
    },
  ]);
});

test('of several Services without their own objects, each has the Gateways of its own ports', () => {
  const found = imported(
    gateway('web', ['80']),
    gateway('api', ['443/HTTP']),
    ts('t', 80),
    ts('u', 443, {}, { service: 'other' }),
  );
  expect(found.gateways.map((one) => [one.gateway, one.objects])).toEqual([
    ['ns/web', ['TransportServer ns/t']],
    ['ns/api', ['TransportServer ns/u']],
  ]);
  expect(found.ingresses.map(({ expose }) => expose)).toEqual([undefined, undefined]);
});

test('what leads to an application is left to CIS, unless its Gateways are given', () => {
  const vs = (name: string): Json =>
    object('cis.f5.com/v1', 'VirtualServer', name, {
      virtualServerAddress: ADDRESS,
      pools: [{ service: 'gw', servicePort: 80 }],
    });
  const missing = 'is for Service ns/gw, which is not in these files';
  const unled = 'is for Service ns/gw, to which no Gateway in these files leads';
  expect(reasons(imported(vs('v')))).toEqual([expect.stringContaining(missing)]);
  expect(reasons(imported(gateway('web', ['80']), vs('v')))).toEqual([
    expect.stringContaining(missing),
  ]);
  const elsewhere = { ...gateway('web', ['80']), spec: { selector: { app: 'x' }, servers: [] } };
  expect(reasons(imported(GW, elsewhere, vs('v')))).toEqual([expect.stringContaining(unled)]);
  expect(imported(GW, elsewhere, vs('v')).ingresses).toEqual([]);
  expect(placed(imported(GW, WEB, vs('v')))).toEqual(['istio ns/web 80']);
  expect(importCis([GW, vs('v')], OPTIONS).ingresses).toEqual([]);
});

test('the partition of a Service counts for the ingress, and must be in sluice.yaml', () => {
  const published = {
    ...GW,
    metadata: {
      namespace: 'ns',
      name: 'gw',
      labels: LABELS,
      annotations: { 'cis.f5.com/ip': ADDRESS, 'cis.f5.com/partition': 'dev' },
    },
  };
  const found = imported(published, WEB, ts('t', 80, { virtualServerAddress: '192.0.2.2' }));
  expect(found.ingresses[0]).toMatchObject({ virtualAddress: ADDRESS, partition: 'dev' });
  expect(found.needs.partitions).toEqual(['dev']);
});

describe('sluice.io/expose', () => {
  const THREE = service('gw', [
    [80, 80],
    [443, 443],
    [8080, 8080],
    [9000, 9000],
  ]);
  test.each<[string, readonly Json[], Record<string, string | undefined>]>([
    [
      'is not needed, if CIS publishes every port of every Gateway',
      [WEB, ts('a', 80), ts('b', 443)],
      { web: undefined },
    ],
    [
      'lists the ports of a Gateway that CIS publishes, by number',
      [gateway('web', ['8080', '80', '9000']), ts('a', 8080), ts('b', 80)],
      { web: '80,8080' },
    ],
    [
      'is true, if another Gateway is the one with more',
      [gateway('web', ['80']), gateway('more', ['443/HTTP']), ts('a', 80)],
      { web: 'true' },
    ],
    [
      'is decided Gateway by Gateway',
      [gateway('web', ['80', '8080']), gateway('api', ['443/HTTP']), ts('a', 80), ts('b', 443)],
      { web: '80', api: 'true' },
    ],
  ])('%s', (_, objects, expected) => {
    const found = imported(THREE, ...objects);
    for (const [name, value] of Object.entries(expected))
      expect(said(found, name)?.['sluice.io/expose']).toBe(value);
    const annotated = Object.values(expected).some((value) => value !== undefined);
    expect(found.ingresses[0]?.expose).toBe(annotated ? 'annotated' : undefined);
  });

  test('counts the Gateways of the two APIs apart, even with one name', () => {
    const found = imported(gateway('web', ['80']), apiGateway('web', [80, 8080]), ts('t', 80));
    const of = (api: string): Json | undefined =>
      found.gateways.find((one) => one.api === api)?.annotations;
    expect([of('istio'), of('gateway-api')]).toEqual([
      { 'sluice.io/expose': 'true' },
      { 'sluice.io/expose': '80' },
    ]);
  });
});

describe('the ports in sluice.io/port', () => {
  test('are those that BIG-IP moves, in order', () => {
    const found = imported(
      GW,
      WEB,
      ts('a', 80, { virtualServerPort: 8000 }),
      ts('z', 443, { virtualServerPort: 8443 }),
    );
    expect(said(found, 'web')).toEqual({ 'sluice.io/port': '443=8443,80=8000' });
    expect(said(imported(GW, WEB, ts('a', 80), ts('b', 443)), 'web')).toEqual({});
  });

  test('are those of the Service, if BIG-IP does not move them', () => {
    const found = imported(
      service('gw', [
        [79, 80],
        [81, 80],
      ]),
      gateway('web', ['80']),
      ts('t', 81),
    );
    expect(said(found, 'web')).toEqual({ 'sluice.io/port': '80=81' });
  });

  test('of an object for every port are those of the Service', () => {
    const found = imported(service('gw', [[8443, 443]]), gateway('web', ['443/HTTP']), link('l'));
    expect(said(found, 'web')).toEqual({ 'sluice.io/port': '443=8443' });
  });
});

describe('address and partition', () => {
  test('that are not those of the ingress are written to the Gateway', () => {
    const found = imported(
      GW,
      gateway('a', ['80']),
      gateway('b', ['443/HTTP']),
      ts('t', 80, { partition: 'k8s' }),
      ts('u', 443, { virtualServerAddress: '192.0.2.2', partition: 'edge' }),
    );
    expect(found.ingresses[0]).toMatchObject({ virtualAddress: ADDRESS, partition: 'edge' });
    expect([said(found, 'a'), said(found, 'b')]).toEqual([
      { 'sluice.io/partition': 'k8s' },
      { 'sluice.io/virtual-address': '192.0.2.2' },
    ]);
  });

  test.each<[string, Json, Json, string]>([
    [
      'partition',
      { partition: 'k8s' },
      { partition: 'edge' },
      'wants partition k8s where this one wants edge',
    ],
    [
      'address',
      { virtualServerAddress: '192.0.2.2' },
      {},
      'wants virtualAddress 192.0.2.2 where this one wants 192.0.2.1',
    ],
    ['snat', {}, { snat: 'none' }, 'wants snat the default where this one wants none'],
  ])(
    'of two objects for one Gateway that differ in %s, the later is left out',
    (_, a, b, words) => {
      const [reason = '', ...more] = reasons(imported(GW, WEB, ts('a', 80, a), ts('b', 443, b)));
      expect(more).toEqual([]);
      expect(reason).toContain(`TransportServer ns/a is for the same Gateway ns/web, and ${words}`);
      expect(reason).toMatch(/; give port 443 a Gateway of its own$/);
    },
  );

  test('a value that is the default does not differ from none', () => {
    const found = imported(GW, WEB, ts('a', 80, { snat: 'auto' }), ts('b', 443));
    expect([placed(found), reasons(found)]).toEqual([['istio ns/web 80,443'], []]);
  });
});

describe('of two objects for one port', () => {
  test('the same again is one', () => {
    const vs = (name: string, port: number): Json =>
      object('cis.f5.com/v1', 'VirtualServer', name, {
        virtualServerAddress: ADDRESS,
        virtualServerHTTPPort: port,
        pools: [{ service: 'gw', servicePort: 80 }],
      });
    const same = imported(GW, WEB, vs('a', 80), vs('b', 80));
    expect([placed(same), reasons(same)]).toEqual([['istio ns/web 80'], []]);
    const moved = imported(GW, WEB, vs('a', 80), vs('b', 81));
    expect(reasons(moved)).toEqual([
      'VirtualServer ns/b: VirtualServer ns/a already exposes port 80 of Service ns/gw; ' +
        'Sluice creates one virtual server for each gateway port',
    ]);
  });

  test('through two Service ports: the second moves it elsewhere, and is left out', () => {
    const two = service('gw', [
      [80, 80],
      [81, 80],
    ]);
    const found = imported(two, gateway('web', ['80']), ts('a', 80), ts('b', 81));
    expect(reasons(found)).toEqual([
      'TransportServer ns/b: TransportServer ns/a already exposes port 80 of Gateway ns/web, ' +
        'at port 80; Sluice creates one virtual server for each gateway port',
    ]);
    const alike = imported(
      two,
      gateway('web', ['80']),
      ts('a', 80),
      ts('b', 81, { virtualServerPort: 80 }),
    );
    expect([placed(alike), reasons(alike)]).toEqual([['istio ns/web 80'], []]);
  });

  test('one that names the port comes before a VirtualServer, however old that is', () => {
    const vs = object(
      'cis.f5.com/v1',
      'VirtualServer',
      'a',
      { virtualServerAddress: ADDRESS, pools: [{ service: 'gw', servicePort: 80 }] },
      { creationTimestamp: '2020-01-01T00:00:00Z' },
    );
    const found = imported(GW, WEB, vs, ts('z', 80));
    expect(found.gateways.map(({ objects }) => objects)).toEqual([['TransportServer ns/z']]);
    expect(found.notCarried.map((one) => one.object)).toEqual(['VirtualServer ns/a']);
  });

  test('an object that fits at no port of a Gateway is reported once', () => {
    const found = imported(GW, WEB, ts('a', 80, { snat: 'none' }), ts('b', 443, { snat: 'none' }), {
      ...link('z'),
    });
    expect(placed(found)).toEqual(['istio ns/web 80,443']);
    expect(found.notCarried.map(({ object: of, field }) => `${of} ${field}`)).toEqual([
      'IngressLink ns/z spec.selector',
      'IngressLink ns/z virtual server',
    ]);
  });

  test('two for every port that are the same are one', () => {
    const found = imported(GW, WEB, link('l'), link('m'));
    expect(placed(found)).toEqual(['istio ns/web 80,443']);
    expect(found.notCarried.map(({ field }) => field)).toEqual(['spec.selector', 'spec.selector']);
  });

  test('an object that fits at one Gateway and not at another is reported once', () => {
    const found = imported(
      GW,
      gateway('one', ['80']),
      gateway('two', ['443/HTTP']),
      ts('a', 80, { snat: 'none' }),
      link('l'),
    );
    expect(placed(found)).toEqual(['istio ns/one 80', 'istio ns/two 443']);
    expect(found.notCarried.map(({ object: of, field }) => `${of} ${field}`)).toEqual([
      'IngressLink ns/l spec.selector',
      'IngressLink ns/l virtual server',
    ]);
  });
});

test('a virtual server that leads to no Gateway says by which port', () => {
  const other = gateway('other', ['9000'], {});
  const found = imported(GW, other, ts('t', 80));
  expect(reasons(found)).toEqual([
    'TransportServer ns/t: no Gateway in these files opens port 80 of Service ns/gw; once one does, import again',
  ]);
  const foreign = { ...gateway('f', ['80']), spec: { selector: { app: 'x' }, servers: [] } };
  expect(reasons(imported(GW, foreign, link('l')))).toEqual([
    'IngressLink ns/l: is for Service ns/gw, to which no Gateway in these files leads; ' +
      'leave it to CIS, or give its Gateways too',
  ]);
});

test('what is not selected with --service is left to CIS, and its fields are not reported', () => {
  const objects = [GW, WEB, ts('t', 80), ts('u', 80, { host: 'x' }, { service: 'other' })];
  const found = importCis(
    objects,
    { ...OPTIONS, services: ['ns/gw'] },
    normaliseObjects([...objects]).objects,
  );
  expect(found.ingresses.map(({ service: name }) => name)).toEqual(['ns/gw']);
  expect(reasons(found)).toEqual([
    'TransportServer ns/u: is for Service ns/other, which is not selected with --service; leave it to CIS',
  ]);
});
