/**
 * Converts raw Kubernetes objects of many kinds, as in `kubectl get -o yaml` and GitOps
 * repositories, to domain objects.
 */
import { isJsonObject, type JsonObject } from '../../domain/json-object.ts';
import { shorten } from '../../domain/text/shorten.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type {
  KubernetesObjects,
  ObjectLists,
  OptionalKinds,
  OptionalLists,
} from '../../domain/snapshot/objects.ts';
import {
  normaliseConfigMap,
  normaliseEndpointSlice,
  normaliseNamespace,
  normaliseNode,
  normaliseService,
} from './core.ts';
import {
  normaliseApiGateway,
  normaliseApiRoute,
  normaliseListenerSet,
  normaliseReferenceGrant,
} from './gateway-api.ts';
import { normaliseGateway, normaliseVirtualService } from './istio.ts';
import { normaliseBlockAffinity, normaliseCiliumNode } from './cni.ts';
import { changesListeners, normaliseEnvoyFilter, normaliseIngress } from './envoy-filter.ts';
import { isMeshConfig, normaliseMeshConfig } from './mesh-config.ts';
import { hasEnded, normalisePod } from './pod.ts';
import { readList, readRecord, stringMap, readText } from './read.ts';

type List = keyof ObjectLists;
/** A typed object and its list in {@link ObjectLists}. */
export type Normalised = {
  readonly [K in List]: { readonly of: K; readonly object: ObjectLists[K][number] };
}[List];

interface KindRow {
  /** Versions whose fields Sluice reads in the same way. */
  readonly versions: readonly string[];
  /** Tolerant: fields of a wrong type are left out; only the mesh configuration throws. */
  readonly normalise: (raw: unknown) => Normalised;
  /** The reason why an object of this kind is ignored. */
  readonly ignore?: (raw: JsonObject) => string | undefined;
}

const ISTIO_VERSIONS = ['v1', 'v1beta1', 'v1alpha3'];
const API_VERSIONS = ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'];
const API_GROUP = 'gateway.networking.k8s.io';

/** F5's controllers and the watcher select ConfigMaps by this label. */
function isF5ConfigMap(raw: JsonObject): boolean {
  return stringMap(readRecord(raw['metadata'])['labels'])['f5type'] === 'virtual-server';
}

function route(kind: 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute' | 'UDPRoute'): KindRow {
  return {
    versions: API_VERSIONS,
    normalise: (raw) => ({ of: 'apiRoutes', object: normaliseApiRoute(raw, kind) }),
  };
}

