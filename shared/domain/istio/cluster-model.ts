/** The objects of a cluster, sorted and indexed once for all its ingresses. */
import { sortByAge, namespacedName } from './object-age.ts';
import { createAttachmentContext } from './gateway-api/attachment.ts';
import type { Deployment } from './gateway-api/gateways.ts';
import { deploymentOf } from './gateway-api/gateways.ts';
import { ingressGateways } from './ingress-objects.ts';
import { indexSets } from './gateway-api/listener-sets.ts';
import { readListeners } from './gateway-api/listeners.ts';
import type { Discovery } from './discovery.ts';
import { discoveryFor } from './discovery.ts';
import type { MeshOptions } from './mesh.ts';
import type { ReadServer } from './model.ts';
import type { ApiGateway, IstioGateway, KubernetesObjects } from '../snapshot/objects.ts';
import type { RouteTable } from './route-table.ts';
import { routeTable } from './route-table.ts';
import { SelectorIndex } from './selector-index.ts';
import type { ServiceDirectory } from './services.ts';
import { serviceDirectory } from './services.ts';
import { readServers } from './validity.ts';

/**
 * A unit of istiod's merge: an Istio Gateway, or the Gateway that istiod derives from one listener.
 * `rank` is its age order.
 */
export type GatewayConfig =
  | {
      readonly rank: number;
      readonly api: 'istio';
      readonly gateway: IstioGateway;
      readonly servers: readonly ReadServer[];
    }
  | {
      readonly rank: number;
      readonly api: 'gateway-api';
      readonly view: ApiGatewayView;
      readonly servers: readonly ReadServer[];
    };

/**
 * A Gateway API Gateway with its deployment: the Services that lead to its pods, or the reason why
 * istiod ignores it. `key` is `namespace/name`.
 */
export interface ApiGatewayView {
  /** `namespace/name`. */
  readonly key: string;
  readonly gateway: ApiGateway;
  /** Whether istiod deploys it, or which Services it refers to. */
  readonly deployment: Deployment;
}

/**
 * Everything the rules need to know about a cluster. Independent of a particular ingress, so the
 * watcher builds it once per change and shares it.
 */
export interface ClusterModel {
  readonly mesh: MeshOptions;
  readonly objects: KubernetesObjects;
  /** All gateways of both APIs by age; those of Ingresses come last. */
  readonly configs: readonly GatewayConfig[];
  /** Istio Gateways by selector, with ranks in `configs`. */
  readonly istio: SelectorIndex<Extract<GatewayConfig, { api: 'istio' }>>;
  /** Listeners by `namespace/name` of a Service that their Gateway refers to. */
  readonly byService: ReadonlyMap<string, readonly GatewayConfig[]>;
  readonly apiViews: readonly ApiGatewayView[];
  /** `namespace/name` of Services that istiod creates for Gateway API. */
  readonly managedServices: ReadonlySet<string>;
  readonly services: ServiceDirectory;
  /**
   * Routes of a namespace as the istiod of a revision sees them; `everything`: without
   * discoverySelectors, as earlier versions did.
   */
  readonly routesIn: (namespace: string, revision: string, scope?: 'everything') => RouteTable;
  /** Which namespaces the istiod of a revision reads. */
  readonly discovery: (revision: string) => Discovery;
}

type Unranked = {
  readonly meta: IstioGateway['meta'];
  readonly rank: (rank: number) => GatewayConfig;
};

function istioConfigs(objects: Pick<KubernetesObjects, 'gateways'>): Unranked[] {
  return objects.gateways.map((gateway) => {
    const servers = readServers(gateway);
    return { meta: gateway.meta, rank: (rank) => ({ rank, api: 'istio', gateway, servers }) };
  });
}

