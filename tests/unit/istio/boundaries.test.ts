/** The last allowed value and the first one that is not, and which of two rules comes first. */
import { describe, expect, test } from '@jest/globals';
import { compareVerdicts } from '../../../shared/domain/istio/server-evaluation.ts';
import { sortListeners } from '../../../shared/domain/istio/evaluate-servers.ts';
import { mapAll, mapIngress } from '../../../shared/domain/istio/map-ingress.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import { createPortResolver, targetPortOf } from '../../../shared/domain/istio/port-resolution.ts';
import { assumedWorkload, workloadsOf } from '../../../shared/domain/istio/workload.ts';
import { isPort } from '../../../shared/domain/istio/validity.ts';
import type { IstioGateway, Server, ServicePort } from '../../../shared/domain/snapshot/objects.ts';
import { Verdict } from '../../../shared/domain/istio/port-mapping.ts';
import {
  apiGateway,
  apiListener,
  apiRoute,
  cluster,
  gateway,
  gatewayPod,
  manualGateway,
  mesh,
  objects,
  pod,
  server,
  service,
  servicePort,
  virtualService,
} from '../../fixtures/kubernetes.ts';
import { listens, mapped, reportIn, said } from './ask.ts';

const MESH = { unprivilegedPods: undefined, revision: 'default' };

test.each([
  [0, false],
  [1, true],
  [65_535, true],
  [65_536, false],
  [1.5, false],
  [-1, false],
])('%d is a port: %s', (number, is) => {
  expect(isPort(number)).toBe(is);
});

test('the defaults of the mesh are Istio’s of today', () => {
  expect(MeshOptions.parse({})).toEqual({
    rootNamespace: 'istio-system',
    ingressClasses: ['istio'],
    ingressSelector: { istio: 'ingressgateway' },
    scopeGatewayToNamespace: false,
    enableQuic: false,
    strictGatewayMerging: true,
    defaultVirtualServiceExportTo: ['*'],
    emptyRouteCounts: false,
    revision: 'default',
    gatewayClasses: ['istio'],
    statusPort: 15_021,
  });
  expect(
    [0, 1, 65_535, 65_536].map((statusPort) => MeshOptions.safeParse({ statusPort }).success),
  ).toEqual([false, true, true, false]);
});

test('of several verdicts the one nearest to listening is reported', () => {
  expect([...Verdict.options].sort(compareVerdicts)).toEqual([
    'listening',
    'unreachable-bind',
    'no-route',
    'privileged-port',
    'no-service-port',
    'rejected',
    'not-selected',
  ]);
});

test('listeners are sorted by number, not by digits, then bind, then transport', () => {
  const at = (port: number, transport: 'tcp' | 'udp' = 'tcp', bind?: string) => ({
    port,
    transport,
    kinds: ['HTTP'] as const,
    ...(bind === undefined ? {} : { bind }),
  });
  const wanted = [
    at(80),
    at(443),
    at(443, 'udp'),
    at(443, 'tcp', '10.0.0.1'),
    at(443, 'tcp', '10.0.0.2'),
    at(10_000),
  ];
  for (const input of [wanted, wanted.toReversed()]) expect(sortListeners(input)).toEqual(wanted);
});

