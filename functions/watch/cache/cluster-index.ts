/** The cluster as it was last seen, kept in such a way that an ingress finds what concerns it without going through all of it. */
import type {
  Meta,
  ObjectLists,
  OptionalKinds,
  VirtualService,
} from '../../../shared/domain/snapshot/objects.ts';
import { Indexer } from './indexer.ts';

type Labels = Readonly<Record<string, string>>;
type Named = { readonly meta: Meta };
/** What is known: what snapshots list, and the Services of the whole cluster, with little more than their names. */
export interface IndexedObjects extends ObjectLists {
  readonly meshServices: ObjectLists['services'];
}
type List = keyof IndexedObjects;

/** An object and the list it belongs to. */
export type IndexedObject = {
  readonly [K in List]: { readonly of: K; readonly object: IndexedObjects[K][number] };
}[List];

/** A change as the index has it. */
export interface IndexChange {
  readonly observed: IndexedObject;
  /** What was known under that name until then. */
  readonly before: IndexedObject | undefined;
}

type Indexed = { readonly [K in List]: Indexer<IndexedObjects[K][number]> };

export class ClusterIndex implements Indexed {
  /** By selector: there are far fewer than Gateways. */
  readonly gateways = new Indexer<ObjectLists['gateways'][number]>({
    key,
    groups: ({ selector }) => [selectorKey(selector)],
  });
  /** By the Gateways that they may mean. */
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
  /** By parent, as routes are. */
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
  readonly meshConfigs = new Indexer<ObjectLists['meshConfigs'][number]>({ key, groups: place });
  /** Lists of optional kinds that were read at least once: what is known of them stays known. */
  readonly read = new Set<keyof OptionalKinds>();

  /** Returns what was known under that name until now. */
  apply(
    what: 'added' | 'updated' | 'deleted',
    { of, object }: IndexedObject,
  ): IndexedObject | undefined {
    const before = this.#keep(of, object, what);
    // Of the same list, so of the same type.
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

/** Every Gateway, as `namespace/name`, that a VirtualService may mean; there need not be one. */
export function gatewaysNamed(route: VirtualService): readonly string[] {
  const named = [
    ...route.gateways,
    ...[...route.tcp, ...route.tls].flatMap((block) =>
      block.match.flatMap((match) => match.gateways ?? []),
    ),
  ];
  return [...new Set(named.flatMap((entry) => candidates(entry, route.meta.namespace)))];
}

/** `ns/name`, `./name`, `name`, and the legacy `name.ns[.svc…]`; a name may itself hold dots, so both readings count. */
function candidates(entry: string, namespace: string): readonly string[] {
  const [before = '', after] = entry.split('/');
  if (after !== undefined) return [`${before === '.' ? namespace : before}/${after}`];
  const [name = '', legacyNamespace] = entry.split('.');
  return legacyNamespace === undefined
    ? [`${namespace}/${entry}`]
    : [`${namespace}/${entry}`, `${legacyNamespace}/${name}`];
}
