/** Pure: whether an object belongs to what an ingress sees, kind by kind. */
import type { IngressRef } from '../../shared/domain/ingress/snapshot.ts';
import { gatewaysNamed, type ClusterIndex, type Known, type Sighting } from './cluster-index.ts';
import type { MeshChoice } from './mesh-choice.ts';
import type { GatewayApiObjects } from './view-gateway-api.ts';
import type { Scope } from './view-scope.ts';

type List = keyof Known;

export interface Ground {
  readonly ref: IngressRef;
  readonly members: 'pods' | 'nodes';
  readonly index: ClusterIndex;
  readonly scope: Scope;
  readonly gatewayApi: () => GatewayApiObjects;
  readonly mesh: () => MeshChoice;
  /** Pods that are gone count too. */
  readonly draining: boolean;
}

type Concern<K extends List> = (object: Known[K][number], ground: Ground) => boolean;

const CONCERNS: { readonly [K in List]: Concern<K> } = {
  services: (service, { scope }) => scope.isSibling(service),
  meshServices: (service, { mesh }) => mesh().concerns(service),
  // Whoever takes the address of a pod that is gone ends its draining.
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
  namespaces: ({ name }, { gatewayApi }) => gatewayApi().asked.has(name),
};

export function concerns({ of, object }: Sighting, ground: Ground): boolean {
  return ask(of, object, ground);
}

function ask<K extends List>(of: K, object: Known[K][number], ground: Ground): boolean {
  const concern: Concern<K> = CONCERNS[of];
  return concern(object, ground);
}

function readsGateway(key: string, { index, scope }: Ground): boolean {
  const gateway = index.gateways.get(key);
  return gateway !== undefined && scope.isRead(gateway.selector);
}
