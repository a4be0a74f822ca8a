import type { ApiRoute, KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { ClusterIndex } from '../cache/cluster-index.ts';
import { inOrder } from '../cache/in-order.ts';

type Parent = Pick<ApiRoute['parents'][number], 'kind' | 'namespace' | 'name'>;

export interface GatewayApiObjects extends Pick<
  KubernetesObjects,
  'apiGateways' | 'listenerSets' | 'apiRoutes' | 'namespaces'
> {
  /** Whether listener sets and routes under this parent belong here. */
  readonly isParent: (parent: Parent) => boolean;
  /** Namespaces whose labels are asked for, there or not. */
  readonly asked: ReadonlySet<string>;
}

/** A Gateway API Gateway and its Service share a namespace, managed by istiod or named in its addresses. */
export function selectGatewayApi(namespace: string, index: ClusterIndex): GatewayApiObjects {
  const apiGateways = inOrder(index.apiGateways.in(namespace));
  const gateways = apiGateways.map(({ meta }) => parentKey({ kind: 'Gateway', ...meta }));
  const listenerSets = inOrder(gateways.flatMap((gateway) => [...index.listenerSets.in(gateway)]));
  const parents = new Set([
    ...gateways,
    ...listenerSets.map(({ meta }) => parentKey({ kind: 'ListenerSet', ...meta })),
  ]);
  // Under each of its parents.
  const apiRoutes = inOrder(
    new Map([...parents].flatMap((parent) => [...index.apiRoutes.in(parent)])),
  );
  const asked = new Set([...listenerSets, ...apiRoutes].map(({ meta }) => meta.namespace));
  const namespaces = inOrder([...asked].flatMap((name) => found(name, index.namespaces.get(name))));
  return {
    apiGateways,
    listenerSets,
    apiRoutes,
    namespaces,
    isParent: (parent) => parents.has(parentKey(parent)),
    asked,
  };
}

function found<T>(key: string, object: T | undefined): readonly (readonly [string, T])[] {
  return object === undefined ? [] : [[key, object]];
}

function parentKey({ kind, namespace, name }: Parent): string {
  return `${kind} ${namespace}/${name}`;
}
