/**
 * istio-port-mapping.md §3: which routes are attached to a listener (parentRef, sectionName, port,
 * allowedRoutes, host names).
 */
import { sortByAge, namespacedName } from '../object-age.ts';
import { hostsOverlap } from '../hosts.ts';
import type { MeshOptions } from '../mesh.ts';
import { isSelected } from '../discovery.ts';
import type { LabelSelector } from '../../snapshot/label-selector.ts';
import type {
  ApiGateway,
  ApiListener,
  ApiRoute,
  KubernetesObjects,
  Meta,
  ReferenceGrant,
} from '../../snapshot/objects.ts';

/** The owner of a listener. */
export interface ListenerParent {
  readonly kind: 'Gateway' | 'ListenerSet';
  readonly meta: Meta;
}

const KINDS: Readonly<Record<string, readonly ApiRoute['kind'][]>> = {
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TCP: ['TCPRoute'],
  TLS: ['TLSRoute'],
};

/** `GenerateGatewaySupportedKinds`, restricted by allowedRoutes.kinds. */
export function supportedKinds(listener: ApiListener): readonly string[] {
  const kinds: readonly string[] = KINDS[listener.protocol] ?? [];
  const all =
    listener.protocol === 'TLS' &&
    listener.tlsMode !== 'Passthrough' &&
    listener.tlsMode !== 'AUTO_PASSTHROUGH'
      ? [...kinds, 'TCPRoute']
      : kinds;
  return listener.allowedKinds.length === 0
    ? all
    : all.filter((kind) => listener.allowedKinds.includes(kind));
}

/** Labels of the namespaces, by name, for `allowedRoutes.namespaces.selector`. */
export type Namespaces = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Every namespace has its name as a label, even if the Namespace object is not known. */
export function namespaceLabels(objects: Pick<KubernetesObjects, 'namespaces'>): Namespaces {
  return new Map(objects.namespaces.map(({ name, labels }) => [name, labels]));
}

/** Which namespaces a listener or Gateway accepts routes or ListenerSets from. */
export interface AllowedFrom {
  readonly from: ApiListener['allowedNamespaces'];
  /** Undefined if it is unreadable. */
  readonly selector: LabelSelector | undefined;
}

/** `allowedRoutes.namespaces` */
export function allowedRoutesOf(listener: ApiListener): AllowedFrom {
  const { allowedNamespaces, allowedSelector, allowedExpressions } = listener;
  return { from: allowedNamespaces, selector: allowedExpressions ?? byLabels(allowedSelector) };
}

/** `allowedListeners.namespaces` */
export function allowedListenersOf(gateway: ApiGateway): AllowedFrom {
  const { allowedListeners, allowedListenersSelector, allowedListenersExpressions } = gateway;
  return {
    from: allowedListeners,
    selector: allowedListenersExpressions ?? byLabels(allowedListenersSelector),
  };
}

function byLabels(labels: LabelSelector['matchLabels'] | undefined): LabelSelector | undefined {
  return labels && { matchLabels: labels, matchExpressions: [] };
}

/** An unreadable selector matches nothing. */
export function isNamespaceAllowed(
  namespace: string,
  own: string,
  allowed: AllowedFrom,
  namespaces: Namespaces,
): boolean {
  switch (allowed.from) {
    case 'All':
      return true;
    case 'Same':
      return namespace === own;
    case 'None':
      return false;
    case 'Selector': {
      const labels = { 'kubernetes.io/metadata.name': namespace, ...namespaces.get(namespace) };
      return allowed.selector !== undefined && isSelected(allowed.selector, labels);
    }
  }
}

/** Whether a route names this listener, or its owner, as its parent. */
function refersTo(route: ApiRoute, listener: ApiListener, owner: ListenerParent): boolean {
  return route.parents.some(
    (parent) =>
      parent.kind === owner.kind &&
      parent.name === owner.meta.name &&
      parent.namespace === owner.meta.namespace &&
      (parent.sectionName === undefined || parent.sectionName === listener.name) &&
      (parent.port === undefined || parent.port === listener.port),
  );
}

/** TCPRoutes have no host names; a missing host name on either side matches all. */
function hostnamesMeet(route: ApiRoute, listener: ApiListener): boolean {
  const { hostname } = listener;
  if (hostname === undefined || hostname === '' || route.hostnames.length === 0) return true;
  return route.hostnames.some((host) => hostsOverlap(hostname, host));
}

/** Routes by the Gateway or ListenerSet that a parentRef names. */
export type RouteIndex = ReadonlyMap<string, readonly ApiRoute[]>;

function parentKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** Indexes routes by their parents. A route that names a parent twice is listed once. */
export function indexRoutes(routes: readonly ApiRoute[]): RouteIndex {
  const index = new Map<string, ApiRoute[]>();
  for (const route of routes) {
    for (const key of new Set(
      route.parents.map(({ kind, namespace, name }) => parentKey(kind, namespace, name)),
    )) {
      const there = index.get(key);
      if (there === undefined) index.set(key, [route]);
      else there.push(route);
    }
  }
  return index;
}

/** What decides whether a route is attached, for all listeners of a cluster. */
export interface AttachmentContext {
  readonly routes: RouteIndex;
  readonly namespaces: Namespaces;
  readonly mesh: MeshOptions;
  /** Undefined if they cannot be read. */
  readonly grants: readonly ReferenceGrant[] | undefined;
}

/** `Kind namespace/name` of the attached routes with a backend, in the order of the index. */
export function attachedRoutes(
  listener: ApiListener,
  owner: ListenerParent,
  world: AttachmentContext,
): string[] {
  const kinds = supportedKinds(listener);
  const allowed = allowedRoutesOf(listener);
  const candidates =
    world.routes.get(parentKey(owner.kind, owner.meta.namespace, owner.meta.name)) ?? [];
  return candidates
    .filter(
      (route) =>
        kinds.includes(route.kind) &&
        (route.rules > 0 || world.mesh.emptyRouteCounts) &&
        refersTo(route, listener, owner) &&
        isNamespaceAllowed(route.meta.namespace, owner.meta.namespace, allowed, world.namespaces) &&
        hostnamesMeet(route, listener),
    )
    .map((route) => `${route.kind} ${namespacedName(route.meta)}`);
}

/** Sorts the routes by age, the order in which verdicts list them, and indexes them. */
export function createAttachmentContext(
  objects: Pick<KubernetesObjects, 'apiRoutes' | 'namespaces' | 'optionalKinds'>,
  mesh: MeshOptions,
): AttachmentContext {
  const routes = sortByAge(objects.apiRoutes, ({ meta }) => meta);
  return {
    routes: indexRoutes(routes),
    namespaces: namespaceLabels(objects),
    mesh,
    grants: objects.optionalKinds?.referenceGrants,
  };
}
