/** A snapshot with every kind of object and every field that snapshots carry. */
import type { KubernetesObjects, Meta } from '../../../../shared/domain/snapshot/objects.ts';
import type { Snapshot } from '../../../../shared/domain/snapshot/snapshot.ts';

function meta(namespace: string, name: string, over: Partial<Meta> = {}): Meta {
  return {
    namespace,
    name,
    uid: `uid-${name}`,
    created: '2026-01-01T00:00:00Z',
    resourceVersion: '1001',
    labels: {},
    annotations: {},
    ...over,
  };
}

const LABELS = { istio: 'ingressgateway' };

const OBJECTS: KubernetesObjects = {
  gateways: [
    {
      meta: meta('default', 'web', {
        annotations: {
          'sluice.io/virtual-address': '172.16.100.195',
          'sluice.io/balance': 'least-connections-member',
        },
      }),
      selector: LABELS,
      servers: [
        { name: 'tcp', port: { number: 32_400, name: 'tcp-echo', protocol: 'TCP' }, hosts: ['*'] },
        {
          port: { number: 443, name: 'https', protocol: 'HTTPS' },
          bind: '0.0.0.0',
          hosts: ['team-a/*.example.com'],
          tls: { mode: 'SIMPLE', httpsRedirect: false },
        },
        { malformed: 'servers[2].port is missing' },
      ],
    },
  ],
  virtualServices: [
    {
      meta: meta('default', 'tcp-echo'),
      hosts: ['*'],
      gateways: ['default/web', 'mesh'],
      exportTo: ['.'],
      http: 1,
      tcp: [{ match: [{ port: 32_400, gateways: ['default/web'] }], destinations: 1 }],
      tls: [{ match: [{ port: 443, sniHosts: ['a.example.com'] }], destinations: 2 }],
    },
  ],
  services: [
    {
      meta: meta('istio-system', 'istio-ingressgateway', { labels: LABELS }),
      type: 'LoadBalancer',
      headless: false,
      selector: LABELS,
      ports: [
        {
          name: 'https',
          port: 443,
          protocol: 'TCP',
          targetPort: 8443,
          nodePort: 30_443,
          appProtocol: 'https',
        },
        { name: 'tcp-echo', port: 32_400, protocol: 'TCP', targetPort: 'echo' },
        { name: '', port: 53, protocol: 'UDP' },
      ],
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 30_999,
      loadBalancerClass: 'sluice.io/bigip',
      ipFamilies: ['IPv4', 'IPv6'],
      loadBalancerIngress: [{ ip: '172.16.100.195' }, { hostname: 'gateway.example.com' }],
      statusIsOurs: true,
    },
  ],
  pods: [
    {
      meta: meta('istio-system', 'gateway-a', { labels: LABELS }),
      ips: ['10.244.1.5', '2001:db8:1::5'],
      nodeName: 'worker-1',
      containerPorts: [{ name: 'echo', port: 32_400, protocol: 'TCP' }],
      proxy: 'router',
      unprivileged: true,
      ready: true,
      terminating: false,
      proxyProtocol: false,
    },
    {
      meta: meta('istio-system', 'gateway-b', { labels: LABELS }),
      ips: ['10.244.2.7'],
      nodeName: 'worker-2',
      containerPorts: [],
      proxy: 'unknown',
      unprivileged: false,
      ready: false,
      terminating: true,
      gone: true,
      proxyProtocol: true,
    },
  ],
  nodes: [
    {
      meta: meta('', 'worker-1'),
      addresses: [
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'Hostname', address: 'worker-1' },
      ],
      ready: true,
      unschedulable: false,
    },
  ],
  endpointSlices: [
    {
      meta: meta('istio-system', 'istio-ingressgateway-x'),
      service: 'istio-ingressgateway',
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.244.1.5'],
          ready: true,
          serving: true,
          terminating: false,
          pod: 'gateway-a',
          nodeName: 'worker-1',
        },
        { addresses: ['10.244.2.7'], ready: false, serving: true, terminating: true },
      ],
    },
  ],
  configMaps: [
    {
      meta: meta('istio-system', 'istio-ingressgateway.32400.vs', {
        labels: { f5type: 'virtual-server' },
      }),
      data: {
        schema: 'f5schemadb://bigip-virtual-server_v0.1.7.json',
        data: '{"virtualServer":{}}',
      },
    },
  ],
  apiGateways: [
    {
      meta: meta('team-a', 'shop'),
      class: 'istio',
      addresses: [
        { type: 'Hostname', value: 'istio-ingressgateway.istio-system.svc.cluster.local' },
      ],
      listeners: [
        {
          name: 'https',
          hostname: '*.shop.example.com',
          port: 8443,
          protocol: 'TLS',
          tlsMode: 'Passthrough',
          allowedKinds: ['TLSRoute'],
          allowedNamespaces: 'Selector',
          allowedSelector: { shop: 'yes' },
        },
      ],
      allowedListeners: 'Selector',
      allowedListenersSelector: { shop: 'yes' },
    },
  ],
  listenerSets: [
    {
      meta: meta('team-a', 'more'),
      parent: {
        kind: 'Gateway',
        namespace: 'team-a',
        name: 'shop',
        sectionName: 'https',
        port: 8443,
      },
      listeners: [
        { name: 'tcp', port: 9000, protocol: 'TCP', allowedKinds: [], allowedNamespaces: 'Same' },
      ],
    },
  ],
  apiRoutes: [
    {
      kind: 'TLSRoute',
      meta: meta('team-a', 'shop'),
      parents: [{ kind: 'Gateway', namespace: 'team-a', name: 'shop', sectionName: 'https' }],
      hostnames: ['a.shop.example.com'],
      rules: 1,
    },
  ],
  namespaces: [{ name: 'team-a', labels: { shop: 'yes' } }],
};

export const SNAPSHOT: Snapshot = {
  cluster: 'east',
  clusterUid: 'uid-east',
  ingress: { namespace: 'istio-system', service: 'istio-ingressgateway' },
  revision: { epoch: 1_767_225_600_000, counter: 7 },
  changes: [
    { what: 'added', kind: 'Gateway', namespace: 'default', name: 'web', resourceVersion: '1001' },
    {
      what: 'deleted',
      kind: 'VirtualService',
      namespace: 'default',
      name: 'old',
      resourceVersion: '998',
    },
  ],
  removed: false,
  objects: OBJECTS,
};

/** Too large to be sent as plain JSON. */
export const LARGE_SNAPSHOT: Snapshot = {
  ...SNAPSHOT,
  objects: {
    ...OBJECTS,
    pods: Array.from({ length: 800 }, (_, i) => ({
      ...OBJECTS.pods[0]!,
      meta: meta('istio-system', `gateway-${i}`, { labels: LABELS }),
      ips: [`10.244.${i >> 8}.${i & 255}`],
    })),
  },
};
