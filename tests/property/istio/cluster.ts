/**
 * Random clusters around one ingress: few names, ports and hosts, so that objects refer to each
 * other and conflict.
 */
import * as fc from 'fast-check';
import type {
  ApiGateway,
  ApiListener,
  ApiRoute,
  IstioGateway,
  KubernetesObjects,
  Pod,
  Server,
  Service,
  ServicePort,
  VirtualService,
} from '../../../shared/domain/snapshot/objects.ts';
import type { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import * as k from '../../fixtures/kubernetes.ts';

const NAMESPACES = ['istio-system', 'team-a', 'team-b'];
const NUMBERS = [80, 443, 1023, 1024, 8080, 8443, 9000, 15_021, 15_443, 32_400];
const HOSTS = [
  '*',
  'a.com',
  'b.com',
  '*.com',
  '*.a.com',
  'x.a.com',
  './*',
  'team-a/*',
  '*/a.com',
  'team-b/b.com',
];
const MODES = ['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', ''];
const PROTOCOLS = ['HTTP', 'http2', 'GRPC', 'HTTPS', 'TLS', 'TCP', 'MONGO', 'UDP', 'nonsense'];
const namespace = fc.constantFrom(...NAMESPACES);
const number = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 70_000, 80.5) },
);
const age = fc.integer({ min: 0, max: 3 });
const index = fc.integer({ min: 0, max: 5 });

const server: fc.Arbitrary<Server> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ malformed: 'port is absent' }) },
  {
    weight: 20,
    arbitrary: fc
      .record({
        number,
        protocol: fc.constantFrom(...PROTOCOLS),
        hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 2 }),
        tls: fc.option(fc.constantFrom(...MODES), { nil: undefined }),
        bind: fc.option(
          fc.constantFrom('10.0.0.1', '10.9.9.9', '127.0.0.1', '0.0.0.0', 'unix:///x', 'nonsense'),
          { nil: undefined, freq: 6 },
        ),
      })
      .map(({ number: n, protocol, hosts, tls, bind }) =>
        k.server(n, protocol, {
          hosts,
          ...(tls === undefined ? {} : { tls }),
          ...(bind === undefined ? {} : { bind }),
        }),
      ),
  },
);

const selector = fc.constantFrom<Record<string, string>>(
  { istio: 'ingressgateway' },
  { istio: 'ingressgateway' },
  {},
  { ...k.LABELS },
  { canary: 'yes' },
  { no: 'pod' },
);

const gateway: fc.Arbitrary<IstioGateway> = fc
  .record({
    namespace,
    i: index,
    age,
    selector,
    servers: fc.array(server, { maxLength: 4 }),
    labels: fc.constantFrom<Record<string, string>>({}, {}, {}, { 'istio.io/rev': 'canary' }),
  })
  .map(({ namespace: ns, i, servers, ...fields }) => k.gateway(`${ns}/g${i}`, servers, fields));

const gatewayRef = fc.oneof(
  index.map((i) => `g${i}`),
  fc.tuple(namespace, index).map(([ns, i]) => `${ns}/g${i}`),
  fc.constant('mesh'),
);

