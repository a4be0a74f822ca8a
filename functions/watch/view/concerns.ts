/** Pure: whether an object is relevant for an ingress, by kind. */
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import { isOfIstio } from '../../../shared/domain/istio/ingress-objects.ts';
import {
  gatewaysNamed,
  type ClusterIndex,
  type IndexedObjects,
  type IndexedObject,
} from '../cache/cluster-index.ts';
import type { MeshServiceChoice } from './mesh-services.ts';
import type { GatewayApiObjects } from './gateway-api.ts';
import type { IngressScope } from './ingress-scope.ts';

/** The lists of objects that an ingress is made of. */
type List = keyof IndexedObjects;

/** The state of one ingress against which an object is checked. */
export interface ConcernContext {
  /** The ingress Service. */
  readonly ref: IngressRef;
  /** With `nodes`, every node is relevant. */
  readonly members: 'pods' | 'nodes';
  readonly index: ClusterIndex;
  /** The pods on which everything else depends. */
  readonly scope: IngressScope;
  /** Computed only for kinds that need it. */
  readonly gatewayApi: () => GatewayApiObjects;
  /** The Services elsewhere that servers need; computed only if needed. */
  readonly mesh: () => MeshServiceChoice;
  /** Classes of Ingresses that istiod makes Gateways of. */
  readonly ingressClasses: readonly string[];
  /** EnvoyFilters there concern all gateways. */
  readonly rootNamespace: string;
  /** Whether labels of the namespace decide what the mesh reads. */
  readonly isDiscovered: (namespace: string) => boolean;
  /** Removed pods count too. */
  readonly draining: boolean;
}

/** Whether an object concerns the ingress. */
type Concern<K extends List> = (
  object: IndexedObjects[K][number],
  ground: ConcernContext,
) => boolean;

/** One rule for each list; a new list does not compile without one. */
const CONCERNS: { readonly [K in List]: Concern<K> } = {
  services: (service, { scope }) => scope.isSibling(service),
  meshServices: (service, { mesh }) => mesh().concerns(service),
  // A new owner of a removed pod's address ends its draining.
  pods: (pod, { draining, scope }) => draining || scope.selects(pod),
  gateways: ({ selector }, { scope }) => scope.isRead(selector),
  virtualServices: (route, ground) => gatewaysNamed(route).some((key) => readsGateway(key, ground)),
  nodes: ({ meta }, { members, scope }) => members === 'nodes' || scope.nodes.has(meta.name),
  endpointSlices: ({ meta, service }, { ref }) =>
    meta.namespace === ref.namespace && service === ref.service,
  configMaps: ({ meta }, { ref }) => meta.namespace === ref.namespace,
  apiGateways: ({ meta }, { ref }) => meta.namespace === ref.namespace,
  listenerSets: ({ parent }, { gatewayApi }) =>
    gatewayApi().isParent({ ...parent, kind: 'Gateway' }),
  apiRoutes: ({ parents }, { gatewayApi }) => parents.some(gatewayApi().isParent),
  namespaces: ({ name }, { gatewayApi, isDiscovered }) =>
    gatewayApi().asked.has(name) || isDiscovered(name),
  meshConfigs: () => true,
  ingresses: (ingress, { ingressClasses }) => isOfIstio(ingress, ingressClasses),
  // Any of a namespace that applies to the pods; which of them do, map decides.
  envoyFilters: ({ meta, patches }, { ref, rootNamespace }) =>
    patches.length > 0 && [ref.namespace, rootNamespace].includes(meta.namespace),
  ciliumNodes: ({ name }, { members, scope }) => members === 'pods' && scope.nodes.has(name),
  blockAffinities: ({ node, cidr }, { members, scope }) =>
    members === 'pods' && cidr !== undefined && scope.nodes.has(node),
  referenceGrants: ({ meta }, { gatewayApi }) => gatewayApi().granting.has(meta.namespace),
};

/** Whether the object is relevant for the ingress. */
export function concerns({ of, object }: IndexedObject, ground: ConcernContext): boolean {
  return ask(of, object, ground);
}

function ask<K extends List>(
  of: K,
  object: IndexedObjects[K][number],
  ground: ConcernContext,
): boolean {
  const concern: Concern<K> = CONCERNS[of];
  return concern(object, ground);
}

/** Whether the pods of the ingress read the Gateway with this key. */
function readsGateway(key: string, { index, scope }: ConcernContext): boolean {
  const gateway = index.gateways.get(key);
  return gateway !== undefined && scope.isRead(gateway.selector);
}