/** The gateways of the Gateway API as configurations of Envoy. */
function apiConfigs(
  views: readonly ApiGatewayView[],
  objects: KubernetesObjects,
  mesh: MeshOptions,
): Unranked[] {
  const attachment = createAttachmentContext(objects, mesh);
  const sets = indexSets(objects.listenerSets);
  return views.flatMap((view) => {
    const services = view.deployment.mode === 'none' ? [] : view.deployment.services;
    return readListeners(view.gateway, sets.get(view.key) ?? [], services, attachment).map(
      ({ server, meta }): Unranked => ({
        meta,
        rank: (rank) => ({ rank, api: 'gateway-api', view, servers: [server] }),
      }),
    );
  });
}

/** The configurations by the Service that they attach to. */
function indexByService(
  configs: readonly GatewayConfig[],
): ReadonlyMap<string, readonly GatewayConfig[]> {
  const index = new Map<string, GatewayConfig[]>();
  for (const config of configs) {
    if (config.api === 'istio' || config.view.deployment.mode === 'none') continue;
    for (const service of config.view.deployment.services) {
      const there = index.get(service);
      if (there === undefined) index.set(service, [config]);
      else there.push(config);
    }
  }
  return index;
}

/**
 * One table per namespace with gateway pods, because the visibility of VirtualServices depends on
 * the namespace.
 */
function routesByNamespace(
  objects: KubernetesObjects,
  mesh: MeshOptions,
  discovery: ClusterModel['discovery'],
): ClusterModel['routesIn'] {
  const tables = new Map<string, RouteTable>();
  return (namespace, revision, scope) => {
    const { isSelective, reads } = discovery(revision);
    const all = scope === 'everything' || !isSelective;
    const key = `${namespace} ${revision} ${all ? '' : 'read'}`;
    const seen = all
      ? objects.virtualServices
      : objects.virtualServices.filter(({ meta }) => reads(meta.namespace));
    const table = tables.get(key) ?? routeTable(seen, namespace, { ...mesh, revision });
    tables.set(key, table);
    return table;
  };
}

/** Which namespaces istiod of a revision reads. */
function discoveryByRevision(
  objects: KubernetesObjects,
  mesh: MeshOptions,
): ClusterModel['discovery'] {
  const known = new Map<string, Discovery>();
  return (revision) => {
    const found = known.get(revision) ?? discoveryFor(revision, objects, mesh);
    known.set(revision, found);
    return found;
  };
}

/**
 * Sorts and indexes the objects of a cluster. The order of gateways is istiod's: oldest first, and
 * Gateways that istiod derives from Ingresses last.
 */
export function buildClusterModel(objects: KubernetesObjects, mesh: MeshOptions): ClusterModel {
  const apiViews = objects.apiGateways.map((gateway) => ({
    key: namespacedName(gateway.meta),
    gateway,
    deployment: deploymentOf(gateway, mesh),
  }));
  const discovery = discoveryByRevision(objects, mesh);
  const unranked = [...istioConfigs(objects), ...apiConfigs(apiViews, objects, mesh)];
  // Gateways of Ingresses come last, so that they take no port from other Gateways: 0.1.0 did not
  // read Ingresses.
  const ofIngresses = ingressGateways(objects, mesh).map(({ gateway }) => gateway);
  const configs = [
    ...sortByAge(unranked, ({ meta }) => meta),
    ...sortByAge(istioConfigs({ gateways: ofIngresses }), ({ meta }) => meta),
  ].map(({ rank }, index) => rank(index));
  return {
    mesh,
    objects,
    configs,
    istio: new SelectorIndex(
      configs.filter((config) => config.api === 'istio'),
      ({ gateway }) => gateway.selector,
    ),
    byService: indexByService(configs),
    apiViews,
    managedServices: new Set(
      apiViews.flatMap(({ deployment }) =>
        deployment.mode === 'managed' ? deployment.services : [],
      ),
    ),
    services: serviceDirectory(objects.services, objects.endpointSlices),
    routesIn: routesByNamespace(objects, mesh, discovery),
    discovery,
  };
}
