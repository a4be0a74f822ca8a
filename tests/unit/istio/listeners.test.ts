import { describe, expect, test } from '@jest/globals';
import type { Server } from '../../../shared/domain/snapshot/objects.ts';
import {
  block,
  cluster,
  gateway,
  gatewayPod,
  server,
  service,
  servicePort,
  tcpRoute,
  virtualService,
} from '../../fixtures/kubernetes.ts';
import { listens, mapped, reportIn, said } from './ask.ts';

const ROUTES = [
  tcpRoute('tcp', ['g']),
  virtualService('tls', ['g'], { tls: [block([{ sniHosts: ['a.com'] }])] }),
];

describe('istio-port-mapping.md §1.6: protocols', () => {
  test.each<[string, string, string | undefined, string]>([
    ['HTTP', 'HTTP', undefined, 'HTTP'],
    ['HTTP2', 'HTTP2', undefined, 'HTTP'],
    ['GRPC', 'GRPC', undefined, 'HTTP'],
    ['GRPC-WEB', 'GRPC-WEB', undefined, 'HTTP'],
    ['HTTP_PROXY', 'HTTP_PROXY', undefined, 'HTTP'],
    ['lower case', 'http', undefined, 'HTTP'],
    ['mixed case', 'Https', 'SIMPLE', 'HTTPS'],
    ['HTTPS SIMPLE', 'HTTPS', 'SIMPLE', 'HTTPS'],
    ['HTTPS MUTUAL', 'HTTPS', 'MUTUAL', 'HTTPS'],
    ['HTTPS OPTIONAL_MUTUAL', 'HTTPS', 'OPTIONAL_MUTUAL', 'HTTPS'],
    ['HTTPS ISTIO_MUTUAL', 'HTTPS', 'ISTIO_MUTUAL', 'HTTPS'],
    ['HTTPS PASSTHROUGH', 'HTTPS', 'PASSTHROUGH', 'TLS_PASSTHROUGH'],
    ['HTTPS with the mode left out is PASSTHROUGH', 'HTTPS', '', 'TLS_PASSTHROUGH'],
    ['TLS SIMPLE', 'TLS', 'SIMPLE', 'TLS_TERMINATE'],
    ['TLS ISTIO_MUTUAL', 'TLS', 'ISTIO_MUTUAL', 'TLS_TERMINATE'],
    ['TLS PASSTHROUGH', 'TLS', 'PASSTHROUGH', 'TLS_PASSTHROUGH'],
    ['TLS with the mode left out is PASSTHROUGH', 'TLS', '', 'TLS_PASSTHROUGH'],
    ['TLS AUTO_PASSTHROUGH', 'TLS', 'AUTO_PASSTHROUGH', 'TLS_AUTO_PASSTHROUGH'],
    ['TCP', 'TCP', undefined, 'TCP'],
    ['MONGO', 'MONGO', undefined, 'TCP'],
    ['REDIS', 'REDIS', undefined, 'TCP'],
    ['MYSQL', 'MYSQL', undefined, 'TCP'],
    ['HTTPS without tls is opaque, as old objects can have it', 'HTTPS', undefined, 'TCP'],
    ['TLS without tls is opaque, too', 'TLS', undefined, 'TCP'],
    ['TLS settings on TCP terminate', 'TCP', 'SIMPLE', 'TLS_TERMINATE'],
  ])('%s', (_, protocol, tls, kind) => {
    const one = server(9000, protocol, tls === undefined ? {} : { tls });
    expect(
      listens(
        mapped(
          cluster({ gateways: [gateway('g', [one])], virtualServices: ROUTES }, [servicePort(80)]),
        ),
      ),
    ).toEqual([`9000/tcp ${kind}`]);
  });

  test('httpsRedirect on an HTTP server is a plaintext listener', () => {
    expect(
      listens(
        mapped(
          cluster({ gateways: [gateway('g', [server(80, 'HTTP', { httpsRedirect: true })])] }),
        ),
      ),
    ).toEqual(['80/tcp HTTP']);
  });
});

