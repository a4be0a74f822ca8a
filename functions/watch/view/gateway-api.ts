/** The objects of Gateway API that one ingress depends on. */
import type {
  ApiRoute,
  KubernetesObjects,
  ObjectLists,
} from '../../../shared/domain/snapshot/objects.ts';
import type { ClusterIndex } from '../cache/cluster-index.ts';
import { sortedObjects } from '../cache/indexer.ts';

/** A reference to a Gateway or ListenerSet. */
type Parent = Pick<ApiRoute['parents'][number], 'kind' | 'namespace' | 'name'>;

/** The Gateway API objects that are relevant for one ingress. */
export interface GatewayApiObjects extends Pick<
  KubernetesObjects,
  'apiGateways' | 'listenerSets' | 'apiRoutes' | 'namespaces'
> {
  /** Whether listener sets and routes with this parent belong here. */
  readonly isParent: (parent: Parent) => boolean;
  /** Namespaces whose labels are needed, existing or not. */
  readonly asked: ReadonlySet<string>;
  readonly referenceGrants: ObjectLists['referenceGrants'];
  /** Namespaces with certificates that others refer to. */
  readonly granting: ReadonlySet<string>;
}

/**
 * A Gateway API Gateway and its Service are in one namespace, whether managed by istiod or named in
 * its addresses.
 */
export function selectGatewayApi(namespace: string, index: ClusterIndex): GatewayApiObjects {
  const apiGateways = sortedObjects(index.apiGateways.in(namespace));
  const gateways = apiGateways.map(({ meta }) => parentKey({ kind: 'Gateway', ...meta }));
  const listenerSets = sortedObjects(
    gateways.flatMap((gateway) => [...index.listenerSets.in(gateway)]),
  );
  const parents = new Set([
    ...gateways,
    ...listenerSets.map(({ meta }) => parentKey({ kind: 'ListenerSet', ...meta })),
  ]);
  // For each of its parents.
  const apiRoutes = sortedObjects(
    new Map([...parents].flatMap((parent) => [...index.apiRoutes.in(parent)])),
  );
  const asked = new Set([...listenerSets, ...apiRoutes].map(({ meta }) => meta.namespace));
  const namespaces = sortedObjects(
    [...asked].flatMap((name) => found(name, index.namespaces.get(name))),
  );
  const granting = new Set(
    [...apiGateways, ...listenerSets].flatMap(({ meta, listeners }) =>
      listeners
        .flatMap(({ certificateRefs = [], caCertificateRefs = [] }) => [
          ...certificateRefs,
          ...caCertificateRefs,
        ])
        .flatMap(({ namespace: other = meta.namespace }) =>
          other === meta.namespace ? [] : [other],
        ),
    ),
  );
  return {
    apiGateways,
    listenerSets,
    apiRoutes,
    namespaces,
    isParent: (parent) => parents.has(parentKey(parent)),
    asked,
    granting,
    referenceGrants: sortedObjects(
      [...granting].flatMap((name) => [...index.referenceGrants.in(name)]),
    ),
  };
}

/** For building maps: no entry for a missing object. */
function found<T>(key: string, object: T | undefined): readonly (readonly [string, T])[] {
  return object === undefined ? [] : [[key, object]];
}

/** Gateways and ListenerSets may have the same name. */
function parentKey({ kind, namespace, name }: Parent): string {
  return `${kind} ${namespace}/${name}`;
}
