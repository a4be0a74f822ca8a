import { describe, expect, test } from '@jest/globals';
import { mapAll } from '../../../shared/domain/istio/map-ingress.ts';
import type {
  ApiGateway,
  ApiListener,
  ApiRoute,
  KubernetesObjects,
  ServicePort,
} from '../../../shared/domain/snapshot/objects.ts';
import type { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import {
  apiGateway,
  apiListener,
  apiRoute,
  gateway,
  gatewayPod,
  listenerSet,
  manualGateway,
  mesh,
  objects,
  pod,
  server,
  service,
  servicePort,
} from '../../fixtures/kubernetes.ts';
import { listens, mapped, reportIn, said } from './ask.ts';

const EDGE = { 'gateway.networking.k8s.io/gateway-name': 'edge' };
const OK = 'listening OK';

/** A managed deployment of Gateway apps/edge with these Service ports. */
function managed(
  gateways: ApiGateway[],
  ports: ServicePort[],
  more: Partial<KubernetesObjects> = {},
): KubernetesObjects {
  return objects({
    apiGateways: gateways,
    services: [
      service('apps/edge-istio', [servicePort(15_021, { name: 'status-port' }), ...ports], {
        selector: EDGE,
      }),
    ],
    pods: [pod('apps/edge-1', { labels: EDGE })],
    ...more,
  });
}

function only(there: KubernetesObjects, options: Partial<MeshOptions> = {}): PortMapping {
  const [mapping, ...more] = mapAll(there, mesh(options));
  if (mapping === undefined || more.length > 0)
    throw new Error(`expected one ingress, found ${more.length + (mapping === undefined ? 0 : 1)}`);
  return mapping;
}

/** The verdicts of apps/edge with these listeners, whose ports are all on the Service. */
function verdicts(
  listeners: ApiListener[],
  more: Partial<KubernetesObjects> = {},
  options: Partial<MeshOptions> = {},
): string[] {
  const ports = [...new Set(listeners.map(({ port }) => port))].map((port) => servicePort(port));
  const mapping = only(managed([apiGateway('apps/edge', listeners)], ports, more), options);
  return listeners.map((_, i) => said(mapping, 'apps/edge', i));
}

const route = (
  kind: ApiRoute['kind'],
  fields: Partial<ApiRoute> = {},
  parent: object = {},
): ApiRoute => apiRoute(kind, 'apps/r', { name: 'edge', ...parent }, fields);

describe('istio-port-mapping.md §3: managed Gateways', () => {
  test('ports of the listeners are those of the Service, which is only read', () => {
    const mapping = only(
      managed(
        [apiGateway('apps/edge', [apiListener('web', 80, 'HTTP'), apiListener('db', 5432, 'TCP')])],
        [servicePort(80, { nodePort: 31_080 }), servicePort(5432)],
        { apiRoutes: [route('TCPRoute')] },
      ),
    );
    expect(listens(mapping)).toEqual(['80/tcp HTTP', '5432/tcp TCP']);
    expect(reportIn(mapping, 'apps/edge')).toMatchObject({
      api: 'gateway-api',
      name: 'web',
      servicePorts: [
        {
          service: 'apps/edge-istio',
          port: 80,
          targetPort: 80,
          nodePort: 31_080,
          reachesListener: true,
        },
      ],
    });
    expect(mapping.missing).toEqual([]);
  });

  test.each([
    ['no address', [], 'edge-istio', {}],
    ['one IP address', [{ type: 'IPAddress', value: '10.1.1.1' }], 'edge-istio', {}],
    ['one untyped address', [{ type: '', value: '10.1.1.1' }], 'edge-istio', {}],
    ['a name of its own', [], 'front', { 'gateway.istio.io/name-override': 'front' }],
  ])('with %s', (_, addresses, name, annotations) => {
    const one = apiGateway('apps/edge', [apiListener('web', 80, 'HTTP')], {
      addresses,
      annotations,
    });
    const there = managed([one], [], {
      services: [service(`apps/${name}`, [servicePort(80)], { selector: EDGE })],
    });
    expect(said(only(there), 'apps/edge')).toBe(OK);
  });

  test.each([
    [
      'two IP addresses',
      [
        { type: 'IPAddress', value: '10.1.1.1' },
        { type: 'IPAddress', value: '10.1.1.2' },
      ],
      'MAP207',
    ],
    [
      'an address and a host name',
      [
        { type: 'IPAddress', value: '10.1.1.1' },
        { type: 'Hostname', value: 'edge-istio' },
      ],
      'MAP207',
    ],
    ['an address of an unknown type', [{ type: 'example.com/x', value: 'y' }], 'MAP207'],
    [
      'a Service of another namespace',
      [{ type: 'Hostname', value: 'edge.other.svc.cluster.local' }],
      'MAP207',
    ],
  ])('%s are not supported', (_, addresses, code) => {
    const mapping = only(
      managed(
        [apiGateway('apps/edge', [apiListener('web', 80, 'HTTP')], { addresses })],
        [servicePort(80)],
        { pods: [] },
      ),
    );
    expect(said(mapping, 'apps/edge')).toBe(`not-selected ${code}`);
  });

  test('before istiod has made the Service nothing is selected', () => {
    const there = managed([apiGateway('apps/edge', [apiListener('web', 80, 'HTTP')])], [], {
      services: [],
      pods: [],
    });
    expect(said(only(there), 'apps/edge')).toBe('not-selected MAP207');
  });

  test('a listener of another class is not judged by what istiod accepts', () => {
    const there = managed(
      [apiGateway('apps/edge', [apiListener('mesh', 15008, 'HBONE')], { class: 'istio-waypoint' })],
      [],
      { pods: [] },
    );
    expect(said(only(there), 'apps/edge')).toBe('not-selected MAP206');
  });

  test.each(['istio-remote', 'istio-waypoint', 'istio-east-west', 'nginx'])(
    'class %s opens no ingress port',
    (name) => {
      const there = managed(
        [apiGateway('apps/edge', [apiListener('web', 80, 'HTTP')], { class: name })],
        [servicePort(80)],
        { pods: [] },
      );
      expect(said(only(there), 'apps/edge')).toBe('not-selected MAP206');
      expect(reportIn(only(there), 'apps/edge').reason).toContain(name);
    },
  );

  test('a custom class is a setting of the mesh', () => {
    const there = managed(
      [apiGateway('apps/edge', [apiListener('web', 80, 'HTTP')], { class: 'front' })],
      [],
      { services: [service('apps/edge-front', [servicePort(80)], { selector: EDGE })] },
    );
    expect(said(only(there, { gatewayClasses: ['istio', 'front'] }), 'apps/edge')).toBe(OK);
  });
});

describe('istio-port-mapping.md §3: manual deployments', () => {
  const there = (
    listeners: ApiListener[],
    ports: ServicePort[],
    more: Partial<KubernetesObjects> = {},
  ): KubernetesObjects =>
    objects({
      apiGateways: [manualGateway('istio-system/edge', 'istio-ingressgateway', listeners)],
      services: [service('istio-system/istio-ingressgateway', ports)],
      pods: [gatewayPod()],
      apiRoutes: [apiRoute('TCPRoute', 'istio-system/r', { name: 'edge' })],
      ...more,
    });

  test('the number of a listener is that of the Service port', () => {
    const mapping = mapped(
      there([apiListener('web', 80, 'HTTP')], [servicePort(80, { targetPort: 8080 })]),
    );
    expect(listens(mapping)).toEqual(['8080/tcp HTTP']);
  });

  test('a number that the Service lacks has no listener, and the port to add is reported', () => {
    const mapping = mapped(
      there([apiListener('db', 5432, 'TCP')], [servicePort(80, { targetPort: 8080 })]),
    );
    expect(reportIn(mapping, 'istio-system/edge')).toMatchObject({
      verdict: 'no-service-port',
      code: 'MAP240',
      envoyPorts: [],
      servicePorts: [],
      missingInService: true,
    });
    expect(mapping.missing).toEqual([
      {
        service: 'istio-system/istio-ingressgateway',
        name: 'tcp-5432',
        port: 5432,
        targetPort: 5432,
        protocol: 'TCP',
        gateways: ['istio-system/edge'],
      },
    ]);
  });

  test('the port to add has another target if the pods cannot bind the number', () => {
    const mapping = mapped(
      there([apiListener('web', 81, 'HTTP')], [servicePort(80, { targetPort: 8080 })], {
        pods: [gatewayPod({ unprivileged: true })],
      }),
    );
    expect(mapping.missing).toMatchObject([{ port: 81, targetPort: 8081 }]);
  });

  test('a listener on a target port gets a hint, and no port', () => {
    const mapping = mapped(
      there([apiListener('web', 8080, 'HTTP')], [servicePort(80, { targetPort: 8080 })]),
    );
    expect(reportIn(mapping, 'istio-system/edge')).toMatchObject({
      verdict: 'no-service-port',
      missingInService: false,
    });
    expect(reportIn(mapping, 'istio-system/edge').reason).toContain('did you mean 80');
    expect(mapping.missing).toEqual([]);
  });

  test('every Service named counts, each with its target', () => {
    const two = manualGateway('istio-system/edge', 'a', [apiListener('web', 80, 'HTTP')], {
      addresses: [
        { type: 'Hostname', value: 'a' },
        { type: 'Hostname', value: 'b.istio-system.svc.cluster.local' },
      ],
    });
    const services = [
      service('istio-system/a', [servicePort(80, { targetPort: 8080 })]),
      service('istio-system/b', [servicePort(80, { targetPort: 9080 })]),
      service('istio-system/c', [servicePort(80, { targetPort: 7080 })], { age: 9 }),
    ];
    const mapping = only(there([], [], { apiGateways: [two], services }));
    expect(reportIn(mapping, 'istio-system/edge').envoyPorts).toEqual([8080, 9080]);
    expect(listens(mapping)).toEqual(['8080/tcp HTTP', '9080/tcp HTTP']);
  });

  test('the label that disables translation is for Istio Gateways', () => {
    const labels = { 'experimental.istio.io/disable-gateway-port-translation': 'true' };
    const services = [
      service('istio-system/istio-ingressgateway', [servicePort(80, { targetPort: 8080 })], {
        labels,
      }),
    ];
    expect(listens(mapped(there([apiListener('web', 80, 'HTTP')], [], { services })))).toEqual([
      '8080/tcp HTTP',
    ]);
  });

  test('a Service without any port gets it, too', () => {
    const mapping = mapped(there([apiListener('web', 80, 'HTTP')], []));
    expect(said(mapping, 'istio-system/edge')).toBe('no-service-port MAP240');
    expect(mapping.missing).toMatchObject([{ port: 80, targetPort: 80 }]);
  });

  test('strict merging is about managed Gateways only', () => {
    const mapping = mapped(
      there([apiListener('web', 80, 'HTTP')], [servicePort(80)], {
        gateways: [gateway('team/g', [server(8000, 'HTTP')])],
      }),
    );
    expect(said(mapping, 'team/g')).toBe(OK);
  });

  test('Istio Gateways and listeners share ports by the rules of istio-port-mapping.md §1.7', () => {
    const gateways = [gateway('istio-system/old', [server(80)], { age: 5 })];
    expect(
      said(
        mapped(there([apiListener('web', 80, 'HTTP')], [servicePort(80)], { gateways })),
        'istio-system/edge',
      ),
    ).toBe('rejected MAP210');
  });
});

describe('istio-port-mapping.md §3: listeners', () => {
  test.each<[string, ApiListener[], string[]]>([
    ['HTTP', [apiListener('a', 80, 'HTTP')], [OK]],
    ['HTTPS', [apiListener('a', 443, 'HTTPS', { tlsMode: 'Terminate' })], [OK]],
    [
      'HTTPS cannot pass through',
      [apiListener('a', 443, 'HTTPS', { tlsMode: 'Passthrough' })],
      ['rejected GW115'],
    ],
    ['UDP', [apiListener('a', 53, 'UDP')], ['rejected GW112']],
    ['an invalid port', [apiListener('a', 70_000, 'HTTP')], ['rejected GW111']],
    ['protocols are written in capitals', [apiListener('a', 80, 'http')], ['rejected GW112']],
    [
      'TCP and HTTP on one port',
      [apiListener('a', 80, 'TCP'), apiListener('b', 80, 'HTTP')],
      ['no-route MAP233', 'rejected MAP215'],
    ],
    [
      'HTTP and TCP on one port',
      [apiListener('a', 80, 'HTTP'), apiListener('b', 80, 'TCP')],
      [OK, 'rejected MAP215'],
    ],
    [
      'two TCP',
      [apiListener('a', 80, 'TCP'), apiListener('b', 80, 'TCP')],
      ['no-route MAP233', 'rejected MAP215'],
    ],
    [
      'a duplicate host name',
      [
        apiListener('a', 80, 'HTTP', { hostname: 'a.com' }),
        apiListener('b', 80, 'HTTP', { hostname: 'a.com' }),
      ],
      [OK, 'rejected MAP215'],
    ],
    [
      'no host name means all hosts',
      [apiListener('a', 80, 'HTTP'), apiListener('b', 80, 'HTTP', { hostname: '' })],
      [OK, 'rejected MAP215'],
    ],
    [
      'different host names',
      [
        apiListener('a', 80, 'HTTP', { hostname: 'a.com' }),
        apiListener('b', 80, 'HTTP', { hostname: 'b.com' }),
      ],
      [OK, OK],
    ],
    [
      'different host names with different protocols',
      [
        apiListener('a', 443, 'HTTPS', { hostname: 'a.com', tlsMode: 'Terminate' }),
        apiListener('b', 443, 'TLS', { hostname: 'b.com', tlsMode: 'Passthrough' }),
      ],
      [OK, 'no-route MAP233'],
    ],
    [
      'a rejected listener leaves its host name to the next one',
      [
        apiListener('a', 80, 'HTTP'),
        apiListener('b', 80, 'TCP'),
        apiListener('c', 80, 'HTTP', { hostname: 'c.com' }),
      ],
      [OK, 'rejected MAP215', OK],
    ],
  ])('%s', (_, listeners, expected) => {
    expect(verdicts(listeners)).toEqual(expected);
  });

  test.each<[string, Partial<ApiListener>, Record<string, string>, string]>([
    [
      'the network label and port 15443',
      { tlsMode: 'Passthrough' },
      { 'topology.istio.io/network': 'n1' },
      '15443/tcp TLS_AUTO_PASSTHROUGH',
    ],
    ['the listener option', { tlsMode: 'AUTO_PASSTHROUGH' }, {}, '15443/tcp TLS_AUTO_PASSTHROUGH'],
    [
      'the network label and another agreed port',
      { tlsMode: 'Passthrough' },
      { 'topology.istio.io/network': 'n1', 'networking.istio.io/gatewayPort': '443' },
      '15443/tcp TLS_PASSTHROUGH',
    ],
    ['no label', { tlsMode: 'Passthrough' }, {}, '15443/tcp TLS_PASSTHROUGH'],
  ])('AUTO_PASSTHROUGH by %s', (_, fields, labels, listener) => {
    const one = apiGateway('apps/edge', [apiListener('tls', 15_443, 'TLS', fields)], { labels });
    expect(
      listens(only(managed([one], [servicePort(15_443)], { apiRoutes: [route('TLSRoute')] }))),
    ).toEqual([listener]);
  });

  test('an empty Gateway leaves a note', () => {
    const there = managed([apiGateway('apps/edge', [])], [servicePort(80)]);
    expect(
      only({
        ...there,
        gateways: [gateway('apps/g', [server(80, 'HTTP')], { selector: EDGE })],
      }).notes?.map(({ code }) => code),
    ).toEqual(['GW116']);
  });
});

describe('istio-port-mapping.md §3: attachment of routes', () => {
  const tcp = [apiListener('db', 5432, 'TCP')];
  const NONE = 'no-route MAP233';

  test.each<[string, ApiListener[], ApiRoute[], string]>([
    ['TCP without a route has no listener', tcp, [], NONE],
    ['TCP with a TCPRoute', tcp, [route('TCPRoute')], OK],
    ['TCP with a TLSRoute', tcp, [route('TLSRoute')], NONE],
    ['a route without backends', tcp, [route('TCPRoute', { rules: 0 })], NONE],
    ['a route to another Gateway', tcp, [apiRoute('TCPRoute', 'apps/r', { name: 'other' })], NONE],
    [
      'a route to a Gateway of that name elsewhere',
      tcp,
      [apiRoute('TCPRoute', 'shop/r', { name: 'edge' })],
      NONE,
    ],
    ['sectionName of the listener', tcp, [route('TCPRoute', {}, { sectionName: 'db' })], OK],
    ['sectionName of another', tcp, [route('TCPRoute', {}, { sectionName: 'web' })], NONE],
    ['port of the listener', tcp, [route('TCPRoute', {}, { port: 5432 })], OK],
    ['port of another', tcp, [route('TCPRoute', {}, { port: 80 })], NONE],
    ['a route to a Service of that name', tcp, [route('TCPRoute', {}, { kind: 'Service' })], NONE],
    [
      'TLS passthrough with a TLSRoute',
      [apiListener('t', 443, 'TLS', { tlsMode: 'Passthrough' })],
      [route('TLSRoute')],
      OK,
    ],
    [
      'TLS passthrough with a TCPRoute',
      [apiListener('t', 443, 'TLS', { tlsMode: 'Passthrough' })],
      [route('TCPRoute')],
      NONE,
    ],
    [
      'TLS terminated with a TLSRoute',
      [apiListener('t', 443, 'TLS', { tlsMode: 'Terminate' })],
      [route('TLSRoute')],
      OK,
    ],
    [
      'TLS terminated with a TCPRoute',
      [apiListener('t', 443, 'TLS', { tlsMode: 'Terminate' })],
      [route('TCPRoute')],
      OK,
    ],
    [
      'allowed kinds that exclude the route',
      [apiListener('t', 443, 'TLS', { tlsMode: 'Terminate', allowedKinds: ['TLSRoute'] })],
      [route('TCPRoute')],
      NONE,
    ],
    [
      'host names that overlap',
      [apiListener('t', 443, 'TLS', { tlsMode: 'Passthrough', hostname: '*.a.com' })],
      [route('TLSRoute', { hostnames: ['x.a.com'] })],
      OK,
    ],
    [
      'host names that do not overlap',
      [apiListener('t', 443, 'TLS', { tlsMode: 'Passthrough', hostname: '*.a.com' })],
      [route('TLSRoute', { hostnames: ['x.b.com'] })],
      NONE,
    ],
    ['HTTP needs no route', [apiListener('w', 80, 'HTTP')], [], OK],
  ])('%s', (_, listeners, apiRoutes, answer) => {
    expect(verdicts(listeners, { apiRoutes })).toEqual([answer]);
  });

  test.each<[string, Partial<ApiListener>, string]>([
    ['only of the own namespace, by default', {}, NONE],
    ['of all', { allowedNamespaces: 'All' }, OK],
    ['of none', { allowedNamespaces: 'None' }, NONE],
    [
      'of those with a label',
      { allowedNamespaces: 'Selector', allowedSelector: { team: 'shop' } },
      OK,
    ],
    [
      'of those with another label',
      { allowedNamespaces: 'Selector', allowedSelector: { team: 'x' } },
      NONE,
    ],
    [
      'of those by name',
      { allowedNamespaces: 'Selector', allowedSelector: { 'kubernetes.io/metadata.name': 'shop' } },
      OK,
    ],
    ['by a selector that could not be read', { allowedNamespaces: 'Selector' }, NONE],
  ])('routes %s', (_, fields, answer) => {
    const apiRoutes = [apiRoute('TCPRoute', 'shop/r', { name: 'edge', namespace: 'apps' })];
    expect(
      verdicts([apiListener('db', 5432, 'TCP', fields)], {
        apiRoutes,
        namespaces: [{ name: 'shop', labels: { team: 'shop' } }],
      }),
    ).toEqual([answer]);
  });

  test('before 1.31 a route without backends counted', () => {
    expect(
      verdicts(tcp, { apiRoutes: [route('TCPRoute', { rules: 0 })] }, { emptyRouteCounts: true }),
    ).toEqual([OK]);
  });
});

describe('istio-port-mapping.md §3: ListenerSet', () => {
  const web = apiListener('web', 80, 'HTTP');
  const ports = [servicePort(80), servicePort(81), servicePort(443)];
  const parent = (fields: Parameters<typeof apiGateway>[2] = {}): ApiGateway =>
    apiGateway('apps/edge', [web], { allowedListeners: 'Same', ...fields });

  test('its listeners join those of the Gateway, counted on', () => {
    const mapping = only(
      managed([parent()], ports, {
        listenerSets: [listenerSet('apps/more', 'apps/edge', [apiListener('extra', 81, 'HTTP')])],
      }),
    );
    expect(listens(mapping)).toEqual(['80/tcp HTTP', '81/tcp HTTP']);
    expect(reportIn(mapping, 'apps/edge', 1)).toMatchObject({
      name: 'more/extra',
      port: 81,
      verdict: 'listening',
    });
  });

  test.each<[string, Parameters<typeof apiGateway>[2], string, string]>([
    ['by default none is allowed', { allowedListeners: 'None' }, 'apps/more', 'rejected MAP216'],
    ['of the same namespace', { allowedListeners: 'Same' }, 'apps/more', OK],
    ['not of another', { allowedListeners: 'Same' }, 'shop/more', 'rejected MAP216'],
    ['of all', { allowedListeners: 'All' }, 'shop/more', OK],
    [
      'of those with a label',
      { allowedListeners: 'Selector', allowedListenersSelector: { team: 'shop' } },
      'shop/more',
      OK,
    ],
  ])('%s', (_, fields, key, answer) => {
    const there = managed([parent(fields)], ports, {
      listenerSets: [listenerSet(key, 'apps/edge', [apiListener('extra', 81, 'HTTP')])],
      namespaces: [{ name: 'shop', labels: { team: 'shop' } }],
    });
    expect(said(only(there), 'apps/edge', 1)).toBe(answer);
  });

  test.each([
    ['HTTP', undefined, 80],
    ['HTTPS', 'Terminate', 443],
  ])('port 0 means the usual one of %s', (protocol, tlsMode, port) => {
    const entry = apiListener('extra', 0, protocol, {
      hostname: 'x.com',
      ...(tlsMode === undefined ? {} : { tlsMode }),
    });
    const mapping = only(
      managed([parent()], ports, {
        listenerSets: [listenerSet('apps/more', 'apps/edge', [entry])],
      }),
    );
    expect(reportIn(mapping, 'apps/edge', 1)).toMatchObject({ port, verdict: 'listening' });
  });

  test('the Gateway’s own listeners come first, then the older set', () => {
    const listenerSets = [
      listenerSet('apps/young', 'apps/edge', [apiListener('b', 81, 'HTTP')], { age: 1 }),
      listenerSet(
        'apps/old',
        'apps/edge',
        [apiListener('a', 81, 'HTTP'), apiListener('c', 80, 'HTTP')],
        { age: 2 },
      ),
    ];
    const mapping = only(managed([parent()], ports, { listenerSets }));
    expect(mapping.servers.map(({ name, verdict, code }) => [name, verdict, code])).toEqual([
      ['web', 'listening', 'OK'],
      ['old/a', 'listening', 'OK'],
      ['old/c', 'rejected', 'MAP215'],
      ['young/b', 'rejected', 'MAP215'],
    ]);
  });

  test('a ListenerSet that is not allowed does not block the port', () => {
    const listenerSets = [
      listenerSet('shop/old', 'apps/edge', [apiListener('a', 81, 'HTTP')], { age: 2 }),
      listenerSet('apps/young', 'apps/edge', [apiListener('b', 81, 'HTTP')], { age: 1 }),
    ];
    const mapping = only(managed([parent()], ports, { listenerSets }));
    expect([said(mapping, 'apps/edge', 1), said(mapping, 'apps/edge', 2)]).toEqual([
      'rejected MAP216',
      OK,
    ]);
  });

  test('routes are attached to the set, not through its parent', () => {
    const listenerSets = [listenerSet('apps/more', 'apps/edge', [apiListener('db', 81, 'TCP')])];
    const withRoute = (parentRef: object) =>
      only(
        managed([parent()], ports, {
          listenerSets,
          apiRoutes: [apiRoute('TCPRoute', 'apps/r', { name: 'edge', ...parentRef })],
        }),
      );
    expect(said(withRoute({}), 'apps/edge', 1)).toBe('no-route MAP233');
    expect(said(withRoute({ kind: 'ListenerSet', name: 'more' }), 'apps/edge', 1)).toBe(OK);
  });
});

describe('age order of the Gateways that istiod derives from listeners', () => {
  test('its name comes after that of an Istio Gateway with the same beginning', () => {
    const there = managed(
      [manualGateway('apps/edge', 'edge-istio', [apiListener('db', 9000, 'TCP')])],
      [servicePort(9000)],
      {
        gateways: [gateway('apps/edge', [server(9000)], { selector: EDGE })],
        apiRoutes: [route('TCPRoute')],
      },
    );
    const mapping = only(there);
    expect(mapping.servers.map(({ api, code }) => `${api} ${code}`)).toEqual([
      'gateway-api MAP210',
      'istio MAP230',
    ]);
  });
});

describe('istio-port-mapping.md §1.3 and §3: the port that a listener needs', () => {
  const there = (
    gateways: KubernetesObjects['gateways'],
    services: KubernetesObjects['services'],
  ): PortMapping =>
    mapped(
      objects({
        gateways,
        services,
        apiGateways: [
          manualGateway(
            'istio-system/edge',
            'istio-ingressgateway',
            [apiListener('db', 60_000, 'HTTP')],
            { age: 5 },
          ),
        ],
        pods: [gatewayPod()],
      }),
    );
  const own = service('istio-system/istio-ingressgateway', [servicePort(80)]);

  test('does not lead where another server listens', () => {
    const other = service('istio-system/other', [servicePort(5000, { targetPort: 60_000 })]);
    expect(there([gateway('g', [server(5000, 'HTTP')])], [own, other]).missing).toMatchObject([
      { port: 5000, targetPort: 60_000 },
      { port: 60_000, targetPort: 8000 },
    ]);
  });

  test('is not added where it would take the port of a server that listens', () => {
    const mapping = there(
      [gateway('g', [server(60_000, 'TCP', { tls: 'AUTO_PASSTHROUGH' })])],
      [own],
    );
    expect(said(mapping, 'default/g')).toBe(OK);
    expect(mapping.missing).toEqual([]);
  });
});
