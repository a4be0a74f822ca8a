/** Services, nodes, endpoints, ConfigMaps and namespaces. */
import type { JsonObject } from '../../domain/json-object.ts';
import type {
  ConfigMap,
  EndpointSlice,
  KubernetesObjects,
  Node,
  Service,
  ServicePort,
} from '../../domain/snapshot/objects.ts';
import {
  isForeignAnnotation,
  UNHEEDED_SERVICE_FIELDS,
} from '../../domain/exposure/sources/service-fields.ts';
import { LEAVING_TAINTS } from '../../domain/snapshot/leaving-nodes.ts';
import { metaOf } from './meta.ts';
import { nodeNetworkOf } from './node-network.ts';
import {
  compact,
  readNumber,
  withoutUndefined,
  readRecord,
  readRecords,
  stringMap,
  readText,
  readTexts,
} from './read.ts';

/** The API server treats 0 and absence as "same as port". */
function targetPortOf(value: unknown): number | string | undefined {
  const name = readText(value);
  if (name !== undefined && name !== '') return name;
  const target = readNumber(value);
  return target === 0 ? undefined : target;
}

/** Empty for an entry without a port number. */
function servicePort(raw: JsonObject): ServicePort[] {
  const port = readNumber(raw['port']);
  if (port === undefined) return [];
  const nodePort = readNumber(raw['nodePort']);
  return [
    {
      name: readText(raw['name']) ?? '',
      port,
      protocol: readText(raw['protocol']) ?? 'TCP',
      ...withoutUndefined({
        targetPort: targetPortOf(raw['targetPort']),
        nodePort: nodePort === 0 ? undefined : nodePort,
        appProtocol: readText(raw['appProtocol']),
      }),
    },
  ];
}

/** The older form of `spec.loadBalancerSourceRanges`, which Kubernetes still reads. */
const RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** `GetLoadBalancerSourceRanges`: the annotation counts only if the field is empty. */
function sourceRangesOf(raw: JsonObject, spec: JsonObject): string[] | undefined {
  const field = textsOf(spec['loadBalancerSourceRanges']).map((range) => range.trim());
  if (field.length > 0) return field;
  const text = stringMap(readRecord(raw['metadata'])['annotations'])[RANGES_ANNOTATION]?.trim();
  return text ? text.split(',').map((range) => range.trim()) : undefined;
}

/**
 * Of a value in a file that no API server has checked: what is no text is refused later, not
 * dropped.
 */
function textsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((one: unknown) =>
    typeof one === 'string' ? one : JSON.stringify(one),
  );
}

/** Names of load balancer features that the Service requests and Sluice does not implement. */
function unheededOf(raw: JsonObject, spec: JsonObject): string[] | undefined {
  const names = [
    ...UNHEEDED_SERVICE_FIELDS.filter(({ isSet }) => isSet(spec)).map(({ field }) => field),
    ...annotationNames(raw).filter(isForeignAnnotation).map(inWords),
  ];
  return names.length === 0 ? undefined : names.sort();
}

/** The same for a Gateway, where nothing reads such annotations. */
export function unheededOfGateway(raw: JsonObject): string[] | undefined {
  const names = annotationNames(raw)
    .filter((name) => isForeignAnnotation(name) || name === RANGES_ANNOTATION)
    .map(inWords);
  return names.length === 0 ? undefined : names.sort();
}

/** Names only: what other load balancers have as values does not matter. */
function annotationNames(raw: JsonObject): readonly string[] {
  return Object.keys(stringMap(readRecord(raw['metadata'])['annotations']));
}

/** The form in which LOAD_BALANCER_FIELDS and notes name annotations. */
function inWords(annotation: string): string {
  return `annotation ${annotation}`;
}

