/** The cached objects that are relevant for one ingress. */
import type { KubernetesObjects, ObjectLists } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import { isOfIstio } from '../../../shared/domain/istio/ingress-objects.ts';
import type { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import { REVISION_LABEL } from '../../../shared/domain/istio/mesh.ts';
import type { DepartedPods } from './departed-pods.ts';
import {
  selectorKey,
  type ClusterIndex,
  type IndexedObjects,
  type IndexChange,
  type IndexedObject,
} from '../cache/cluster-index.ts';
import { sortedObjects } from '../cache/indexer.ts';
import { Memo } from './memo.ts';
import { chooseMeshServices, type MeshServiceChoice } from './mesh-services.ts';
import { cniObjects } from './cni-objects.ts';
import { concerns } from './concerns.ts';
import { selectGatewayApi } from './gateway-api.ts';
import { ingressScope, type IngressScope } from './ingress-scope.ts';

/** The ingress, and the cache that its objects are selected from. */
export interface ViewOptions {
  /** Namespace and name of the ingress Service. */
  readonly ref: IngressRef;
  /** With `nodes`, all nodes are relevant; with `pods`, those that run one. */
  readonly members: 'pods' | 'nodes';
  /** sluice.yaml sets discoverySelectors, so that labels of namespaces are relevant. */
  readonly discovers?: boolean;
  /** Absent: those of a mesh without options. */
  readonly mesh?: Pick<MeshOptions, 'ingressClasses' | 'rootNamespace'>;
  /** Shared by the views of all ingresses; updated before `notice` is called. */
  readonly index: ClusterIndex;
  /** Removed pods that still count. */
  readonly departures: Pick<DepartedPods, 'among' | 'empty'>;
}

/** A part of the view that is computed separately, and again only if it may have changed. */
type Part =
  | 'scope'
  | 'gateways'
  | 'virtualServices'
  | 'services'
  | 'nodes'
  | 'gatewayApi'
  | 'mesh'
  | 'discovered';

/** Parts that are computed again when gateway pods change. */
const OF_PODS: readonly Part[] = [
  'scope',
  'gateways',
  'virtualServices',
  'services',
  'nodes',
  'mesh',
  'discovered',
];
/** Parts that are computed again when objects of Gateway API change. */
const OF_API: readonly Part[] = ['gatewayApi', 'mesh', 'discovered'];
/**
 * Without an ingress Service, nothing is relevant: when it is created, earlier objects do not
 * count.
 */
const OF_SERVICE: readonly Part[] = [...OF_PODS, 'gatewayApi'];

/** The parts to recompute after a change of each kind; the rest is cheap. */
const TOUCHED: Readonly<Record<keyof IndexedObjects, readonly Part[]>> = {
  services: ['services', 'mesh', 'discovered'],
  meshServices: ['mesh', 'discovered'],
  pods: OF_PODS,
  gateways: ['gateways', 'virtualServices', 'mesh', 'discovered'],
  virtualServices: ['virtualServices', 'discovered'],
  nodes: ['nodes'],
  endpointSlices: [],
  configMaps: [],
  apiGateways: OF_API,
  listenerSets: OF_API,
  apiRoutes: OF_API,
  namespaces: OF_API,
  referenceGrants: OF_API,
  meshConfigs: ['discovered'],
  ingresses: [],
  envoyFilters: [],
  ciliumNodes: [],
  blockAffinities: [],
};

/** A Gateway that is read by the same pods as before has the same routes. */
const OF_SAME_PODS: readonly Part[] = ['gateways', 'mesh', 'discovered'];

/**
 * Each list is computed on demand and cached until a relevant change. An object affects other lists
 * only if it is in its own, so a change is irrelevant unless the object was selected before or is
 * selected now.
 */
export class IngressView {
  readonly #options: ViewOptions;
  /** Key of the ingress Service. */
  readonly #name: string;
  readonly #kept = {
    scope: new Memo(() => this.#findScope()),
    gateways: new Memo(() => sortedObjects(this.#findGateways())),
    virtualServices: new Memo(() => sortedObjects(this.#findRoutes())),
    services: new Memo(() => sortedObjects(this.#findServices())),
    nodes: new Memo(() => sortedObjects(this.#findNodes())),
    gatewayApi: new Memo(() => selectGatewayApi(this.#options.ref.namespace, this.#index)),
    mesh: new Memo(() => this.#chooseMesh()),
    discovered: new Memo(() => this.#findNamespaces()),
    objects: new Memo(() => this.#collect()),
  };

  constructor(options: ViewOptions) {
    this.#options = options;
    this.#name = `${options.ref.namespace}/${options.ref.service}`;
  }

  get #meshOptions(): Pick<MeshOptions, 'ingressClasses' | 'rootNamespace'> {
    return this.#options.mesh ?? { ingressClasses: ['istio'], rootNamespace: 'istio-system' };
  }

  get #index(): ClusterIndex {
    return this.#options.index;
  }

  /**
   * Undefined while the ingress Service does not exist. The same object until a relevant change.
   */
  objects(): KubernetesObjects | undefined {
    return this.#kept.objects.get();
  }

  /**
   * Services elsewhere in the cluster that its servers need; empty while the ingress Service does
   * not exist.
   */
  meshServiceDemands(): MeshServiceChoice['demands'] {
    return this.#kept.scope.get() === undefined ? [] : this.#kept.mesh.get().demands;
  }

  /** The Services of the rest of the cluster changed without individual notices. */
  meshChanged(): void {
    this.#drop(['mesh', 'discovered']);
  }

  /** Called when an optional kind was read for the first time. */
  optionalRead(): void {
    this.#drop(OF_SERVICE);
  }

  /** Revisions of istiod that serve the pods; `usual` for pods without one. */
  revisions(usual: string): ReadonlySet<string> {
    const pods = this.#kept.scope.get()?.pods ?? [];
    return new Set([usual, ...pods.map(({ meta }) => meta.labels[REVISION_LABEL] ?? usual)]);
  }

  /** Call after the index was updated; returns whether `objects` may have changed. */
  notice(seen: IndexChange): boolean {
    const { observed, before } = seen;
    const hit = this.#concerns(observed) || (before !== undefined && this.#concerns(before));
    if (hit) this.#drop(this.#touched(seen));
    return hit;
  }

  /** The removed pods changed. */
  departed(): void {
    this.#drop(OF_PODS);
  }

  #touched(seen: IndexChange): readonly Part[] {
    if (this.#isOwn(seen.observed)) return OF_SERVICE;
    return isReadAsBefore(seen, this.#index) ? OF_SAME_PODS : TOUCHED[seen.observed.of];
  }

  /** Whether it is the Service of this ingress. */
  #isOwn({ of, object }: IndexedObject): boolean {
    return (
      of === 'services' &&
      object.meta.name === this.#options.ref.service &&
      object.meta.namespace === this.#options.ref.namespace
    );
  }

  /**
   * Whether a change may affect this ingress. Before the first complete view, only the own Service
   * does.
   */
  #concerns(observed: IndexedObject): boolean {
    if (this.#isOwn(observed)) return true;
    const scope = this.#kept.scope.get();
    return (
      scope !== undefined &&
      concerns(observed, {
        ...this.#options,
        ...this.#meshOptions,
        scope,
        gatewayApi: () => this.#kept.gatewayApi.get(),
        mesh: () => this.#kept.mesh.get(),
        isDiscovered: (name) => this.#kept.discovered.get().has(name),
        draining: !this.#options.departures.empty,
      })
    );
  }

  /** The list of all objects is made of the parts, so it goes with each of them. */
  #drop(parts: readonly Part[]): void {
    for (const part of parts) this.#kept[part].invalidate();
    this.#kept.objects.invalidate();
  }

  /** Undefined without an ingress Service. */
  #findScope(): IngressScope | undefined {
    const { ref, departures } = this.#options;
    const own = this.#index.services.get(this.#name);
    if (own === undefined) return undefined;
    const pods = [
      ...(departures.empty ? this.#index.pods.in(ref.namespace) : this.#index.pods.all()),
    ].map(([, pod]) => pod);
    return ingressScope(own, departures.among(pods));
  }

  /** Asks once for each selector: many Gateways share one. */
  #findGateways(): Found<'gateways'> {
    const { gateways } = this.#index;
    const isRead = (name: string): boolean => {
      const any = gateways.one(name);
      return any !== undefined && this.#kept.scope.get()?.isRead(any.selector) === true;
    };
    return [...gateways.names()].filter(isRead).flatMap((name) => [...gateways.in(name)]);
  }

  /** For each Gateway that it names. */
  #findRoutes(): Found<'virtualServices'> {
    const found = this.#kept.gateways
      .get()
      .flatMap(({ meta }) => [...this.#index.virtualServices.in(`${meta.namespace}/${meta.name}`)]);
    return [...new Map(found)];
  }

  #findServices(): Found<'services'> {
    const scope = this.#kept.scope.get();
    return [...this.#index.services.in(this.#options.ref.namespace)].filter(
      ([key, service]) => key === this.#name || scope?.isSibling(service) === true,
    );
  }

  /** The Services of other namespaces that listeners with AUTO_PASSTHROUGH depend on. */
  #chooseMesh(): MeshServiceChoice {
    const { apiGateways, listenerSets } = this.#kept.gatewayApi.get();
    return chooseMeshServices(
      {
        gateways: this.#kept.gateways.get(),
        apiGateways,
        listenerSets,
        services: this.#kept.services.get(),
      },
      this.#index.meshServices,
    );
  }

  /**
   * Those of the ingress, and those that its servers need. A Service may be both; the complete
   * object is used.
   */
  #allServices(): KubernetesObjects['services'] {
    const own = this.#kept.services.get();
    const { services } = this.#kept.mesh.get();
    return services.length === 0
      ? own
      : sortedObjects(
          new Map(
            [...services, ...own].map(
              (service) => [`${service.meta.namespace}/${service.meta.name}`, service] as const,
            ),
          ),
        );
  }

  /** Namespaces whose labels decide whether the mesh reads them; empty if it reads everything. */
  #findNamespaces(): ReadonlySet<string> {
    const configs = [...this.#index.meshConfigs.all()].map(([, config]) => config);
    const asks =
      this.#options.discovers === true ||
      configs.some(({ discoverySelectors }) => discoverySelectors.length > 0);
    if (!asks) return new Set();
    const { apiGateways, listenerSets, apiRoutes } = this.#kept.gatewayApi.get();
    return new Set(
      [
        ...this.#kept.gateways.get(),
        ...this.#kept.virtualServices.get(),
        ...this.#allServices(),
        ...apiGateways,
        ...listenerSets,
        ...apiRoutes,
      ].map(({ meta }) => meta.namespace),
    );
  }

  #findIngresses(): ObjectLists['ingresses'] {
    const { ingressClasses } = this.#meshOptions;
    const all = [...this.#index.ingresses.all()];
    return sortedObjects(all.filter(([, ingress]) => isOfIstio(ingress, ingressClasses)));
  }

  #findEnvoyFilters(): ObjectLists['envoyFilters'] {
    const { ref } = this.#options;
    const places = new Set([ref.namespace, this.#meshOptions.rootNamespace]);
    const all = [...places].flatMap((namespace) => [...this.#index.envoyFilters.in(namespace)]);
    return sortedObjects(all.filter(([, { patches }]) => patches.length > 0));
  }

  #findNodes(): Found<'nodes'> {
    const nodes = [...this.#index.nodes.all()];
    return this.#options.members === 'nodes'
      ? nodes
      : nodes.filter(([, { meta }]) => this.#kept.scope.get()?.nodes.has(meta.name) === true);
  }

  /**
   * All objects of a snapshot; undefined without a scope, that is, while the ingress Service is not
   * known. Optional kinds are present only if they were read, because an empty list has a meaning
   * of its own.
   */
  #collect(): KubernetesObjects | undefined {
    const scope = this.#kept.scope.get();
    if (scope === undefined) return undefined;
    const { apiGateways, listenerSets, apiRoutes, namespaces, referenceGrants } =
      this.#kept.gatewayApi.get();
    const discovered = this.#kept.discovered.get();
    const { read, meshConfigs } = this.#index;
    return {
      gateways: this.#kept.gateways.get(),
      virtualServices: this.#kept.virtualServices.get(),
      services: this.#allServices(),
      pods: sortedObjects(
        scope.pods.map((pod) => [`${pod.meta.namespace}/${pod.meta.name}`, pod] as const),
      ),
      nodes: this.#kept.nodes.get(),
      endpointSlices: sortedObjects(this.#index.endpointSlices.in(this.#name)),
      configMaps: sortedObjects(this.#index.configMaps.in(this.#options.ref.namespace)),
      apiGateways,
      listenerSets,
      apiRoutes,
      namespaces:
        discovered.size === 0
          ? namespaces
          : sortedObjects(
              new Map([
                ...namespaces.map((one) => [one.name, one] as const),
                ...[...discovered].flatMap((name) => {
                  const found = this.#index.namespaces.get(name);
                  return found === undefined ? [] : [[name, found] as const];
                }),
              ]),
            ),
      optionalKinds: {
        ...(read.has('referenceGrants') && { referenceGrants }),
        ...(read.has('ingresses') && { ingresses: this.#findIngresses() }),
        ...(read.has('envoyFilters') && { envoyFilters: this.#findEnvoyFilters() }),
        ...(read.has('meshConfigs') && { meshConfigs: sortedObjects(meshConfigs.all()) }),
        ...(this.#options.members === 'pods' && cniObjects(scope.pods, this.#index)),
      },
    };
  }
}

/** Whether it still exists with the same selector. */
function isReadAsBefore({ observed, before }: IndexChange, { gateways }: ClusterIndex): boolean {
  if (observed.of !== 'gateways' || before?.of !== 'gateways') return false;
  const { meta, selector } = observed.object;
  return (
    gateways.get(`${meta.namespace}/${meta.name}`) !== undefined &&
    selectorKey(selector) === selectorKey(before.object.selector)
  );
}

type Found<K extends keyof ObjectLists> = readonly (readonly [
  key: string,
  object: ObjectLists[K][number],
])[];