const block = fc.record({
  match: fc.array(
    fc.record(
      {
        port: fc.constantFrom(...NUMBERS),
        gateways: fc.array(gatewayRef, { maxLength: 2 }),
        sniHosts: fc.array(fc.constantFrom('a.com', 'b.com', 'x.a.com'), {
          minLength: 1,
          maxLength: 2,
        }),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  ),
  destinations: fc.integer({ min: 0, max: 2 }),
});

const virtualService: fc.Arbitrary<VirtualService> = fc
  .record({
    namespace,
    i: index,
    age,
    gateways: fc.array(gatewayRef, { maxLength: 3 }),
    hosts: fc.uniqueArray(fc.constantFrom('*', 'a.com', 'b.com', '*.a.com'), { maxLength: 2 }),
    exportTo: fc.constantFrom<string[]>([], ['*'], ['.'], ['istio-system'], ['~']),
    tcp: fc.array(block, { maxLength: 2 }),
    tls: fc.array(block, { maxLength: 2 }),
  })
  .map(({ namespace: ns, i, gateways, ...fields }) =>
    k.virtualService(`${ns}/v${i}`, gateways, fields),
  );

const servicePort: fc.Arbitrary<ServicePort> = fc
  .record({
    port: fc.constantFrom(...NUMBERS),
    name: fc.constantFrom('http-a', 'http-b', 'tcp-a', 'plain', 'https'),
    protocol: fc.constantFrom('TCP', 'TCP', 'TCP', 'UDP'),
    targetPort: fc.oneof(fc.constantFrom(...NUMBERS), fc.constantFrom('web', 'gone')),
  })
  .map(({ port, ...fields }) => k.servicePort(port, fields));

/** As in the API server: port and protocol are the key. */
const servicePorts = fc.uniqueArray(servicePort, {
  maxLength: 5,
  selector: ({ port, protocol }) => `${port}/${protocol}`,
});

const service: fc.Arbitrary<Service> = fc
  .record({
    i: index,
    age,
    ports: servicePorts,
    headless: fc.boolean(),
    type: fc.constantFrom('LoadBalancer', 'NodePort', 'ClusterIP', 'ExternalName'),
    selector: fc.constantFrom<Record<string, string>>(
      { ...k.LABELS },
      { istio: 'ingressgateway' },
      { canary: 'yes' },
      {},
    ),
  })
  .map(({ i, ports, ...fields }) => k.service(`istio-system/s${i}`, ports, fields));

const pod: fc.Arbitrary<Pod> = fc
  .record({
    i: index,
    namespace: fc.constantFrom('istio-system', 'istio-system', 'team-a'),
    canary: fc.boolean(),
    proxy: fc.constantFrom<Pod['proxy']>('router', 'router', 'unknown', 'sidecar'),
    unprivileged: fc.boolean(),
  })
  .map(({ i, namespace: ns, canary, ...fields }) =>
    k.pod(`${ns}/p${i}`, {
      ...fields,
      labels: canary ? { ...k.LABELS, canary: 'yes' } : { ...k.LABELS },
      containerPorts: [{ name: 'web', port: 8080, protocol: 'TCP' }],
    }),
  );

const listener: fc.Arbitrary<ApiListener> = fc
  .record({
    i: index,
    port: number,
    protocol: fc.constantFrom('HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP'),
    hostname: fc.option(fc.constantFrom('a.com', '*.com'), { nil: undefined }),
    tlsMode: fc.option(fc.constantFrom('Terminate', 'Passthrough'), { nil: undefined }),
    allowedNamespaces: fc.constantFrom<ApiListener['allowedNamespaces']>(
      'All',
      'Same',
      'None',
      'Selector',
    ),
  })
  .map(({ i, port, protocol, hostname, tlsMode, allowedNamespaces }) =>
    k.apiListener(`l${i}`, port, protocol, {
      allowedNamespaces,
      ...(hostname === undefined ? {} : { hostname }),
      ...(tlsMode === undefined ? {} : { tlsMode }),
    }),
  );

const apiGateway: fc.Arbitrary<ApiGateway> = fc
  .record({
    i: index,
    age,
    host: fc.constantFrom('', 'istio-ingressgateway', 's1'),
    listeners: fc.array(listener, { maxLength: 4 }),
  })
  .map(({ i, host, listeners, ...fields }) =>
    host === ''
      ? k.apiGateway(`istio-system/a${i}`, listeners, fields)
      : k.manualGateway(`istio-system/a${i}`, host, listeners, fields),
  );

const apiRoute: fc.Arbitrary<ApiRoute> = fc
  .record({
    i: index,
    parent: index,
    kind: fc.constantFrom<ApiRoute['kind']>('TCPRoute', 'TLSRoute', 'HTTPRoute'),
    rules: fc.integer({ min: 0, max: 1 }),
  })
  .map(({ i, parent, kind, rules }) =>
    k.apiRoute(kind, `istio-system/r${i}`, { name: `a${parent}` }, { rules }),
  );

type Named = { readonly meta: { readonly namespace: string; readonly name: string } };

/** Names are unique within a kind and namespace. */
function some<T extends Named>(item: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> {
  return fc.uniqueArray(item, {
    maxLength,
    selector: ({ meta }) => `${meta.namespace}/${meta.name}`,
  });
}

export const anyMesh: fc.Arbitrary<MeshOptions> = fc
  .record({
    scopeGatewayToNamespace: fc.boolean(),
    enableQuic: fc.boolean(),
    strictGatewayMerging: fc.boolean(),
    emptyRouteCounts: fc.boolean(),
    unprivilegedPods: fc.option(fc.boolean(), { nil: undefined }),
  })
  .map(({ unprivilegedPods, ...options }) =>
    k.mesh({ ...options, ...(unprivilegedPods === undefined ? {} : { unprivilegedPods }) }),
  );

export const anyCluster: fc.Arbitrary<KubernetesObjects> = fc
  .record({
    gateways: some(gateway, 6),
    virtualServices: some(virtualService, 6),
    services: some(service, 3),
    pods: some(pod, 3),
    apiGateways: some(apiGateway, 2),

    apiRoutes: some(apiRoute, 3),
    ingress: fc.record({ ports: servicePorts, age }),
  })
  .map(({ ingress, services, ...lists }) =>
    k.objects({
      ...lists,
      services: [...services, k.ingressService(ingress.ports, { age: ingress.age })],
    }),
  );

/** The same objects, with every list shuffled. */
export function shuffled(objects: KubernetesObjects): fc.Arbitrary<KubernetesObjects> {
  const { optionalKinds, ...rest } = objects;
  const lists = Object.entries(rest).map(([name, list]) =>
    fc
      .shuffledSubarray(list as unknown[], { minLength: list.length, maxLength: list.length })
      .map((items) => [name, items]),
  );
  return fc.tuple(...lists).map((pairs) => ({
    ...(Object.fromEntries(pairs) as KubernetesObjects),
    optionalKinds,
  }));
}