describe('servers that cannot be read are rejected, and the others served', () => {
  test.each<[string, Server, string]>([
    ['port 0', server(0, 'HTTP'), 'GW111'],
    ['port 70000', server(70_000, 'HTTP'), 'GW111'],
    ['a negative port', server(-1, 'HTTP'), 'GW111'],
    ['a broken port', server(80.5, 'HTTP'), 'GW111'],
    ['the largest number the CRD allows', server(4_294_967_295, 'HTTP'), 'GW111'],
    ['NaN', server(Number.NaN, 'HTTP'), 'GW111'],
    ['an unknown protocol', server(80, 'QUIC'), 'GW112'],
    ['UDP', server(80, 'UDP'), 'GW112'],
    ['an empty protocol', server(80, ''), 'GW112'],
    ['a protocol named like a property of every object', server(80, 'constructor'), 'GW112'],
    ['no hosts', server(80, 'HTTP', { hosts: [] }), 'GW113'],
    ['a bind that is not an address', server(80, 'HTTP', { bind: 'eth0' }), 'GW114'],
    ['a bind beyond 255', server(80, 'HTTP', { bind: '10.0.0.256' }), 'GW114'],
    ['an unknown TLS mode', server(80, 'HTTPS', { tls: 'STRICT' }), 'GW115'],
    ['a server that could not be read', { malformed: 'port is absent' }, 'GW110'],
  ])('%s', (_, bad, code) => {
    const mapping = mapped(cluster({ gateways: [gateway('g', [bad, server(8000, 'HTTP')])] }));
    expect(said(mapping, 'g', 0)).toBe(`rejected ${code}`);
    expect(reportIn(mapping, 'g', 0).reason).toContain('Gateway default/g');
    expect(said(mapping, 'g', 1)).toBe('listening OK');
  });

  test('a rejected server does not block the port', () => {
    const gateways = [
      gateway('bad', [server(80, 'HTTP', { hosts: [] })], { age: 9 }),
      gateway('good', [server(80)]),
    ];
    expect(
      said(mapped(cluster({ gateways, virtualServices: [tcpRoute('v', ['good'])] })), 'good'),
    ).toBe('listening OK');
  });
});

describe('istio-port-mapping.md §1.4: privileged ports', () => {
  const unprivileged = [gatewayPod({ unprivileged: true })];

  test.each([
    [80, 80, true, 'privileged-port MAP220'],
    [80, 8080, true, 'listening OK'],
    [1023, 1023, true, 'privileged-port MAP220'],
    [1024, 1024, true, 'listening OK'],
    [8080, 80, true, 'privileged-port MAP220'],
    [80, 80, false, 'listening OK'],
  ])('port %i led to %i, unprivileged %s', (number, targetPort, is, answer) => {
    const there = cluster(
      {
        gateways: [gateway('g', [server(number, 'HTTP')])],
        pods: is ? unprivileged : [gatewayPod()],
      },
      [servicePort(number, { targetPort })],
    );
    expect(said(mapped(there), 'g')).toBe(answer);
    expect(reportIn(mapped(there), 'g').envoyPorts).toEqual(
      answer === 'listening OK' ? [targetPort] : [],
    );
  });

  test('the option of the mesh comes before what the pods say', () => {
    const there = cluster({ gateways: [gateway('g', [server(80, 'HTTP')])], pods: unprivileged });
    expect(said(mapped(there, { unprivilegedPods: false }), 'g')).toBe('listening OK');
  });

  test('a server that is skipped keeps its port in the merge', () => {
    const gateways = [
      gateway('old', [server(80, 'HTTP')], { age: 2 }),
      gateway('new', [server(80)]),
    ];
    expect(said(mapped(cluster({ gateways, pods: unprivileged })), 'new')).toBe('rejected MAP210');
  });

  test('a Unix socket has port 0, which falls under the same test', () => {
    const there = cluster({
      gateways: [gateway('g', [server(0, 'HTTP', { bind: 'unix:///run/x' })])],
      pods: unprivileged,
    });
    expect(said(mapped(there), 'g')).toBe('privileged-port MAP220');
  });

  test('for a Service port that leads to a low target, the report says what to change', () => {
    const there = cluster({ gateways: [gateway('g', [server(80, 'HTTP')])], pods: unprivileged }, [
      servicePort(80),
    ]);
    expect(reportIn(mapped(there), 'g').reason).toContain(
      'give port 80 of Service istio-system/istio-ingressgateway a targetPort of 1024 or more',
    );
    expect(mapped(there).missing).toEqual([]);
  });
});