/** `headless` means `clusterIP: None`. */
export function normaliseService(value: unknown): Service {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  const loadBalancer = readRecord(readRecord(raw['status'])['loadBalancer']);
  return {
    meta: metaOf(raw),
    type: readText(spec['type']) ?? 'ClusterIP',
    headless: spec['clusterIP'] === 'None',
    selector: stringMap(spec['selector']),
    ports: compact(readRecords(spec['ports']).flatMap(servicePort)),
    ...withoutUndefined({
      externalTrafficPolicy: readText(spec['externalTrafficPolicy']),
      healthCheckNodePort: readNumber(spec['healthCheckNodePort']),
      loadBalancerClass: readText(spec['loadBalancerClass']),
      sourceRanges: sourceRangesOf(raw, spec),
      loadBalancerIP: readText(spec['loadBalancerIP']) || undefined,
      withoutNodePorts: spec['allocateLoadBalancerNodePorts'] === false ? true : undefined,
      unheeded: unheededOf(raw, spec),
    }),
    ipFamilies: readTexts(spec['ipFamilies']),
    loadBalancerIngress: readRecords(loadBalancer['ingress']).map((ingress) =>
      withoutUndefined({ ip: readText(ingress['ip']), hostname: readText(ingress['hostname']) }),
    ),
  };
}

/** It is being deleted, or will be: it leaves the pools as a cordoned node does. */
function isLeaving(metadata: JsonObject, spec: JsonObject): boolean {
  const { deletionTimestamp } = metadata;
  return (
    (deletionTimestamp !== undefined && deletionTimestamp !== null) ||
    readRecords(spec['taints']).some(({ key }) => LEAVING_TAINTS.has(readText(key) ?? ''))
  );
}

/** A node is ready if its condition says so; a missing condition counts as not ready. */
export function normaliseNode(value: unknown): Node {
  const raw = readRecord(value);
  const [spec, status] = [readRecord(raw['spec']), readRecord(raw['status'])];
  return {
    meta: metaOf(raw, 'cluster'),
    addresses: readRecords(status['addresses']).flatMap(({ type, address }) =>
      typeof type === 'string' && typeof address === 'string' ? [{ type, address }] : [],
    ),
    ready: readRecords(status['conditions']).some(
      (condition) => condition['type'] === 'Ready' && condition['status'] === 'True',
    ),
    unschedulable: spec['unschedulable'] === true || isLeaving(readRecord(raw['metadata']), spec),
    ...withoutUndefined({ network: nodeNetworkOf(raw) }),
  };
}

/**
 * Absent (or null) conditions mean ready and serving, as the API defines; absent terminating means
 * false.
 */
function endpointOf(raw: JsonObject): EndpointSlice['endpoints'][number] {
  const conditions = readRecord(raw['conditions']);
  const target = readRecord(raw['targetRef']);
  return {
    addresses: readTexts(raw['addresses']),
    ready: conditions['ready'] !== false,
    serving: conditions['serving'] !== false,
    terminating: conditions['terminating'] === true,
    ...withoutUndefined({
      pod: target['kind'] === 'Pod' ? readText(target['name']) : undefined,
      nodeName: readText(raw['nodeName']),
    }),
  };
}

/** `service` is empty for a slice without the label of its Service. */
export function normaliseEndpointSlice(value: unknown): EndpointSlice {
  const raw = readRecord(value);
  const meta = metaOf(raw);
  return {
    meta,
    service: meta.labels['kubernetes.io/service-name'] ?? '',
    addressType: readText(raw['addressType']) ?? '',
    endpoints: readRecords(raw['endpoints']).map(endpointOf),
  };
}

/** Only `data`; binary data is not read. */
export function normaliseConfigMap(value: unknown): ConfigMap {
  const raw = readRecord(value);
  return { meta: metaOf(raw), data: stringMap(raw['data']) };
}

/** Only the name and labels. */
export function normaliseNamespace(value: unknown): KubernetesObjects['namespaces'][number] {
  const { name, labels } = metaOf(readRecord(value), 'cluster');
  return { name, labels };
}
