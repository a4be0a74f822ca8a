import type { KubernetesObjects } from '../../shared/domain/ingress/objects.ts';

type GatewayApiObjects = Pick<KubernetesObjects, 'apiGateways' | 'listenerSets' | 'apiRoutes' | 'namespaces'>;

/** A Gateway API Gateway and its Service share a namespace, managed by istiod or named in its addresses. */
export function selectGatewayApi(namespace: string, all: KubernetesObjects): GatewayApiObjects {
  const apiGateways = all.apiGateways.filter((gateway) => gateway.meta.namespace === namespace);
  const gateways = new Set(apiGateways.map((gateway) => `Gateway ${gateway.meta.namespace}/${gateway.meta.name}`));
  const listenerSets = all.listenerSets.filter((set) => gateways.has(`Gateway ${set.parent.namespace}/${set.parent.name}`));
  const parents = new Set([...gateways, ...listenerSets.map((set) => `ListenerSet ${set.meta.namespace}/${set.meta.name}`)]);
  const apiRoutes = all.apiRoutes.filter((route) => route.parents.some((parent) => parents.has(`${parent.kind} ${parent.namespace}/${parent.name}`)));
  const asked = new Set([...listenerSets, ...apiRoutes].map((object) => object.meta.namespace));
  return { apiGateways, listenerSets, apiRoutes, namespaces: all.namespaces.filter((entry) => asked.has(entry.name)) };
}