describe('istio-port-mapping.md §1.5: bind', () => {
  test.each<[string, string | undefined, string, string[]]>([
    ['none', undefined, 'listening OK', ['8000/tcp HTTP']],
    ['empty', '', 'listening OK', ['8000/tcp HTTP']],
    ['the IPv4 wildcard', '0.0.0.0', 'listening OK', ['8000/tcp HTTP']],
    ['the IPv6 wildcard', '::', 'listening OK', ['8000/tcp HTTP']],
    ['the address of a pod', '10.0.0.1', 'listening OK', ['10.0.0.1:8000/tcp HTTP']],
    ['loopback', '127.0.0.1', 'unreachable-bind MAP250', ['127.0.0.1:8000/tcp HTTP']],
    [
      'the far end of 127.0.0.0/8',
      '127.255.0.9',
      'unreachable-bind MAP250',
      ['127.255.0.9:8000/tcp HTTP'],
    ],
    ['IPv6 loopback', '::1', 'unreachable-bind MAP250', ['::1:8000/tcp HTTP']],
    ['an address that no pod has', '10.9.9.9', 'unreachable-bind MAP251', []],
  ])('%s', (_, bind, answer, listeners) => {
    const mapping = mapped(
      cluster(
        { gateways: [gateway('g', [server(8000, 'HTTP', bind === undefined ? {} : { bind })])] },
        [servicePort(8000)],
      ),
    );
    expect(said(mapping, 'g')).toBe(answer);
    expect(listens(mapping)).toEqual(listeners);
    expect(
      reportIn(mapping, 'g').servicePorts.map(({ reachesListener }) => reachesListener),
    ).toEqual([answer === 'listening OK']);
  });

  test('a Unix socket is never a pool member', () => {
    const mapping = mapped(
      cluster({ gateways: [gateway('g', [server(0, 'HTTP', { bind: 'unix:///run/x' })])] }),
    );
    expect(reportIn(mapping, 'g')).toMatchObject({
      verdict: 'unreachable-bind',
      code: 'MAP252',
      envoyPorts: [],
    });
    expect([listens(mapping), mapping.missing]).toEqual([[], []]);
  });

  test('an address is accepted if those of the pods are unknown', () => {
    const there = cluster({
      gateways: [gateway('g', [server(8000, 'HTTP', { bind: '10.9.9.9' })])],
      pods: [gatewayPod({ ips: [] })],
    });
    expect(said(mapped(there), 'g')).toBe('listening OK');
  });

  test('a loopback listener without a route is not open', () => {
    expect(
      listens(
        mapped(cluster({ gateways: [gateway('g', [server(8000, 'TCP', { bind: '127.0.0.1' })])] })),
      ),
    ).toEqual([]);
  });
});

describe('istio-port-mapping.md §1.8: HTTP/3', () => {
  const https = gateway('g', [server(443, 'HTTPS', { tls: 'SIMPLE' })]);
  const ports = [
    servicePort(443, { name: 'https', targetPort: 8443 }),
    servicePort(443, { name: 'quic', protocol: 'UDP', targetPort: 8443, nodePort: 31443 }),
  ];

  test('a UDP listener on the resolved TCP target, with QUIC on and a UDP Service port of the number', () => {
    const mapping = mapped(cluster({ gateways: [https] }, ports), { enableQuic: true });
    expect(listens(mapping)).toEqual(['8443/tcp HTTPS', '8443/udp HTTP3']);
    expect(
      reportIn(mapping, 'g').servicePorts.map(({ nodePort, reachesListener }) => [
        nodePort,
        reachesListener,
      ]),
    ).toEqual([
      [null, true],
      [31_443, true],
    ]);
    expect(reportIn(mapping, 'g').reason).toContain('UDP for HTTP/3');
  });

  test('the UDP port must lead to that same target', () => {
    const elsewhere = [
      servicePort(443, { name: 'https', targetPort: 8443 }),
      servicePort(443, { name: 'quic', protocol: 'UDP', targetPort: 9443 }),
    ];
    const mapping = mapped(cluster({ gateways: [https] }, elsewhere), { enableQuic: true });
    expect(listens(mapping)).toEqual(['8443/tcp HTTPS', '8443/udp HTTP3']);
    expect(
      reportIn(mapping, 'g').servicePorts.map(({ targetPort, reachesListener }) => [
        targetPort,
        reachesListener,
      ]),
    ).toEqual([
      [8443, true],
      [9443, false],
    ]);
  });

  test.each([
    ['QUIC off', https, ports, false],
    ['no UDP port', https, ports.slice(0, 1), true],
    ['passthrough', gateway('g', [server(443, 'HTTPS', { tls: 'PASSTHROUGH' })]), ports, true],
    ['plain HTTP', gateway('g', [server(443, 'HTTP')]), ports, true],
  ])('not with %s', (_, one, with_, enableQuic) => {
    const there = cluster({ gateways: [one], virtualServices: ROUTES }, with_);
    expect(
      listens(mapped(there, { enableQuic })).filter((listener) => listener.includes('udp')),
    ).toEqual([]);
  });
});

describe('istio-port-mapping.md §2: AUTO_PASSTHROUGH', () => {
  const auto = (hosts: string[]) =>
    gateway('g', [server(15_443, 'TLS', { tls: 'AUTO_PASSTHROUGH', hosts })]);

  test.each([
    ['*.local, under which every Service is', ['*.local'], 'listening OK'],
    ['the host of one Service', ['cart.shop.svc.cluster.local'], 'listening OK'],
    ['everything', ['*'], 'listening OK'],
    ['hosts without a Service', ['*.example.com'], 'no-route MAP232'],
    [
      'the host of a Service that has only UDP ports',
      ['dns.shop.svc.cluster.local'],
      'no-route MAP232',
    ],
  ])('%s', (_, hosts, answer) => {
    const services = [
      service('shop/cart', [servicePort(80)]),
      service('shop/dns', [servicePort(53, { protocol: 'UDP' })]),
    ];
    const there = cluster({ gateways: [auto(hosts)] });
    expect(said(mapped({ ...there, services: [...there.services, ...services] }), 'g')).toBe(
      answer,
    );
  });
});
