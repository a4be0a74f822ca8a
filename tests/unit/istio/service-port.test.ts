import { describe, expect, test } from '@jest/globals';
import { mapAll } from '../../../shared/domain/istio/map-ingress.ts';
import {
  apiGateway,
  apiListener,
  cluster,
  gateway,
  gatewayPod,
  ingressService,
  LABELS,
  mesh,
  objects,
  server,
  service,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';
import { mapped, reportIn } from './ask.ts';

const SERVICE = 'istio-system/istio-ingressgateway';
const unprivileged = [gatewayPod({ unprivileged: true })];

describe('istio-port-mapping.md §1.3: the port to add', () => {
  test('port N has target N', () => {
    const mapping = mapped(
      cluster({
        gateways: [gateway('g', [server(32_400)])],
        virtualServices: [tcpRoute('v', ['g'])],
      }),
    );
    expect(mapping.missing).toEqual([
      {
        service: SERVICE,
        name: 'tcp-32400',
        port: 32_400,
        targetPort: 32_400,
        protocol: 'TCP',
        gateways: ['default/g'],
      },
    ]);
    expect(reportIn(mapping, 'g')).toMatchObject({
      verdict: 'listening',
      missingInService: true,
      servicePorts: [],
    });
    expect(reportIn(mapping, 'g').reason).toContain(
      'Service istio-system/istio-ingressgateway lacks port 32400 -> 32400 (tcp-32400)',
    );
  });

  test.each([
    ['TCP', undefined, 'tcp-9000'],
    ['MONGO', undefined, 'mongo-9000'],
    ['HTTP', undefined, 'http-9000'],
    ['http2', undefined, 'http2-9000'],
    ['GRPC-WEB', undefined, 'grpc-web-9000'],
    ['HTTP_PROXY', undefined, 'http-9000'],
    ['HTTPS', 'SIMPLE', 'https-9000'],
    ['TLS', 'SIMPLE', 'tls-9000'],
  ])('the name of a %s port begins with its protocol', (protocol, tls, name) => {
    const there = cluster({
      gateways: [gateway('g', [server(9000, protocol, tls === undefined ? {} : { tls })])],
      virtualServices: [tcpRoute('v', ['g'])],
    });
    expect(mapped(there).missing.map((one) => one.name)).toEqual([name]);
  });

  test('a name that is taken gets a number', () => {
    const there = cluster({ gateways: [gateway('g', [server(9000, 'HTTP')])] }, [
      servicePort(1, { name: 'http-9000' }),
      servicePort(2, { name: 'http-9000-2' }),
    ]);
    expect(mapped(there).missing.map((one) => one.name)).toEqual(['http-9000-3']);
  });

  test('one port serves all Gateways that want it', () => {
    const gateways = [
      gateway('b', [server(9000, 'HTTP')], { age: 2 }),
      gateway('a', [server(9000, 'HTTP')], { age: 1 }),
    ];
    expect(mapped(cluster({ gateways })).missing).toMatchObject([
      { port: 9000, gateways: ['default/a', 'default/b'] },
    ]);
  });

  test('a rejected server needs none', () => {
    const gateways = [
      gateway('a', [server(9000, 'HTTP')], { age: 2 }),
      gateway('b', [server(9000)], { age: 1 }),
    ];
    expect(mapped(cluster({ gateways })).missing).toMatchObject([{ gateways: ['default/a'] }]);
    expect(reportIn(mapped(cluster({ gateways })), 'b').missingInService).toBe(false);
  });

  test('a server without a route needs none', () => {
    expect(mapped(cluster({ gateways: [gateway('g', [server(9000)])] })).missing).toEqual([]);
  });

  test.each([
    ['has the port', [servicePort(9000)]],
    ['leads there under another number', [servicePort(80, { targetPort: 9000 })]],
    [
      'has the port, hidden behind another of its protocol',
      [
        servicePort(80, { name: 'http-a', targetPort: 8080 }),
        servicePort(9000, { name: 'http-b', targetPort: 8080 }),
      ],
    ],
  ])('no port is added where the Service %s', (_, ports) => {
    const mapping = mapped(cluster({ gateways: [gateway('g', [server(9000, 'HTTP')])] }, ports));
    expect(mapping.missing).toEqual([]);
    expect(reportIn(mapping, 'g')).toMatchObject({ verdict: 'listening', missingInService: false });
  });

  test('a UDP port of the number is not in the way', () => {
    const mapping = mapped(
      cluster({ gateways: [gateway('g', [server(9000, 'HTTP')])] }, [
        servicePort(9000, { name: 'udp', protocol: 'UDP' }),
      ]),
    );
    expect(mapping.missing).toMatchObject([{ port: 9000, targetPort: 9000, protocol: 'TCP' }]);
  });

  test('where an older Service translates the number, the port leads to the same target', () => {
    const older = service('istio-system/older', [servicePort(9000, { targetPort: 9100 })], {
      age: 9,
    });
    const there = cluster({
      gateways: [gateway('g', [server(9000, 'HTTP')])],
      services: [older, ingressService()],
    });
    expect(mapped(there).missing).toMatchObject([
      { service: SERVICE, port: 9000, targetPort: 9100 },
    ]);
    expect(mapAll(there, mesh())[0]?.missing).toEqual([]);
  });

  test('a port that leads elsewhere than the older Service is reported and left alone', () => {
    const older = service('istio-system/older', [servicePort(9000, { targetPort: 9100 })], {
      age: 9,
    });
    const mapping = mapped(
      cluster({
        gateways: [gateway('g', [server(9000, 'HTTP')])],
        services: [older, ingressService([servicePort(9000)])],
      }),
    );
    expect(mapping.missing).toEqual([]);
    expect(
      reportIn(mapping, 'g').servicePorts.map(({ service: key, reachesListener }) => [
        key,
        reachesListener,
      ]),
    ).toEqual([
      ['istio-system/older', true],
      [SERVICE, false],
    ]);
  });
});

describe('istio-port-mapping.md §1.3: another target, only where the pods cannot bind N', () => {
  test.each([
    ['80 becomes 8080', 80, [], 8080],
    ['443 becomes 8443', 443, [], 8443],
    ['a target port in use is not chosen', 80, [servicePort(5000, { targetPort: 8080 })], 8081],
  ])('%s', (_, number, ports, targetPort) => {
    const mapping = mapped(
      cluster({ gateways: [gateway('g', [server(number, 'HTTP')])], pods: unprivileged }, ports),
    );
    expect(mapping.missing).toMatchObject([{ port: number, targetPort }]);
    expect(reportIn(mapping, 'g')).toMatchObject({
      verdict: 'privileged-port',
      missingInService: true,
      envoyPorts: [],
    });
    expect(reportIn(mapping, 'g').reason).toContain(`lacks port ${number} -> ${targetPort}`);
  });

  test('a port that another server resolves to is in use', () => {
    const there = cluster({
      gateways: [gateway('g', [server(80, 'HTTP'), server(8080)])],
      virtualServices: [tcpRoute('v', ['g'])],
      pods: unprivileged,
    });
    expect(mapped(there).missing.map(({ port, targetPort }) => [port, targetPort])).toEqual([
      [80, 8081],
      [8080, 8080],
    ]);
  });

  test('two privileged ports do not get one target', () => {
    const there = cluster(
      { gateways: [gateway('g', [server(80, 'HTTP'), server(81, 'HTTP')])], pods: unprivileged },
      [servicePort(5000, { targetPort: 8080 })],
    );
    expect(mapped(there).missing.map(({ port, targetPort }) => [port, targetPort])).toEqual([
      [80, 8081],
      [81, 8082],
    ]);
  });

  test('no target is chosen for a server that would not listen there either', () => {
    expect(
      mapped(cluster({ gateways: [gateway('g', [server(80)])], pods: unprivileged })).missing,
    ).toEqual([]);
  });

  test('no target is chosen if the Service does not translate', () => {
    const services = [
      ingressService([], {
        labels: { 'experimental.istio.io/disable-gateway-port-translation': 'true' },
      }),
    ];
    expect(
      mapped(
        cluster({ gateways: [gateway('g', [server(80, 'HTTP')])], pods: unprivileged, services }),
      ).missing,
    ).toEqual([]);
  });
});

describe('Services that must not be changed', () => {
  test('include one that istiod manages', () => {
    const managed = service('istio-system/edge-istio', [servicePort(80)], {
      selector: { ...LABELS },
      labels: { 'gateway.istio.io/managed': 'istio.io-gateway-controller' },
    });
    const [mapping] = mapAll(
      objects({
        gateways: [gateway('g', [server(9000, 'HTTP')])],
        services: [managed],
        pods: [gatewayPod()],
      }),
      mesh(),
    );
    expect(mapping?.missing).toEqual([]);
    expect(mapping?.servers[0]).toMatchObject({ verdict: 'listening', missingInService: true });
    expect(mapping?.servers[0]?.reason).toContain(
      'istiod manages it: add a listener to its Gateway',
    );
  });

  test('include one that a managed Gateway names by its class, even without the label', () => {
    const there = objects({
      gateways: [gateway('istio-system/g', [server(9000, 'HTTP')])],
      apiGateways: [apiGateway('istio-system/edge', [apiListener('web', 80, 'HTTP')])],
      services: [service('istio-system/edge-istio', [servicePort(80)])],
      pods: [gatewayPod()],
    });
    expect(mapAll(there, mesh())[0]?.missing).toEqual([]);
  });

  test('include one without a selector', () => {
    const there = cluster({
      gateways: [gateway('g', [server(9000, 'HTTP')])],
      services: [ingressService([], { selector: {} })],
    });
    expect(mapped(there).missing).toEqual([]);
  });

  test('leave the port to the exposed one among several', () => {
    const internal = service('istio-system/internal', [], { age: 9, type: 'ClusterIP' });
    const headless = service('istio-system/headless', [], {
      age: 10,
      type: 'LoadBalancer',
      headless: true,
    });
    const [mapping] = mapAll(
      cluster({
        gateways: [gateway('g', [server(9000, 'HTTP')])],
        services: [internal, headless, ingressService()],
      }),
      mesh(),
    );
    expect(mapping?.missing).toMatchObject([{ service: SERVICE, port: 9000 }]);
  });
});

describe('pods of one ingress that differ', () => {
  const canary = service('istio-system/canary', [servicePort(9000, { targetPort: 9100 })], {
    selector: { canary: 'yes' },
    age: 9,
  });
  const pods = [gatewayPod(), gatewayPod({ labels: { ...LABELS, canary: 'yes' } })].map(
    (one, i) => ({ ...one, meta: { ...one.meta, name: `gateway-${i}` } }),
  );

  test('a port that would move the listener of some of them is not added', () => {
    const there = cluster({
      gateways: [gateway('g', [server(9000, 'HTTP')])],
      services: [canary, ingressService()],
      pods,
    });
    expect(mapped(there).missing).toEqual([]);
    expect(reportIn(mapped(there), 'g').missingInService).toBe(true);
  });

  test('a port that all of them need is added', () => {
    const there = cluster({
      gateways: [gateway('g', [server(9001, 'HTTP')])],
      services: [canary, ingressService()],
      pods,
    });
    expect(mapped(there).missing).toMatchObject([{ port: 9001, targetPort: 9001 }]);
  });
});
