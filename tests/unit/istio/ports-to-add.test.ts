/**
 * istio-port-mapping.md §1.3 at its limits: which Service gets a port, its name and target, and
 * when none is added.
 */
import { describe, expect, test } from '@jest/globals';
import { mapAll } from '../../../shared/domain/istio/map-ingress.ts';
import { serviceToExtend } from '../../../shared/domain/istio/service-port.ts';
import type {
  IstioGateway,
  KubernetesObjects,
  Service,
} from '../../../shared/domain/snapshot/objects.ts';
import type { MissingServicePort, PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import {
  apiListener,
  apiRoute,
  cluster,
  gateway,
  gatewayPod,
  ingressService,
  manualGateway,
  mesh,
  objects,
  pod,
  server,
  service,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';
import { mapped } from './ask.ts';

const said = (ports: readonly MissingServicePort[]): readonly string[] =>
  ports.map(
    ({ service: key, name, port, targetPort }) =>
      `${key.split('/')[1]} ${name} ${port}->${targetPort}`,
  );

describe('the Service that gets the port', () => {
  const chosen = (...services: Service[]): string | undefined =>
    serviceToExtend(services, new Set())?.meta.name;

  test('is the most exposed one, a headless one last of all, else the first', () => {
    const balancer = service('a/balancer', []);
    const node = service('a/node', [], { type: 'NodePort' });
    const inner = service('a/inner', [], { type: 'ClusterIP' });
    const headless = service('a/headless', [], { type: 'ClusterIP', headless: true });
    expect(chosen(headless, inner, node, balancer)).toBe('balancer');
    expect(chosen(headless, inner, node)).toBe('node');
    expect(chosen(headless, inner)).toBe('inner');
    expect(chosen({ ...headless, type: 'LoadBalancer' }, inner)).toBe('inner');
    expect(chosen(service('a/first', []), balancer)).toBe('first');
  });

  test('is none that selects no pods, or that istiod keeps', () => {
    expect(chosen(service('a/hand', [], { selector: {} }))).toBeUndefined();
    expect(
      chosen(service('a/kept', [], { labels: { 'gateway.istio.io/managed': 'x' } })),
    ).toBeUndefined();
    expect(serviceToExtend([service('a/kept', [])], new Set(['a/kept']))).toBeUndefined();
  });
});

describe('its name', () => {
  test.each([
    [[], 'tcp-9000'],
    [['tcp-9000'], 'tcp-9000-2'],
    [['tcp-9000', 'tcp-9000-2'], 'tcp-9000-3'],
  ])('beside %j is %s', (names, name) => {
    const there = cluster(
      { gateways: [gateway('g', [server(9000)])], virtualServices: [tcpRoute('v', ['g'])] },
      names.map((taken, i) => servicePort(100 + i, { name: taken })),
    );
    expect(mapped(there).missing.map((one) => one.name)).toEqual([name]);
  });

  test.each([
    ['REDIS', 'redis-9000'],
    ['MYSQL', 'mysql-9000'],
    ['MONGO', 'mongo-9000'],
  ])('reports the protocol %s', (protocol, name) => {
    expect(
      mapped(
        cluster({
          gateways: [gateway('g', [server(9000, protocol)])],
          virtualServices: [tcpRoute('v', ['g'])],
        }),
      ).missing.map((one) => one.name),
    ).toEqual([name]);
  });
});

describe('a free target for a port that the pods cannot bind', () => {
  const low = (there: Partial<KubernetesObjects>, options = {}): readonly string[] =>
    said(
      mapped(
        cluster({
          gateways: [gateway('g', [server(80, 'HTTP')])],
          pods: [gatewayPod({ unprivileged: true })],
          ...there,
        }),
        options,
      ).missing,
    );

  test('is one that no container declares and that Istio does not use', () => {
    expect(low({})).toEqual(['istio-ingressgateway http-80 80->8080']);
    expect(
      low({
        pods: [
          gatewayPod({
            unprivileged: true,
            containerPorts: [{ name: '', port: 8080, protocol: 'TCP' }],
          }),
        ],
      }),
    ).toEqual(['istio-ingressgateway http-80 80->8081']);
    expect(low({}, { statusPort: 8080 })).toEqual(['istio-ingressgateway http-80 80->8081']);
  });

  test('is not given where an older Service says where the number leads', () => {
    const older = service('istio-system/older', [servicePort(80)], {
      age: 3,
      selector: { istio: 'ingressgateway' },
    });
    expect(low({ services: [older, ingressService()] })).toEqual([]);
  });
});

describe('the port of a Gateway API listener', () => {
  /** A Gateway on a manually maintained Service, and Istio Gateways for the same pods. */
  function there(
    port: number,
    gateways: IstioGateway[],
    ports: Parameters<typeof service>[1] = [],
    others: Service[] = [],
  ): PortMapping {
    const [mapping] = mapAll(
      objects({
        apiGateways: [manualGateway('apps/edge', 'own', [apiListener('l', port, 'TCP')])],
        apiRoutes: [apiRoute('TCPRoute', 'apps/r', { name: 'edge' })],
        services: [service('apps/own', ports, { selector: { app: 'x' } }), ...others],
        pods: [pod('apps/p', { labels: { app: 'x' } })],
        gateways,
        virtualServices: [tcpRoute('apps/v', ['apps/g'])],
      }),
      mesh(),
    );
    if (mapping === undefined) throw new Error('no ingress was found');
    return mapping;
  }
  const istio = (...numbers: number[]): IstioGateway[] => [
    gateway(
      'apps/g',
      numbers.map((number) => server(number)),
      { selector: { app: 'x' } },
    ),
  ];

  test('leads to itself if no other port has the number', () => {
    expect(said(there(7000, []).missing)).toEqual(['own tcp-7000 7000->7000']);
  });

  test.each<[string, number, number[], number]>([
    ['8000 above it, skipping the ports that Istio reserves', 7000, [], 15_002],
    ['the very last port', 57_535, [], 65_535],
    ['8000 if that would be beyond the last port', 57_536, [], 8000],
    ['the one after a reserved one', 7021, [], 15_022],
    ['8000 after the last port', 57_535, [65_535], 8000],
  ])('uses target %s if its number is the target of another port', (_, port, used, target) => {
    const other = service(
      'apps/other',
      [servicePort(100, { targetPort: port }), ...used.map((one) => servicePort(one))],
      { selector: { app: 'x' }, age: 3 },
    );
    expect(said(there(port, istio(100), [], [other]).missing)).toEqual([
      `own tcp-${port} ${port}->${target}`,
    ]);
  });

  test('is not added where it would move the listener of an Istio Gateway', () => {
    const other = service('apps/other', [servicePort(7000, { targetPort: 9000 })], {
      selector: { app: 'x' },
      age: -1,
    });
    const mapping = there(7000, istio(7000), [], [other]);
    expect(mapping.servers.map(({ gateway: key, verdict }) => `${key} ${verdict}`)).toEqual([
      'apps/edge no-service-port',
      'apps/g listening',
    ]);
    expect(mapping.missing).toEqual([]);
  });

  test('does not keep an Istio Gateway from its port on another Service', () => {
    const other = service('apps/other', [], { selector: { app: 'x' }, age: 3 });
    expect(said(there(7000, istio(7000), [], [other]).missing)).toEqual([
      'other tcp-7000 7000->7000',
    ]);
  });
});

describe('several ports', () => {
  test('are sorted by Service, then number, without duplicates', () => {
    const there = cluster({
      gateways: [gateway('g', [server(9002), server(9001), server(9003)])],
      virtualServices: [tcpRoute('v', ['g'])],
    });
    expect(said(mapped(there).missing)).toEqual(
      [9001, 9002, 9003].map((port) => `istio-ingressgateway tcp-${port} ${port}->${port}`),
    );
  });

  test('a reserved number is never added', () => {
    expect(
      mapped(
        cluster({ gateways: [gateway('g', [server(15_021, 'HTTP'), server(15_090, 'HTTP')])] }),
      ).missing,
    ).toEqual([]);
  });
});
