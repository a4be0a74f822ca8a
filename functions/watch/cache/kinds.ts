/** The watched kinds, and their conversion to objects of a snapshot. */
import type { ObjectLists, OptionalKinds, Meta } from '../../../shared/domain/snapshot/objects.ts';
import { cniObjectsOf } from '../../../shared/domain/paths/network-config.ts';
import type { CniSource, NetworkConfig } from '../../../shared/domain/paths/network-config.ts';
import { CNI_KINDS } from '../../../shared/kubernetes/cni-kinds.ts';
import type { RawObject, StreamKind } from '../../../shared/kubernetes/index.ts';
import {
  normaliseApiGateway,
  normaliseApiRoute,
  normaliseBlockAffinity,
  normaliseCiliumNode,
  normaliseConfigMap,
  normaliseEndpointSlice,
  normaliseGateway,
  meshConfigName,
  normaliseEnvoyFilter,
  normaliseIngress,
  normaliseListenerSet,
  normaliseMeshConfig,
  normaliseNamespace,
  normaliseNode,
  normalisePod,
  normaliseReferenceGrant,
  normaliseService,
  normaliseVirtualService,
} from '../../../shared/kubernetes/objects/index.ts';
import { readOwnership, type ServiceOwnership } from '../../../shared/kubernetes/ownership.ts';
import { meshService } from './mesh-service.ts';

type List = keyof ObjectLists;
type Plain = Exclude<List, 'services'>;

/** A typed object and its list; for a Service, also the fields that Sluice owns. */
export type ObservedObject =
  | {
      readonly [K in Plain]: { readonly of: K; readonly object: ObjectLists[K][number] };
    }[Plain]
  | { readonly of: 'meshServices'; readonly object: ObjectLists['services'][number] }
  | {
      readonly of: 'services';
      readonly object: ObjectLists['services'][number];
      readonly owned: ServiceOwnership;
    };

/**
 * A kind of objects with its stream and its conversion. A kind that is not optional must be listed
 * before any snapshot is sent.
 */
export interface ObservedKind extends StreamKind {
  /** Only objects in the namespaces of ingresses are relevant. */
  readonly local: boolean;
  /** Selects at the API server, so that other objects are not even transferred. */
  readonly labelSelector?: string;
  /** The same by fields, of which the API server knows only a few of each kind. */
  readonly fieldSelector?: string;
  /** An optional kind: if it is unreadable or not served, only some information is missing. */
  readonly optional?: keyof OptionalKinds;
  /**
   * Without its CRD there are none. Not for a kind whose empty list refuses something: a CRD may be
   * served late.
   */
  readonly isEmptyUnserved?: true;
  /** May throw: then the stream keeps the last readable state of the object. */
  readonly observe: (raw: RawObject) => ObservedObject;
}

/** The owner of the status matters, because an address is claimed through it. */
function observeService(raw: RawObject): ObservedObject {
  const [object, owned] = [trimLabels(normaliseService(raw)), readOwnership(raw)];
  return {
    of: 'services',
    object: owned.status ? { ...object, statusIsOurs: true } : object,
    owned,
  };
}

/**
 * A VirtualService anywhere may name a Gateway, and a Gateway anywhere may select the pods of an
 * ingress.
 */
const ISTIO = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  namespaced: true,
  local: false,
};
/** Read beside ingresses only; nodes and namespaces say otherwise below. */
const CORE = { group: '', versions: ['v1'], namespaced: true, local: true };
const API = { group: 'gateway.networking.k8s.io', namespaced: true, local: false };

/** Newest first: the latest Gateway API release still has some routes in alpha. */
const ROUTES = [
  { kind: 'HTTPRoute', plural: 'httproutes', versions: ['v1', 'v1beta1'] },
  { kind: 'GRPCRoute', plural: 'grpcroutes', versions: ['v1', 'v1alpha2'] },
  { kind: 'TLSRoute', plural: 'tlsroutes', versions: ['v1', 'v1alpha3', 'v1alpha2'] },
  { kind: 'TCPRoute', plural: 'tcproutes', versions: ['v1', 'v1alpha2'] },
  { kind: 'UDPRoute', plural: 'udproutes', versions: ['v1', 'v1alpha2'] },
] as const;

/** The Services of the whole cluster, for servers that need them to open their port. */
export const MESH_SERVICES: ObservedKind = {
  ...CORE,
  kind: 'Service',
  plural: 'services',
  local: false,
  observe: (raw) => ({ of: 'meshServices', object: meshService(normaliseService(raw)) }),
};

/** The mesh configuration of one revision, by the name of its ConfigMap. */
export function meshConfigKind(revision: string): ObservedKind {
  return {
    ...CORE,
    kind: 'ConfigMap',
    plural: 'configmaps',
    local: false,
    optional: 'meshConfigs',
    fieldSelector: `metadata.name=${meshConfigName(revision)}`,
    observe: (raw) => ({ of: 'meshConfigs', object: normaliseMeshConfig(raw) }),
  };
}