describe('istio-port-mapping.md §1.2: target ports', () => {
  const [workload] = workloadsOf(
    [
      pod('a/p', {
        containerPorts: [
          { name: 'web', port: 8080, protocol: 'TCP' },
          { name: 'web', port: 9090, protocol: 'TCP' },
          { name: 'web', port: 53, protocol: 'UDP' },
        ],
      }),
    ],
    new Set(),
    MESH,
  );
  const assumed = assumedWorkload(service('a/s', []), MESH);

  test.each([
    ['a number', servicePort(80, { targetPort: 8081 }), 8081, 8081],
    ['a number beyond ports', servicePort(80, { targetPort: 70_000 }), undefined, undefined],
    ['a name, the first container that has it', servicePort(80, { targetPort: 'web' }), 8080, 80],
    ['a name of another protocol', servicePort(80, { targetPort: 'web', protocol: 'UDP' }), 53, 80],
    ['a name that no port has', servicePort(80, { targetPort: 'none' }), undefined, 80],
    ['a name on an invalid port', servicePort(0, { targetPort: 'none' }), undefined, undefined],
  ])('%s: with pods, and while there are none', (_, port, withPods, without) => {
    expect([targetPortOf(port, workload!), targetPortOf(port, assumed)]).toEqual([
      withPods,
      without,
    ]);
  });

  test('without a target port it is the port', () => {
    const { targetPort: _, ...port } = servicePort(81);
    expect(targetPortOf(port as ReturnType<typeof servicePort>, workload!)).toBe(81);
  });

  test('several targets of a Gateway API listener come in order, each once, and only those of its Services', () => {
    const services = [
      service('a/x', [servicePort(80, { targetPort: 9000 })]),
      service('a/y', [
        servicePort(80, { targetPort: 8000 }),
        servicePort(80, { targetPort: 10_000, name: 'b', protocol: 'UDP' }),
      ]),
      service('a/z', [servicePort(80, { targetPort: 9000 })]),
      service('a/other', [servicePort(80, { targetPort: 7000 })]),
    ];
    const ports = createPortResolver(services, workload!);
    expect(ports.ofServices(80, ['a/x', 'a/y', 'a/z'])).toEqual([8000, 9000, 10_000]);
    expect([
      ports.hasUdp(80, ['a/x']),
      ports.hasUdp(80, ['a/y']),
      ports.hasUdp(80, undefined),
      ports.hasUdp(81, undefined),
    ]).toEqual([false, true, true, false]);
  });
});

describe('an invalid server is reported with the first failed check', () => {
  test.each<[string, Server, string]>([
    ['bind is checked before port', server(0, 'X', { bind: 'eth0', hosts: [] }), 'GW114'],
    ['port is checked before protocol', server(0, 'X', { hosts: [] }), 'GW111'],
    ['protocol is checked before hosts', server(80, 'X', { hosts: [] }), 'GW112'],
    ['hosts are checked before TLS', server(80, 'HTTPS', { hosts: [], tls: 'X' }), 'GW113'],
    [
      'the port of a Unix socket must be valid or 0',
      server(70_000, 'HTTP', { bind: 'unix:///x' }),
      'GW111',
    ],
  ])('%s', (_, bad, code) => {
    expect(said(mapped(cluster({ gateways: [gateway('g', [bad])] })), 'g')).toBe(
      `rejected ${code}`,
    );
  });

  test.each([[0], [80]])('a Unix socket with port %i is read', (number) => {
    expect(
      said(
        mapped(
          cluster({ gateways: [gateway('g', [server(number, 'HTTP', { bind: 'unix:///x' })])] }),
        ),
        'g',
      ),
    ).toBe('unreachable-bind MAP252');
  });

  test('what could not be read at all has neither name, port nor protocol', () => {
    expect(
      reportIn(mapped(cluster({ gateways: [gateway('g', [{ malformed: 'x' }])] })), 'g'),
    ).toMatchObject({ port: 0, protocol: '', envoyPorts: [] });
  });

  test('a server’s own name takes precedence over the name of its port', () => {
    const named = { ...server(80, 'HTTP', { name: 'port' }), name: 'own' };
    expect(reportIn(mapped(cluster({ gateways: [gateway('g', [named])] })), 'g').name).toBe('own');
  });
});

