/** Services, nodes, endpoints, ConfigMaps and namespaces. */
import type {
  ConfigMap,
  EndpointSlice,
  KubernetesObjects,
  Node,
  Service,
  ServicePort,
} from '../../domain/ingress/objects.ts';
import { metaOf } from './meta.ts';
import type { Raw } from './read.ts';
import { compact, number, present, record, records, stringMap, text, texts } from './read.ts';

/** The API server takes 0 and nothing for "the same as port". */
function targetPortOf(value: unknown): number | string | undefined {
  const name = text(value);
  if (name !== undefined && name !== '') return name;
  const target = number(value);
  return target === 0 ? undefined : target;
}

function servicePort(raw: Raw): ServicePort[] {
  const port = number(raw['port']);
  if (port === undefined) return [];
  const nodePort = number(raw['nodePort']);
  return [
    {
      name: text(raw['name']) ?? '',
      port,
      protocol: text(raw['protocol']) ?? 'TCP',
      ...present({
        targetPort: targetPortOf(raw['targetPort']),
        nodePort: nodePort === 0 ? undefined : nodePort,
        appProtocol: text(raw['appProtocol']),
      }),
    },
  ];
}

export function normaliseService(value: unknown): Service {
  const raw = record(value);
  const spec = record(raw['spec']);
  const loadBalancer = record(record(raw['status'])['loadBalancer']);
  return {
    meta: metaOf(raw),
    type: text(spec['type']) ?? 'ClusterIP',
    headless: spec['clusterIP'] === 'None',
    selector: stringMap(spec['selector']),
    ports: compact(records(spec['ports']).flatMap(servicePort)),
    ...present({
      externalTrafficPolicy: text(spec['externalTrafficPolicy']),
      healthCheckNodePort: number(spec['healthCheckNodePort']),
      loadBalancerClass: text(spec['loadBalancerClass']),
    }),
    ipFamilies: texts(spec['ipFamilies']),
    loadBalancerIngress: records(loadBalancer['ingress']).map((ingress) =>
      present({ ip: text(ingress['ip']), hostname: text(ingress['hostname']) }),
    ),
  };
}

export function normaliseNode(value: unknown): Node {
  const raw = record(value);
  const [spec, status] = [record(raw['spec']), record(raw['status'])];
  return {
    meta: metaOf(raw, 'cluster'),
    addresses: records(status['addresses']).flatMap(({ type, address }) =>
      typeof type === 'string' && typeof address === 'string' ? [{ type, address }] : [],
    ),
    ready: records(status['conditions']).some(
      (condition) => condition['type'] === 'Ready' && condition['status'] === 'True',
    ),
    unschedulable: spec['unschedulable'] === true,
  };
}

/** Absent (or null) conditions mean ready and serving, as the API defines them; absent terminating means no. */
function endpointOf(raw: Raw): EndpointSlice['endpoints'][number] {
  const conditions = record(raw['conditions']);
  const target = record(raw['targetRef']);
  return {
    addresses: texts(raw['addresses']),
    ready: conditions['ready'] !== false,
    serving: conditions['serving'] !== false,
    terminating: conditions['terminating'] === true,
    ...present({
      pod: target['kind'] === 'Pod' ? text(target['name']) : undefined,
      nodeName: text(raw['nodeName']),
    }),
  };
}

export function normaliseEndpointSlice(value: unknown): EndpointSlice {
  const raw = record(value);
  const meta = metaOf(raw);
  return {
    meta,
    service: meta.labels['kubernetes.io/service-name'] ?? '',
    addressType: text(raw['addressType']) ?? '',
    endpoints: records(raw['endpoints']).map(endpointOf),
  };
}

export function normaliseConfigMap(value: unknown): ConfigMap {
  const raw = record(value);
  return { meta: metaOf(raw), data: stringMap(raw['data']) };
}

export function normaliseNamespace(value: unknown): KubernetesObjects['namespaces'][number] {
  const { name, labels } = metaOf(record(value), 'cluster');
  return { name, labels };
}
