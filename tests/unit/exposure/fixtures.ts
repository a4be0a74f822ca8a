/** Small builders for tests of exposures: a pod mesh as in the walkthrough. */
import { ConfigMap, KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import type {
  Listener,
  PortMapping,
  ServerReport,
} from '../../../shared/domain/istio/port-mapping.ts';
import {
  buildExposures,
  type BuiltExposures,
  type ExposureContext,
} from '../../../shared/domain/exposure/build.ts';
import { IngressEntry } from '../../../shared/domain/exposure/sources/ingress-entry.ts';
import { PolicyConfig } from '../../../shared/domain/exposure/settings/policy.ts';

export const REF = { namespace: 'istio-system', service: 'istio-ingressgateway' };
const SERVICE = 'istio-system/istio-ingressgateway';

export interface Gate {
  readonly name: string;
  readonly namespace?: string;
  readonly created?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly listener?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hosts?: readonly string[];
  /** Of a Gateway of the Gateway API, which `objects` has to contain. */
  readonly api?: ServerReport['api'];
}

export interface World {
  readonly gates?: readonly Gate[];
  readonly listeners?: readonly Listener[];
  readonly objects?: Readonly<Record<string, unknown>>;
  readonly serviceAnnotations?: Readonly<Record<string, string>>;
  readonly service?: Readonly<Record<string, unknown>>;
  readonly configMaps?: readonly ConfigMap[];
  readonly pods?: readonly Readonly<Record<string, unknown>>[];
  readonly nodePort?: number | null;
}

export function pod(
  name: string,
  ip: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    meta: { namespace: 'istio-system', name },
    ips: [ip],
    nodeName: 'n1',
    containerPorts: [],
    ready: true,
    ...more,
  };
}

export function node(
  name: string,
  address: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    meta: { namespace: '', name },
    addresses: [{ type: 'InternalIP', address }],
    ready: true,
    ...more,
  };
}

export function configMap(
  name: string,
  body: unknown,
  options: {
    schema?: string;
    created?: string;
    annotations?: Record<string, string>;
    namespace?: string;
    labels?: Record<string, string>;
  } = {},
): ConfigMap {
  const data = typeof body === 'string' ? body : JSON.stringify(body);
  const meta = {
    namespace: options.namespace ?? 'istio-system',
    name,
    created: options.created ?? '2026-01-01T00:00:00Z',
    annotations: options.annotations ?? {},
    labels: { f5type: 'virtual-server', ...options.labels },
  };
  return ConfigMap.parse({
    meta,
    data: { schema: options.schema ?? 'f5schemadb://bigip-virtual-server_v0.1.7.json', data },
  });
}

/** The ConfigMap of the walkthrough. */
export function walkthrough(
  frontend: Readonly<Record<string, unknown>> = {},
  backend: Readonly<Record<string, unknown>> = {},
): unknown {
  return {
    virtualServer: {
      backend: { serviceName: 'istio-ingressgateway', servicePort: 32400, ...backend },
      frontend: {
        virtualAddress: { port: 31400, bindAddr: '172.16.100.195' },
        partition: 'k8s',
        balance: 'least-connections-member',
        mode: 'tcp',
        ...frontend,
      },
    },
  };
}

function reportOf(gate: Gate, nodePort: number | null): ServerReport {
  const { port = 32_400, listener = port, namespace = 'default' } = gate;
  return {
    gateway: `${namespace}/${gate.name}`,
    api: gate.api ?? 'istio',
    server: 0,
    port,
    protocol: gate.protocol ?? 'TCP',
    verdict: 'listening',
    code: 'OK',
    reason: 'Envoy listens',
    envoyPorts: [listener],
    missingInService: false,
    servicePorts: [
      { service: SERVICE, port, targetPort: listener, nodePort, reachesListener: true },
    ],
  };
}

export function world(input: World = {}): { objects: KubernetesObjects; mapping: PortMapping } {
  const {
    gates = [{ name: 'tcp-echo-gateway' }],
    pods = [pod('gw-1', '10.1.0.1'), pod('gw-2', '10.1.0.2')],
    nodePort = 30_776,
  } = input;
  const servers = gates.map((gate) => reportOf(gate, nodePort));
  const listeners =
    input.listeners ??
    [...new Set(servers.flatMap((one) => one.envoyPorts))].map((port): Listener => ({
      port,
      transport: 'tcp',
      kinds: ['TCP'],
    }));
  const service = {
    meta: {
      namespace: 'istio-system',
      name: 'istio-ingressgateway',
      annotations: input.serviceAnnotations ?? {},
    },
    selector: { istio: 'ingressgateway' },
    type: 'LoadBalancer',
    ports: servers.map((one) => ({
      name: `tcp-${one.port}`,
      port: one.port,
      ...(nodePort !== null && { nodePort }),
    })),
    ...input.service,
  };
  const objects = KubernetesObjects.parse({
    gateways: gates.map((gate) => ({
      meta: {
        namespace: gate.namespace ?? 'default',
        name: gate.name,
        created: gate.created ?? '2026-01-01T00:00:00Z',
        annotations: gate.annotations ?? {},
      },
      selector: { istio: 'ingressgateway' },
      servers: gate.hosts
        ? [{ port: { number: gate.port ?? 32_400, protocol: 'TLS' }, hosts: gate.hosts }]
        : [],
    })),
    services: [service],
    pods,
    configMaps: input.configMaps ?? [],
    ...input.objects,
  });
  return {
    objects,
    mapping: {
      namespace: 'istio-system',
      services: [SERVICE],
      pods: objects.pods.map((one) => one.meta.name),
      listeners,
      servers,
      missing: [],
    },
  };
}

export function context(
  entry: Readonly<Record<string, unknown>> = {},
  policy: Readonly<Record<string, unknown>> = {},
): ExposureContext {
  return {
    ingress: IngressEntry.parse({
      cluster: 'east',
      service: SERVICE,
      devices: ['bigip'],
      virtualAddress: '172.16.100.195',
      ...entry,
    }),
    policy: PolicyConfig.parse({ references: ['/Common/*'], ...policy }),
    mesh: MeshOptions.parse({}),
    defaultPartition: 'k8s',
    partitions: ['k8s', 'edge'],
  };
}

/** What the ingress offers; `more` replaces parts of the context. */
export function build(
  input: World = {},
  entry: Record<string, unknown> = {},
  more: Partial<ExposureContext> = {},
): BuiltExposures {
  const { objects, mapping } = world(input);
  return buildExposures(REF, objects, mapping, { ...context(entry), ...more });
}

export const older: Gate = { name: 'older', created: '2026-01-01T00:00:00Z' };
export const younger: Gate = { name: 'younger', created: '2026-02-01T00:00:00Z' };

export function annotated(gate: Gate, annotations: Record<string, string>): Gate {
  return { ...gate, annotations };
}
