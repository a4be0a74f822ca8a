/**
 * istio-port-mapping.md §3 ListenerSet: which sets join a Gateway, their default port, and
 * conflicts between listeners.
 */
import { sortByAge, namespacedName } from '../object-age.ts';
import type { ApiGateway, ApiListener, ListenerSet } from '../../snapshot/objects.ts';
import type { Namespaces } from './attachment.ts';
import { allowedListenersOf, isNamespaceAllowed } from './attachment.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { HTTP: 80, HTTPS: 443 };

/** `ListenerEntryPortNumber` */
export function withPort(listener: ApiListener): ApiListener {
  return listener.port === 0
    ? { ...listener, port: DEFAULT_PORTS[listener.protocol] ?? 0 }
    : listener;
}

/**
 * A ListenerSet whose parent is the Gateway, and whether the Gateway's `allowedListeners` permits
 * it.
 */
export interface JoinedSet {
  readonly set: ListenerSet;
  readonly allowed: boolean;
}

/** ListenerSets by `namespace/name` of their Gateway, oldest first. */
export function indexSets(
  sets: readonly ListenerSet[],
): ReadonlyMap<string, readonly ListenerSet[]> {
  const index = new Map<string, ListenerSet[]>();
  const inOrder = sortByAge(
    sets,
    ({ meta }) => meta,
    ({ meta }) => [namespacedName(meta), ''],
  );
  for (const set of inOrder) {
    if (set.parent.kind !== 'Gateway') continue;
    const there = index.get(namespacedName(set.parent));
    if (there === undefined) index.set(namespacedName(set.parent), [set]);
    else there.push(set);
  }
  return index;
}

/** The allowed `sets` of this Gateway; the others have no listeners and conflict with nothing. */
export function joinedSets(
  gateway: ApiGateway,
  sets: readonly ListenerSet[],
  namespaces: Namespaces,
): JoinedSet[] {
  const allowed = allowedListenersOf(gateway);
  return sets.map((set) => ({
    set,
    allowed: isNamespaceAllowed(set.meta.namespace, gateway.meta.namespace, allowed, namespaces),
  }));
}

const HTTP_LIKE: ReadonlySet<string> = new Set(['HTTP', 'HTTPS', 'TLS']);

/**
 * The listeners of one Gateway on a port: either one layer 4 listener, or any number with different
 * host names.
 */
export interface PortHolder<T> {
  readonly any: T;
  readonly layer4: boolean;
  readonly byHost: Map<string, T>;
}

/**
 * `listenersDistinct`: the earlier listener that conflicts with this one; a conflicting listener
 * blocks no others.
 */
export function claimPort<T>(
  listener: ApiListener,
  claimant: T,
  holders: Map<number, PortHolder<T>>,
): T | undefined {
  const host = listener.hostname || '*';
  const layer4 = !HTTP_LIKE.has(listener.protocol);
  const holder = holders.get(listener.port);
  if (holder === undefined) {
    holders.set(listener.port, { any: claimant, layer4, byHost: new Map([[host, claimant]]) });
    return undefined;
  }
  if (layer4 || holder.layer4) return holder.any;
  const same = holder.byHost.get(host);
  if (same === undefined) holder.byHost.set(host, claimant);
  return same;
}