describe('precedence', () => {
  const unprivileged = [gatewayPod({ unprivileged: true })];

  test('why pods do not read a Gateway: sidecar, revision, scope', () => {
    const there = (fields: object) =>
      cluster({
        gateways: [gateway('g', [server(80, 'HTTP')], { labels: { 'istio.io/rev': 'x' } })],
        ...fields,
      });
    expect(
      said(
        mapped(there({ pods: [gatewayPod({ proxy: 'sidecar' })] }), {
          scopeGatewayToNamespace: true,
        }),
        'g',
      ),
    ).toBe('not-selected MAP205');
    expect(said(mapped(there({}), { scopeGatewayToNamespace: true }), 'g')).toBe(
      'not-selected MAP203',
    );
  });

  test('no Service port is proposed for a low port without a route, or one that cannot be reached', () => {
    const there = (one: Server) =>
      mapped(cluster({ gateways: [gateway('g', [one])], pods: unprivileged }));
    expect([said(there(server(80)), 'g'), there(server(80)).missing]).toEqual([
      'privileged-port MAP220',
      [],
    ]);
    const bound = server(80, 'HTTP', { bind: '127.0.0.1' });
    expect([said(there(bound), 'g'), there(bound).missing]).toEqual(['privileged-port MAP220', []]);
  });

  test('a Unix socket has no port, so unprivileged pods skip it, too', () => {
    expect(
      said(
        mapped(
          cluster({
            gateways: [gateway('g', [server(8080, 'HTTP', { bind: 'unix:///x' })])],
            pods: unprivileged,
          }),
        ),
        'g',
      ),
    ).toBe('privileged-port MAP220');
  });

  test('a TCP server on loopback opens its port only with a route', () => {
    const there = (routes: ReturnType<typeof virtualService>[]) =>
      cluster({
        gateways: [gateway('g', [server(9000, 'TCP', { bind: '127.0.0.1' })])],
        virtualServices: routes,
      });
    expect(listens(mapped(there([])))).toEqual([]);
    expect(
      listens(
        mapped(there([virtualService('v', ['g'], { tcp: [{ match: [], destinations: 1 }] })])),
      ),
    ).toEqual(['127.0.0.1:9000/tcp TCP']);
  });

  test('a listener at several ports is reported with the best verdict', () => {
    const services = [
      service('apps/a', [servicePort(8080, { targetPort: 15_090 })], { selector: { app: 'x' } }),
      service('apps/b', [servicePort(8080)], { selector: { app: 'x' } }),
    ];
    const listener = manualGateway('apps/edge', 'a', [apiListener('l', 8080, 'HTTP')]);
    const [mapping] = mapAll(
      objects({
        apiGateways: [
          { ...listener, addresses: [...listener.addresses, { type: 'Hostname', value: 'b' }] },
        ],
        services,
        pods: [pod('apps/p', { labels: { app: 'x' } })],
      }),
      mesh(),
    );
    expect(mapping?.servers.map(({ verdict, envoyPorts }) => [verdict, envoyPorts])).toEqual([
      ['listening', [8080]],
    ]);
  });

  test('the sidecars of a Gateway API Gateway open nothing, and that is why', () => {
    const there = objects({
      apiGateways: [apiGateway('apps/edge', [apiListener('l', 80, 'HTTP')])],
      services: [service('apps/edge-istio', [servicePort(80)], { selector: { app: 'x' } })],
      pods: [pod('apps/p', { labels: { app: 'x' }, proxy: 'sidecar' })],
    });
    const [mapping] = mapAll(there, mesh());
    expect(mapping?.servers.map(({ code }) => code)).toEqual(['MAP207']);
    expect(
      mapIngress({ namespace: 'apps', service: 'edge-istio' }, there, mesh()).servers.map(
        ({ verdict, code }) => `${verdict} ${code}`,
      ),
    ).toEqual(['not-selected MAP205']);
  });

  test('a Gateway without selector does not apply to sidecars', () => {
    expect(
      mapped(
        cluster({
          gateways: [gateway('g', [server(80, 'HTTP')], { selector: {} })],
          pods: [gatewayPod({ proxy: 'sidecar' })],
        }),
      ).servers,
    ).toEqual([]);
  });

  test.each<[string, IstioGateway, IstioGateway]>([
    [
      'an older Gateway without selector',
      gateway('a', [server(80)], { selector: {}, age: 1 }),
      gateway('b', [server(80)]),
    ],
    [
      'an older Gateway with selector',
      gateway('a', [server(80)], { age: 1 }),
      gateway('b', [server(80)], { selector: {} }),
    ],
    [
      'a Gateway without a creation time',
      { ...gateway('a', [server(80)]), meta: { ...gateway('a', []).meta, created: '' } },
      gateway('b', [server(80)], { age: 999 }),
    ],
    ['of equal age, the first by name', gateway('a', [server(80)]), gateway('b', [server(80)])],
    [
      'of equal age and name, the first by namespace',
      gateway('x/a', [server(80)]),
      gateway('y/a', [server(80)]),
    ],
  ])('%s keeps the port', (_, winner, loser) => {
    const key = ({ meta: { namespace, name } }: IstioGateway): string => `${namespace}/${name}`;
    for (const gateways of [
      [winner, loser],
      [loser, winner],
    ])
      expect(said(mapped(cluster({ gateways })), key(loser))).toBe('rejected MAP210');
  });

  test('an older listener of Gateway API keeps the port before an Istio Gateway', () => {
    const there = (age: number) =>
      objects({
        gateways: [gateway('apps/g', [server(80)], { selector: { app: 'x' } })],
        apiGateways: [manualGateway('apps/edge', 's', [apiListener('l', 80, 'HTTP')], { age })],
        services: [service('apps/s', [servicePort(80)], { selector: { app: 'x' } })],
        pods: [pod('apps/p', { labels: { app: 'x' } })],
      });
    const codes = (age: number) =>
      mapAll(there(age), mesh())[0]?.servers.map((one) => `${one.api} ${one.code}`);
    expect([codes(1), codes(-1)]).toEqual([
      ['gateway-api OK', 'istio MAP210'],
      ['gateway-api MAP210', 'istio MAP230'],
    ]);
  });

  test('a Gateway that is not read does not block the port', () => {
    const gateways = [
      gateway('old', [server(80)], { age: 5, labels: { 'istio.io/rev': 'x' } }),
      gateway('new', [server(80, 'HTTP')]),
    ];
    expect(said(mapped(cluster({ gateways })), 'new')).toBe('listening OK');
  });

  test('a rejected server beside one that lacks its Service port is not said to lack it', () => {
    const { servers } = mapped(
      cluster({ gateways: [gateway('g', [server(81, 'HTTP'), server(81)])] }),
    );
    expect(servers.map(({ verdict, missingInService }) => [verdict, missingInService])).toEqual([
      ['listening', true],
      ['rejected', false],
    ]);
  });

  test.each<[string, Server[]]>([
    [
      'HTTPS, then TLS',
      [
        server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['a.com'], name: 'x' }),
        server(443, 'TLS', { tls: 'SIMPLE', hosts: ['b.com'], name: 'x' }),
      ],
    ],
    [
      'TLS, then HTTPS',
      [
        server(443, 'TLS', { tls: 'SIMPLE', hosts: ['a.com'], name: 'x' }),
        server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['b.com'], name: 'x' }),
      ],
    ],
    [
      'PASSTHROUGH, then a terminated one of the same host',
      [
        server(443, 'TLS', { tls: 'PASSTHROUGH', hosts: ['n/a.com'] }),
        server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['m/a.com'] }),
      ],
    ],
  ])(
    'only HTTPS makes routes by port name, and only terminated TLS equal chains: %s',
    (_, servers) => {
      expect(
        mapped(cluster({ gateways: [gateway('g', servers)] })).servers.map(
          ({ verdict }) => verdict,
        ),
      ).not.toContain('rejected');
    },
  );

  test('a UDP port that leads to the listener under another number does not open HTTP/3', () => {
    const ports = [
      servicePort(80, { targetPort: 8080 }),
      servicePort(53, { protocol: 'UDP', targetPort: 8080 }),
    ];
    expect(
      reportIn(
        mapped(cluster({ gateways: [gateway('g', [server(80, 'HTTP')])] }, ports)),
        'g',
      ).servicePorts.map(({ port }) => port),
    ).toEqual([80]);
  });

  test('servers are sorted by the name of their Gateway, regardless of its age', () => {
    const gateways = [
      gateway('z', [server(81, 'HTTP')], { age: 5 }),
      gateway('a', [server(82, 'HTTP'), server(83, 'HTTP')]),
    ];
    expect(
      mapped(cluster({ gateways })).servers.map((one) => `${one.gateway} ${one.server}`),
    ).toEqual(['default/a 0', 'default/a 1', 'default/z 0']);
  });

  test('HTTP with TLS settings is plaintext all the same, and keeps TCP away', () => {
    const there = cluster({
      gateways: [
        gateway('a', [server(80, 'HTTP', { httpsRedirect: true })], { age: 1 }),
        gateway('b', [server(80)]),
      ],
    });
    expect(said(mapped(there), 'b')).toBe('rejected MAP210');
  });

  test.each(['HTTPS', 'TLS'])('equal filter chains of %s are reported', (protocol) => {
    const chain = (name: string, host: string) =>
      server(443, protocol, { tls: 'SIMPLE', hosts: [host], name });
    expect(
      said(
        mapped(
          cluster({ gateways: [gateway('g', [chain('a', 'n/x.com'), chain('b', 'm/x.com')])] }),
        ),
        'g',
        1,
      ),
    ).toBe('rejected MAP213');
  });

  test('a Service port is proposed only from the Services of the Gateway', () => {
    const services = [
      service('apps/own', [servicePort(80)], { selector: { app: 'x' } }),
      service('apps/other', [servicePort(81, { targetPort: 9000 })], { selector: { app: 'x' } }),
    ];
    const [mapping] = mapAll(
      objects({
        apiGateways: [manualGateway('apps/edge', 'own', [apiListener('l', 9000, 'HTTP')])],
        services,
        pods: [pod('apps/p', { labels: { app: 'x' } })],
      }),
      mesh(),
    );
    expect(mapping?.servers[0]?.reason).not.toContain('did you mean');
  });

  test('strict merging needs a managed Gateway whose Service brings a port of these pods', () => {
    const there = (ports: ServicePort[]) =>
      objects({
        gateways: [gateway('other/g', [server(81, 'HTTP')], { selector: { app: 'x' } })],
        apiGateways: [apiGateway('apps/edge', [apiListener('l', 80, 'HTTP')])],
        services: [
          service('apps/edge-istio', ports, { selector: { app: 'x' } }),
          service('apps/more', [servicePort(81)], { selector: { app: 'x' } }),
        ],
        pods: [pod('apps/p', { labels: { app: 'x' } })],
      });
    const code = (ports: ServicePort[]) =>
      mapAll(there(ports), mesh())[0]?.servers.find((one) => one.gateway === 'other/g')?.code;
    expect([code([servicePort(80)]), code([])]).toEqual(['MAP204', 'OK']);
  });

  test('HTTP/3 needs an open HTTPS listener, the option, and a UDP port of the number', () => {
    const there = (protocol: string, tls: string, bind?: string) =>
      cluster(
        {
          gateways: [
            gateway('g', [server(443, protocol, { tls, ...(bind === undefined ? {} : { bind }) })]),
          ],
        },
        [servicePort(443), servicePort(443, { protocol: 'UDP', name: 'u' })],
      );
    const quic = { enableQuic: true };
    expect(listens(mapped(there('HTTPS', 'SIMPLE'), quic))).toEqual([
      '443/tcp HTTPS',
      '443/udp HTTP3',
    ]);
    expect(listens(mapped(there('HTTPS', 'SIMPLE')))).toEqual(['443/tcp HTTPS']);
    expect(
      listens(mapped(there('TLS', 'AUTO_PASSTHROUGH'), quic)).filter((one) => one.includes('udp')),
    ).toEqual([]);
    expect(reportIn(mapped(there('HTTPS', 'SIMPLE', 'unix:///x'), quic), 'g').reason).not.toContain(
      'HTTP/3',
    );
    expect(
      reportIn(mapped(there('HTTPS', 'SIMPLE'), quic), 'g').servicePorts.map(
        ({ reachesListener }) => reachesListener,
      ),
    ).toEqual([true, true]);
    expect(
      reportIn(mapped(there('HTTPS', 'SIMPLE')), 'g').servicePorts.map(
        ({ reachesListener }) => reachesListener,
      ),
    ).toEqual([true, false]);
  });

  test('a route of Gateway API is attached to the listener of its port', () => {
    const there = objects({
      apiGateways: [
        apiGateway('apps/edge', [apiListener('a', 9000, 'TCP'), apiListener('b', 9001, 'TCP')]),
      ],
      apiRoutes: [apiRoute('TCPRoute', 'apps/r', { name: 'edge', port: 9001 })],
      services: [
        service('apps/edge-istio', [servicePort(9000), servicePort(9001)], {
          selector: { app: 'x' },
        }),
      ],
      pods: [pod('apps/p', { labels: { app: 'x' } })],
    });
    expect(mapAll(there, mesh())[0]?.servers.map(({ verdict }) => verdict)).toEqual([
      'no-route',
      'listening',
    ]);
  });
});
