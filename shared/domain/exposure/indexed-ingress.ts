/** Indexes one ingress, so that values common to all its exposures are computed once. */
import type { EndpointSlice, KubernetesObjects, Pod, Service } from '../snapshot/objects.ts';
import type { IngressRef } from '../snapshot/snapshot.ts';
import type { Listener, PortMapping } from '../istio/port-mapping.ts';
import type { Availability } from './exposure.ts';
import type { IngressEntry } from './sources/ingress-entry.ts';
import { type Ip, parseIp } from '../net/ip.ts';
import type { ClusterNetworks } from '../net/cluster-networks.ts';

/** A gateway pod as a possible pool member, with its availability. */
export interface GatewayPod {
  readonly pod: Pod;
  /** Of any family, without those that cannot be parsed. */
  readonly ips: readonly Ip[];
  /** As EndpointSlices and the pod say. */
  readonly availability: Availability;
  /** Out only because Kubernetes reports it as not ready. */
  readonly doubted: boolean;
}

/** Members, Service and settings of one ingress. */
export interface IndexedIngress {
  /** Namespace and name of the ingress Service. */
  readonly ref: IngressRef;
  /** `namespace/name` of the ingress Service. */
  readonly name: string;
  readonly objects: KubernetesObjects;
  /** What Istio makes of the objects. */
  readonly mapping: PortMapping;
  /** The entry of sluice.yaml. */
  readonly entry: IngressEntry;
  /** Absent: members may have any address. */
  readonly networks?: ClusterNetworks | undefined;
  /** Undefined if it does not exist. */
  readonly service: Service | undefined;
  readonly pods: readonly GatewayPod[];
  /** By port in the pods. */
  readonly listeners: ReadonlyMap<number, readonly Listener[]>;
}

/** A lower number takes more connections. */
const RANK: Readonly<Record<Availability, number>> = { ready: 0, draining: 1, out: 2 };

/** The availability that takes more connections: ready before draining before out. */
export function betterAvailability(a: Availability, b: Availability): Availability {
  return RANK[a] <= RANK[b] ? a : b;
}

/** Parses addresses and drops those that are invalid. */
export function parseIps(texts: readonly string[]): readonly Ip[] {
  return texts.flatMap((text) => parseIp(text) ?? []);
}

/** One endpoint of a slice: the state of a pod as kube-proxy sees it. */
type Endpoint = EndpointSlice['endpoints'][number];

/**
 * The EndpointSlice has more information than the Pod (serving while terminating); a deletion
 * appears on the Pod first.
 */
function podAvailability(pod: Pod, endpoint: Endpoint | undefined): Availability {
  // Another pod may have its name now, so the endpoint is not used.
  if (pod.gone === true) return 'draining';
  const serving = endpoint?.serving ?? pod.ready;
  if (pod.terminating || endpoint?.terminating === true) return serving ? 'draining' : 'out';
  return (endpoint?.ready ?? pod.ready) ? 'ready' : 'out';
}

/** State of one pod of an ingress in the cluster. */
export function observedAvailability(
  ref: IngressRef,
  objects: Pick<KubernetesObjects, 'endpointSlices'>,
  pod: Pod,
): Availability {
  return podAvailability(pod, endpointsByPod(ref, objects).get(pod.meta.name));
}

/** The endpoint of each pod in the slices of the ingress Service. */
function endpointsByPod(
  ref: IngressRef,
  objects: Pick<KubernetesObjects, 'endpointSlices'>,
): ReadonlyMap<string, Endpoint> {
  const slices = objects.endpointSlices.filter(
    (slice) => slice.meta.namespace === ref.namespace && slice.service === ref.service,
  );
  const named = slices
    .flatMap((slice) => slice.endpoints)
    .flatMap((endpoint) => (endpoint.pod === undefined ? [] : [[endpoint.pod, endpoint] as const]));
  const best = new Map<string, Endpoint>();
  for (const [pod, endpoint] of named) {
    const known = best.get(pod);
    // A dual-stack pod is in two slices that are updated one after the other, so the less available
    // state is newer.
    if (
      known === undefined ||
      Number(endpoint.ready) < Number(known.ready) ||
      Number(endpoint.terminating) > Number(known.terminating)
    )
      best.set(pod, endpoint);
  }
  return best;
}

/** A pod that is out without ending is doubted: Kubernetes only reports that it is not ready. */
function gatewayPod(pod: Pod, endpoint: Endpoint | undefined): GatewayPod {
  const availability = podAvailability(pod, endpoint);
  const ending = pod.terminating || endpoint?.terminating === true;
  return { pod, ips: parseIps(pod.ips), availability, doubted: availability === 'out' && !ending };
}

/** Groups in order of first appearance; indexed, because lists can have thousands of entries. */
export function groupByKey<T, K>(
  values: readonly T[],
  keyOf: (value: T) => K,
): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/**
 * One ingress: its Service, the objects and port mapping of its cluster, and its entry in
 * sluice.yaml.
 */
export interface IndexedIngressInput {
  readonly ref: IngressRef;
  readonly objects: KubernetesObjects;
  readonly mapping: PortMapping;
  readonly entry: IngressEntry;
  readonly networks?: ClusterNetworks | undefined;
}

/** Finds the ingress Service and the gateway pods, and groups the listeners by port. */
export function indexIngress(input: IndexedIngressInput): IndexedIngress {
  const { ref, objects, mapping } = input;
  const names = new Set(mapping.pods);
  const endpoints = endpointsByPod(ref, objects);
  const pods = objects.pods.filter(
    (pod) => pod.meta.namespace === mapping.namespace && names.has(pod.meta.name),
  );
  return {
    ...input,
    name: `${ref.namespace}/${ref.service}`,
    service: objects.services.find(
      (one) => one.meta.namespace === ref.namespace && one.meta.name === ref.service,
    ),
    pods: pods.map((pod) => gatewayPod(pod, endpoints.get(pod.meta.name))),
    listeners: groupByKey(mapping.listeners, (listener) => listener.port),
  };
}