/** The kinds that are always watched. A kind that the cluster does not serve counts as empty. */
export const WATCHED_KINDS: readonly ObservedKind[] = [
  {
    ...ISTIO,
    kind: 'Gateway',
    plural: 'gateways',
    observe: (raw) => ({ of: 'gateways', object: trimLabels(normaliseGateway(raw)) }),
  },
  {
    ...ISTIO,
    kind: 'VirtualService',
    plural: 'virtualservices',
    observe: (raw) => ({ of: 'virtualServices', object: trimLabels(normaliseVirtualService(raw)) }),
  },
  { ...CORE, kind: 'Service', plural: 'services', observe: observeService },
  // Ended pods keep their labels and often their address.
  {
    ...CORE,
    kind: 'Pod',
    plural: 'pods',
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    observe: (raw) => ({ of: 'pods', object: trimLabels(normalisePod(raw)) }),
  },
  {
    ...CORE,
    kind: 'ConfigMap',
    plural: 'configmaps',
    labelSelector: 'f5type=virtual-server',
    observe: (raw) => ({ of: 'configMaps', object: trimLabels(normaliseConfigMap(raw)) }),
  },
  {
    ...CORE,
    kind: 'Node',
    plural: 'nodes',
    namespaced: false,
    local: false,
    observe: (raw) => ({ of: 'nodes', object: trimLabels(normaliseNode(raw)) }),
  },
  {
    ...CORE,
    kind: 'Namespace',
    plural: 'namespaces',
    namespaced: false,
    local: false,
    observe: (raw) => ({ of: 'namespaces', object: normaliseNamespace(raw) }),
  },
  {
    ...CORE,
    group: 'discovery.k8s.io',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    observe: (raw) => ({ of: 'endpointSlices', object: trimLabels(normaliseEndpointSlice(raw)) }),
  },
  {
    ...API,
    kind: 'Gateway',
    plural: 'gateways',
    versions: ['v1', 'v1beta1'],
    local: true,
    observe: (raw) => ({ of: 'apiGateways', object: trimLabels(normaliseApiGateway(raw)) }),
  },
  {
    ...API,
    kind: 'ListenerSet',
    plural: 'listenersets',
    versions: ['v1'],
    observe: (raw) => ({ of: 'listenerSets', object: trimLabels(normaliseListenerSet(raw)) }),
  },
  {
    ...API,
    kind: 'ReferenceGrant',
    plural: 'referencegrants',
    versions: ['v1', 'v1beta1'],
    optional: 'referenceGrants',
    observe: (raw) => ({ of: 'referenceGrants', object: trimLabels(normaliseReferenceGrant(raw)) }),
  },
  {
    ...ISTIO,
    kind: 'EnvoyFilter',
    plural: 'envoyfilters',
    optional: 'envoyFilters',
    isEmptyUnserved: true,
    observe: (raw) => ({ of: 'envoyFilters', object: trimLabels(normaliseEnvoyFilter(raw)) }),
  },
  {
    group: 'networking.k8s.io',
    versions: ['v1'],
    namespaced: true,
    local: false,
    kind: 'Ingress',
    plural: 'ingresses',
    optional: 'ingresses',
    observe: (raw) => ({ of: 'ingresses', object: trimLabels(normaliseIngress(raw)) }),
  },
  // Items of a list have no kind.
  ...ROUTES.map((route): ObservedKind => ({
    ...API,
    ...route,
    observe: (raw) => ({ of: 'apiRoutes', object: trimLabels(normaliseApiRoute(raw, route.kind)) }),
  })),
];

/** Objects of a CNI with the networks of nodes, if `clusters[].network` asks for them. */
const CNI: Readonly<Record<CniSource, ObservedKind>> = {
  calico: {
    ...CNI_KINDS.calico,
    local: false,
    observe: (raw) => ({ of: 'blockAffinities', object: normaliseBlockAffinity(raw) }),
  },
  cilium: {
    ...CNI_KINDS.cilium,
    local: false,
    observe: (raw) => ({ of: 'ciliumNodes', object: normaliseCiliumNode(raw) }),
  },
};

/** What is watched in a cluster with this network. */
export function watchedKinds(network: NetworkConfig): readonly ObservedKind[] {
  const source = cniObjectsOf(network);
  return source === undefined ? WATCHED_KINDS : [...WATCHED_KINDS, CNI[source]];
}

/** Labels that change often or are numerous, and are irrelevant. */
const NOISE =
  /^(pod-template-hash|controller-revision-hash|pod-template-generation|helm\.sh\/.*|beta\.kubernetes\.io\/.*|feature\.node\.kubernetes\.io\/.*|nvidia\.com\/.*|csi\..*|topology\.ebs\.csi\..*)$/;

/**
 * Reduces metadata for storage and snapshots. The resource version is removed because it counts
 * writes, so heartbeats would change every snapshot; changes carry it instead.
 */
export function trimLabels<T extends { readonly meta: Meta }>(object: T): T {
  const { labels } = object.meta;
  const names = Object.keys(labels);
  const kept = names.filter((name) => !NOISE.test(name)).sort();
  const same = kept.length === names.length && kept.every((name, i) => name === names[i]);
  const few = same ? labels : Object.fromEntries(kept.map((name) => [name, labels[name]]));
  return { ...object, meta: { ...object.meta, labels: few, resourceVersion: '' } };
}

/** Where Sluice keeps no paths to pods, changes of their networks are no changes. */
export function withoutNodeNetwork(observed: ObservedObject): ObservedObject {
  if (observed.of !== 'nodes') return observed;
  const { network: _network, ...object } = observed.object;
  return { of: 'nodes', object };
}
