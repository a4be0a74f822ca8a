/**
 * The cached state of the cluster, indexed so that an ingress finds its objects without scanning
 * all of them.
 */
import type {
  Meta,
  ObjectLists,
  OptionalKinds,
  VirtualService,
} from '../../../shared/domain/snapshot/objects.ts';
import { Indexer } from './indexer.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { ObservedObject } from './kinds.ts';

type Labels = Readonly<Record<string, string>>;
type Named = { readonly meta: Meta };
/** Cached objects: those of snapshots, and the Services of the whole cluster in reduced form. */
export interface IndexedObjects extends ObjectLists {
  readonly meshServices: ObjectLists['services'];
}
type List = keyof IndexedObjects;

/** An object and its list. */
export type IndexedObject = {
  readonly [K in List]: { readonly of: K; readonly object: IndexedObjects[K][number] };
}[List];

/** A change of the index. */
export interface IndexChange {
  readonly observed: IndexedObject;
  /** The previous object with this name. */
  readonly before: IndexedObject | undefined;
}

/** A change of an object of any kind, typed. */
export interface CacheChange extends IndexChange {
  readonly change: Change;
  readonly observed: ObservedObject;
}

type Indexed = { readonly [K in List]: Indexer<IndexedObjects[K][number]> };

/** The index of all cached objects, updated synchronously by the streams. */
export class ClusterIndex implements Indexed {
  /** By selector, because there are far fewer selectors than Gateways. */
  readonly gateways = new Indexer<ObjectLists['gateways'][number]>({
    key,
    groups: ({ selector }) => [selectorKey(selector)],
  });
  /** By the Gateways that they may refer to. */
  readonly virtualServices = new Indexer<VirtualService>({ key, groups: gatewaysNamed });
  readonly services = new Indexer<ObjectLists['services'][number]>({ key, groups: place });
  readonly meshServices = new Indexer<IndexedObjects['meshServices'][number]>({
    key,
    groups: place,
  });
  readonly pods = new Indexer<ObjectLists['pods'][number]>({ key, groups: place });
  readonly nodes = new Indexer<ObjectLists['nodes'][number]>({ key, groups: nowhere });
  /** By Service. */
  readonly endpointSlices = new Indexer<ObjectLists['endpointSlices'][number]>({
    key,
    groups: ({ meta, service }) => [`${meta.namespace}/${service}`],
  });
  readonly configMaps = new Indexer<ObjectLists['configMaps'][number]>({
    key,
    groups: place,
  });
  readonly apiGateways = new Indexer<ObjectLists['apiGateways'][number]>({
    key,
    groups: place,
  });
  /** By parent, like routes. */
  readonly listenerSets = new Indexer<ObjectLists['listenerSets'][number]>({
    key,
    groups: ({ parent }) => [`Gateway ${parent.namespace}/${parent.name}`],
  });
  readonly apiRoutes = new Indexer<ObjectLists['apiRoutes'][number]>({
    key: (route) => `${route.kind} ${key(route)}`,
    groups: ({ parents }) => [
      ...new Set(parents.map((parent) => `${parent.kind} ${parent.namespace}/${parent.name}`)),
    ],
  });
  readonly namespaces = new Indexer<ObjectLists['namespaces'][number]>({
    key: ({ name }) => name,
    groups: nowhere,
  });

  readonly referenceGrants = new Indexer<ObjectLists['referenceGrants'][number]>({
    key,
    groups: place,
  });
  readonly ingresses = new Indexer<ObjectLists['ingresses'][number]>({ key, groups: place });
  readonly envoyFilters = new Indexer<ObjectLists['envoyFilters'][number]>({ key, groups: place });
  readonly meshConfigs = new Indexer<ObjectLists['meshConfigs'][number]>({ key, groups: place });
  readonly ciliumNodes = new Indexer<ObjectLists['ciliumNodes'][number]>({
    key: ({ name }) => name,
    groups: nowhere,
  });
  /** By node. */
  readonly blockAffinities = new Indexer<ObjectLists['blockAffinities'][number]>({
    key: ({ name }) => name,
    groups: ({ node }) => [node],
  });
  /** Optional kinds that were read at least once; they stay known. */
  readonly read = new Set<keyof OptionalKinds>();

  /** Returns the previous object with this name. */
  apply(
    what: 'added' | 'updated' | 'deleted',
    { of, object }: IndexedObject,
  ): IndexedObject | undefined {
    const before = this.#keep(of, object, what);
    // Of the same list, therefore of the same type.
    return before === undefined ? undefined : ({ of, object: before } as IndexedObject);
  }

  #keep<K extends List>(
    of: K,
    object: IndexedObjects[K][number],
    what: 'added' | 'updated' | 'deleted',
  ): IndexedObjects[K][number] | undefined {
    const groups: Indexer<IndexedObjects[K][number]> = (this as Indexed)[of];
    return what === 'deleted' ? groups.delete(object) : groups.put(object);
  }
}

function key({ meta }: Named): string {
  return `${meta.namespace}/${meta.name}`;
}

function place({ meta }: Named): readonly string[] {
  return [meta.namespace];
}

function nowhere(): readonly string[] {
  return [];
}

/** Equal for equal selectors. */
export function selectorKey(selector: Labels): string {
  const pairs = Object.entries(selector);
  return pairs.length === 1
    ? JSON.stringify(pairs)
    : JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** All Gateways (`namespace/name`) that a VirtualService may refer to; they need not exist. */
export function gatewaysNamed(route: VirtualService): readonly string[] {
  const named = [
    ...route.gateways,
    ...[...route.tcp, ...route.tls].flatMap((block) =>
      block.match.flatMap((match) => match.gateways ?? []),
    ),
  ];
  return [...new Set(named.flatMap((entry) => candidates(entry, route.meta.namespace)))];
}

/**
 * `ns/name`, `./name`, `name`, and the old format `name.ns[.svc…]`; a name may contain dots, so
 * both interpretations count.
 */
function candidates(entry: string, namespace: string): readonly string[] {
  const [before = '', after] = entry.split('/');
  if (after !== undefined) return [`${before === '.' ? namespace : before}/${after}`];
  const [name = '', legacyNamespace] = entry.split('.');
  return legacyNamespace === undefined
    ? [`${namespace}/${entry}`]
    : [`${namespace}/${entry}`, `${legacyNamespace}/${name}`];
}
