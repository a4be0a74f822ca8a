import type {
  Labels,
  RawDestinationRule,
  RawGateway,
  RawNode,
  RawObject,
  RawPod,
  RawService,
  RawVirtualService,
} from './raw.ts';

/** What the cluster holds at one moment. */
export interface World {
  readonly pods: readonly RawPod[];
  readonly services: readonly RawService[];
  readonly nodes: readonly RawNode[];
  readonly gateways: readonly RawGateway[];
  readonly virtualServices: readonly RawVirtualService[];
  readonly destinationRules: readonly RawDestinationRule[];
  readonly endpointSlices: readonly RawObject[];
}

/** Empty for the core group. */
export function groupOf(object: RawObject): string {
  return object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '';
}

/** `namespace/name`; `/name` for objects of the cluster. */
export function fullName(object: RawObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Unique in the cluster, whatever the version. */
export function objectKey(object: RawObject): string {
  return `${groupOf(object)}/${object.kind}/${fullName(object)}`;
}

/** Oldest first, then by name: the order in which istiod reads its configuration. */
function byAge(a: RawObject, b: RawObject): number {
  const age = (a.metadata.creationTimestamp ?? '').localeCompare(
    b.metadata.creationTimestamp ?? '',
  );
  return (
    age || a.metadata.name.localeCompare(b.metadata.name) || fullName(a).localeCompare(fullName(b))
  );
}

/** By kind, oldest first, as Istio reads them. */
export function worldOf(objects: Iterable<RawObject>): World {
  const sorted = [...objects].sort(byAge);
  const of = (group: string, kind: string): readonly RawObject[] =>
    sorted.filter((o) => o.kind === kind && groupOf(o) === group);
  return {
    pods: of('', 'Pod') as readonly RawPod[],
    services: of('', 'Service') as readonly RawService[],
    nodes: of('', 'Node'),
    gateways: of('networking.istio.io', 'Gateway') as readonly RawGateway[],
    virtualServices: of('networking.istio.io', 'VirtualService') as readonly RawVirtualService[],
    destinationRules: of('networking.istio.io', 'DestinationRule') as readonly RawDestinationRule[],
    endpointSlices: of('discovery.k8s.io', 'EndpointSlice'),
  };
}

/** An empty selector selects everything. */
export function selects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);
}

/** A Service without a selector selects no pods. */
export function podsOf(world: World, service: RawService): readonly RawPod[] {
  const selector = service.spec.selector ?? {};
  if (Object.keys(selector).length === 0) return [];
  return world.pods.filter(
    (p) =>
      p.metadata.namespace === service.metadata.namespace &&
      p.status?.podIP &&
      selects(selector, p.metadata.labels),
  );
}

/** Whether the kubelet found it ready. */
export function isReady(pod: RawPod): boolean {
  return pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
}

/** Whether it was deleted, and still runs. */
export function isTerminating(pod: RawPod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/**
 * Ready pods. If all of them are terminating, those that still answer (as kube-proxy does since
 * 1.28).
 */
export function answering(pods: readonly RawPod[]): readonly RawPod[] {
  const ready = pods.filter(isReady);
  const staying = ready.filter((p) => !isTerminating(p));
  return staying.length > 0 ? staying : ready;
}

/** Empty for objects of the cluster. */
export function namespaceOf(object: RawObject): string {
  return object.metadata.namespace ?? '';
}

/** Empty until it has one. */
export function podAddress(pod: RawPod): string {
  return pod.status?.podIP ?? '';
}

/**
 * The target port number of a Service port on one pod; undefined if the pod does not have the named
 * port.
 */
export function targetPortOn(
  pod: RawPod,
  port: {
    readonly port: number;
    readonly protocol?: string;
    readonly targetPort?: number | string;
  },
): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const named = pod.spec.containers
    .flatMap((c) => c.ports ?? [])
    .find((p) => p.name === target && (p.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
  return named?.containerPort;
}