/** By `group/kind`; the core group is empty. */
const KINDS: Readonly<Record<string, KindRow>> = {
  'networking.istio.io/Gateway': {
    versions: ISTIO_VERSIONS,
    normalise: (raw) => ({ of: 'gateways', object: normaliseGateway(raw) }),
  },
  'networking.istio.io/VirtualService': {
    versions: ISTIO_VERSIONS,
    normalise: (raw) => ({ of: 'virtualServices', object: normaliseVirtualService(raw) }),
  },
  'networking.istio.io/EnvoyFilter': {
    versions: ISTIO_VERSIONS,
    normalise: (raw) => ({ of: 'envoyFilters', object: normaliseEnvoyFilter(raw) }),
    ignore: (raw) => (changesListeners(raw) ? undefined : 'it changes no listener of a gateway'),
  },
  'networking.k8s.io/Ingress': {
    versions: ['v1'],
    normalise: (raw) => ({ of: 'ingresses', object: normaliseIngress(raw) }),
  },
  '/Service': {
    versions: ['v1'],
    normalise: (raw) => ({ of: 'services', object: normaliseService(raw) }),
  },
  '/Pod': {
    versions: ['v1'],
    normalise: (raw) => ({ of: 'pods', object: normalisePod(raw) }),
    ignore: (raw) => (hasEnded(raw) ? 'the pod has ended' : undefined),
  },
  '/Node': { versions: ['v1'], normalise: (raw) => ({ of: 'nodes', object: normaliseNode(raw) }) },
  '/Namespace': {
    versions: ['v1'],
    normalise: (raw) => ({ of: 'namespaces', object: normaliseNamespace(raw) }),
  },
  '/ConfigMap': {
    versions: ['v1'],
    normalise: (raw) =>
      isMeshConfig(readRecord(raw))
        ? { of: 'meshConfigs', object: normaliseMeshConfig(raw) }
        : { of: 'configMaps', object: normaliseConfigMap(raw) },
    ignore: (raw) =>
      isF5ConfigMap(raw) || isMeshConfig(raw)
        ? undefined
        : 'it has no label f5type: virtual-server, so it is not an F5 ConfigMap',
  },
  'cilium.io/CiliumNode': {
    versions: ['v2'],
    normalise: (raw) => ({ of: 'ciliumNodes', object: normaliseCiliumNode(raw) }),
  },
  'crd.projectcalico.org/BlockAffinity': {
    versions: ['v1'],
    normalise: (raw) => ({ of: 'blockAffinities', object: normaliseBlockAffinity(raw) }),
  },
  'projectcalico.org/BlockAffinity': {
    versions: ['v3'],
    normalise: (raw) => ({ of: 'blockAffinities', object: normaliseBlockAffinity(raw) }),
  },
  'discovery.k8s.io/EndpointSlice': {
    versions: ['v1', 'v1beta1'],
    normalise: (raw) => ({ of: 'endpointSlices', object: normaliseEndpointSlice(raw) }),
  },
  [`${API_GROUP}/Gateway`]: {
    versions: API_VERSIONS,
    normalise: (raw) => ({ of: 'apiGateways', object: normaliseApiGateway(raw) }),
  },
  [`${API_GROUP}/ListenerSet`]: {
    versions: API_VERSIONS,
    normalise: (raw) => ({ of: 'listenerSets', object: normaliseListenerSet(raw) }),
  },
  'gateway.networking.x-k8s.io/XListenerSet': {
    versions: ['v1alpha1'],
    normalise: (raw) => ({ of: 'listenerSets', object: normaliseListenerSet(raw) }),
  },
  [`${API_GROUP}/ReferenceGrant`]: {
    versions: API_VERSIONS,
    normalise: (raw) => ({ of: 'referenceGrants', object: normaliseReferenceGrant(raw) }),
  },
  [`${API_GROUP}/HTTPRoute`]: route('HTTPRoute'),
  [`${API_GROUP}/GRPCRoute`]: route('GRPCRoute'),
  [`${API_GROUP}/TLSRoute`]: route('TLSRoute'),
  [`${API_GROUP}/TCPRoute`]: route('TCPRoute'),
  [`${API_GROUP}/UDPRoute`]: route('UDPRoute'),
};

/** What identifies the kind of an object in a file. */
export interface KindRef {
  /** `group/version`, or the version alone for the core group. */
  readonly apiVersion: string;
  readonly kind: string;
}

/** Group and version; the core group has no slash. */
function split(apiVersion: string): readonly [string, string] {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}

/** The row, or the reason why there is none, as a predicate for messages. */
function rowOf({ apiVersion, kind }: KindRef): KindRow | string {
  const [group, version] = split(apiVersion);
  const row = KINDS[`${group}/${kind}`];
  if (row === undefined) return `${apiVersion} ${kind} does not affect the port mapping`;
  return row.versions.includes(version)
    ? row
    : `version ${version} is not supported; use one of ${row.versions.join(', ')}`;
}

/** Converts one object of a known kind and version; undefined for all others. */
export function normalise(ref: KindRef, raw: unknown): Normalised | undefined {
  const row = rowOf(ref);
  return typeof row === 'string' ? undefined : row.normalise(raw);
}

/** An object that was left out, with the reason. */
export interface Ignored {
  readonly kind: string;
  /** `namespace/name`, or the name of an object without a namespace; empty if it has none. */
  readonly name: string;
  readonly reason: string;
}

interface Typed {
  readonly ref: KindRef;
  readonly raw: JsonObject;
}

/** The kind of the items of `PodList` is `Pod`; a plain `List` says nothing about its items. */
function itemsKind({ apiVersion, kind }: KindRef): KindRef | undefined {
  return kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -'List'.length) };
}

/** Items of a List of one kind lack kind and apiVersion if the API server wrote it. */
function flatten(
  value: unknown,
  inherited: KindRef = { apiVersion: '', kind: '' },
): (Typed | Ignored)[] {
  if (value === null || value === undefined) return [];
  if (!isJsonObject(value)) return [{ kind: '', name: '', reason: 'it is not an object' }];
  const ref = {
    apiVersion: readText(value['apiVersion']) ?? inherited.apiVersion,
    kind: readText(value['kind']) ?? inherited.kind,
  };
  if (!ref.kind.endsWith('List') || !Array.isArray(value['items'])) return [{ ref, raw: value }];
  return readList(value['items']).flatMap((item) => flatten(item, itemsKind(ref)));
}

function nameOf(raw: JsonObject): string {
  const { namespace, name } = readRecord(raw['metadata']);
  return [readText(namespace), readText(name) ?? ''].filter((part) => part !== undefined).join('/');
}

/** A domain object, or the reason why the object is left out. */
function read({ ref, raw }: Typed): Normalised | Ignored {
  const row = rowOf(ref);
  const why = (reason: string): Ignored => ({ kind: ref.kind, name: nameOf(raw), reason });
  if (typeof row === 'string') return why(row);
  if ((readText(readRecord(raw['metadata'])['name']) ?? '') === '')
    return why('metadata.name is missing');
  const ignored = row.ignore?.(raw);
  if (ignored !== undefined) return why(ignored);
  try {
    return row.normalise(raw);
  } catch (error) {
    // Only the mesh configuration is strict: half of it would be another one.
    return why(`it cannot be read: ${shorten(errorMessage(error), 300)}`);
  }
}

function empty(): ObjectLists {
  return {
    gateways: [],
    virtualServices: [],
    services: [],
    pods: [],
    nodes: [],
    endpointSlices: [],
    configMaps: [],
    apiGateways: [],
    listenerSets: [],
    apiRoutes: [],
    namespaces: [],
    referenceGrants: [],
    meshConfigs: [],
    ingresses: [],
    envoyFilters: [],
    ciliumNodes: [],
    blockAffinities: [],
  };
}

/** Typed so that an object can only get into the list of its own kind. */
function addTo<K extends List>(objects: ObjectLists, of: K, object: ObjectLists[K][number]): void {
  const into: ObjectLists[K][number][] = objects[of];
  into.push(object);
}

/** Kinds without any object that count as not read. */
const INCOMPLETE: ReadonlySet<string> = new Set<keyof OptionalKinds>([
  'referenceGrants',
  'ciliumNodes',
  'blockAffinities',
]);

/**
 * Files are rarely complete: without any object of a kind, its absence must not refuse anything.
 */
function optionalIn(lists: OptionalLists): OptionalKinds {
  return Object.fromEntries(
    Object.entries(lists).filter(([kind, list]) => list.length > 0 || !INCOMPLETE.has(kind)),
  );
}

/** Never throws: unusable objects are in `ignored`, with the reason. */
export function normaliseObjects(raw: readonly unknown[]): {
  objects: KubernetesObjects;
  ignored: Ignored[];
} {
  const objects = empty();
  const ignored: Ignored[] = [];
  for (const one of raw.flatMap((value) => flatten(value))) {
    const result = 'raw' in one ? read(one) : one;
    if ('of' in result) addTo(objects, result.of, result.object);
    else ignored.push(result);
  }
  const { referenceGrants, meshConfigs, ingresses, envoyFilters, ...rest } = objects;
  const { ciliumNodes, blockAffinities, ...lists } = rest;
  const optionalKinds = optionalIn({
    referenceGrants,
    meshConfigs,
    ingresses,
    envoyFilters,
    ciliumNodes,
    blockAffinities,
  });
  return { objects: { ...lists, optionalKinds }, ignored };
}
