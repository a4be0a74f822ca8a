/** Reads the objects of a cluster once. */
import { CNI_KINDS } from '../../kubernetes/cni-kinds.ts';
import { isMeshConfig, meshConfigName, normaliseObjects } from '../../kubernetes/objects/index.ts';
import { CONFIG_MAPS, createKubernetesClient, KubernetesError } from '../../kubernetes/index.ts';
import type { RawObject, Selection } from '../../kubernetes/index.ts';
import { describeSystemError } from '../../telemetry/errors.ts';
import { MeshOptions, REVISION_LABEL } from '../../domain/istio/mesh.ts';
import type { CniSource } from '../../domain/paths/network-config.ts';
import type { KubernetesObjects, OptionalKinds } from '../../domain/snapshot/objects.ts';

interface Kind {
  readonly group: string;
  readonly versions: readonly string[];
  readonly plural: string;
  readonly kind: string;
  readonly namespaced?: boolean;
  /** Only objects in the namespaces of ingresses are relevant. */
  readonly local?: true;
  readonly labelSelector?: string;
  /** If it cannot be read, only some information is missing. */
  readonly optional?: keyof OptionalKinds;
}

const ISTIO = { group: 'networking.istio.io', versions: ['v1', 'v1beta1', 'v1alpha3'] };
const CORE = { group: '', versions: ['v1'] };
const API = {
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'],
};

/**
 * Everything that map may use. The versions are in order of preference; the first one that the
 * cluster serves is read.
 */
const KINDS: readonly Kind[] = [
  { ...ISTIO, kind: 'Gateway', plural: 'gateways' },
  { ...ISTIO, kind: 'VirtualService', plural: 'virtualservices' },
  { ...CORE, kind: 'Service', plural: 'services', local: true },
  { ...CORE, kind: 'Pod', plural: 'pods', local: true },
  { ...CORE, kind: 'Node', plural: 'nodes', namespaced: false },
  { ...CORE, kind: 'Namespace', plural: 'namespaces', namespaced: false },
  { ...CORE, kind: 'ConfigMap', plural: 'configmaps', local: true, labelSelector: 'f5type' },
  {
    group: 'discovery.k8s.io',
    versions: ['v1'],
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    local: true,
  },
  { ...API, kind: 'Gateway', plural: 'gateways', local: true },
  { ...API, kind: 'ListenerSet', plural: 'listenersets' },
  { ...API, kind: 'ReferenceGrant', plural: 'referencegrants', optional: 'referenceGrants' },
  { ...ISTIO, kind: 'EnvoyFilter', plural: 'envoyfilters', optional: 'envoyFilters' },
  {
    group: 'networking.k8s.io',
    versions: ['v1'],
    kind: 'Ingress',
    plural: 'ingresses',
    optional: 'ingresses',
  },
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind) => ({
    ...API,
    kind,
    plural: `${kind.toLowerCase()}s`,
  })),
];

/** The client that `createKubernetesClient` returns. */
type Client = ReturnType<typeof createKubernetesClient>;

/** The objects, and which kinds could not be read although some verdicts depend on them. */
export interface ClusterObjects {
  readonly objects: KubernetesObjects;
  readonly notes: readonly string[];
}

/** Which part of the cluster is read. */
export interface ReadClusterOptions {
  /**
   * Kinds that are only relevant next to an ingress are read only in these namespaces, as by the
   * watcher; absent: everywhere.
   */
  readonly namespaces?: readonly string[];
  /** The same, but only if these kinds may not be read everywhere, as with the shipped roles. */
  readonly fallback?: readonly string[];
  /** Whose objects with networks of pods are read. */
  readonly network?: CniSource | undefined;
  /** Where the mesh configuration is, and the revision of pods without a label. */
  readonly mesh?: Pick<MeshOptions, 'rootNamespace' | 'revision'>;
}

/**
 * Skips kinds that the cluster does not serve. A missing permission is an error, because an
 * incomplete view would be misleading; for an optional kind it is a note, as for the watcher.
 */
export async function readCluster(
  kubeconfig: string | undefined,
  { namespaces, fallback = [], mesh = MeshOptions.parse({}), network }: ReadClusterOptions = {},
): Promise<ClusterObjects> {
  const client = openCluster(kubeconfig);
  try {
    const kinds = network === undefined ? KINDS : [...KINDS, CNI_KINDS[network]];
    const lists = await Promise.all(
      kinds.map((kind) => readKind(client, kind, { namespaces, fallback })),
    );
    const raw = lists.flatMap(({ items }) => items);
    const configs = await readMeshConfigs(client, raw, mesh);
    const { objects, ignored } = normaliseObjects([...raw, ...configs.items]);
    const broken = ignored
      .filter(({ kind, name }) => kind === 'ConfigMap' && configs.names.has(name))
      .map(({ name, reason }) => `ConfigMap ${name}: ${reason}`);
    const unread = lists.flatMap(({ unread: of }) => of ?? []);
    return {
      objects: {
        ...objects,
        optionalKinds: onlyRead(
          kinds.flatMap(({ optional }) => optional ?? []),
          objects.optionalKinds ?? {},
          unread,
        ),
      },
      notes: [
        ...narrowNote(lists, fallback),
        ...[...lists, configs].flatMap(({ note }) => note ?? []),
        ...broken,
      ],
    };
  } finally {
    await client.close();
  }
}

/** What came of reading one kind. */
interface Reading {
  readonly items: readonly RawObject[];
  /** An optional kind that was not read, because it is not served or not permitted. */
  readonly unread?: keyof OptionalKinds;
  /** A kind that was read only in the namespaces of the fallback. */
  readonly narrow?: string;
  readonly note?: string;
}

/** Where kinds are read that are relevant only next to an ingress. */
type Places = Required<Pick<ReadClusterOptions, 'fallback'>> &
  Pick<{ readonly namespaces: readonly string[] | undefined }, 'namespaces'>;

/**
 * Reads one kind in the first version that is served. If it is forbidden: an optional kind becomes
 * a note, a local kind is read in the fallback namespaces, and any other is an error.
 */
async function readKind(
  client: Client,
  { optional, ...kind }: Kind,
  { namespaces, fallback }: Places,
): Promise<Reading> {
  const unread = optional === undefined ? {} : { unread: optional };
  const served = await client.discover(kind);
  if (served === undefined) return { items: [], ...unread };
  const name = served.group === '' ? kind.plural : `${kind.plural}.${served.group}`;
  const readIn = async (places: readonly (string | undefined)[]): Promise<readonly RawObject[]> =>
    (await Promise.all(places.map((one) => listKind(client, { ...kind, ...served }, one)))).flat();
  try {
    return { items: await readIn((kind.local && namespaces) ?? [undefined]) };
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (optional !== undefined) return { items: [], ...unread, note: noteOf(name, error) };
    if (kind.local === undefined || namespaces !== undefined) throw error;
    if (fallback.length === 0) throw withHint(error);
    return { items: await readIn(fallback), narrow: name };
  }
}

/** Adds the way out to the message of the API server. */
function withHint(error: KubernetesError): Error {
  return new Error(
    `${error.message}; with -c sluice.yaml, only the namespaces of its ingresses are read`,
    { cause: error },
  );
}

/** One note for all kinds that were read only in part, because it has one cause. */
function narrowNote(lists: readonly Reading[], namespaces: readonly string[]): readonly string[] {
  const kinds = lists.flatMap(({ narrow }) => narrow ?? []);
  if (kinds.length === 0) return [];
  return [
    `${kinds.join(', ')} were read only in ${namespaces.join(', ')}, because this account may not read them elsewhere`,
  ];
}

/** The mesh ConfigMaps of the revisions that serve the pods. A missing one sets nothing. */
async function readMeshConfigs(
  client: Client,
  raw: readonly RawObject[],
  { rootNamespace, revision }: Pick<MeshOptions, 'rootNamespace' | 'revision'>,
): Promise<Reading & { readonly names: ReadonlySet<string> }> {
  const labels = raw
    .filter(({ kind }) => kind === 'Pod')
    .map(({ metadata }) => metadata.labels?.[REVISION_LABEL] ?? revision);
  const wanted = [...new Set([revision, ...labels])].map(meshConfigName);
  const names = new Set(wanted.map((name) => `${rootNamespace}/${name}`));
  const found: RawObject[] = [];
  try {
    for (const name of wanted) {
      const one = await client.get(CONFIG_MAPS, name, rootNamespace);
      if (one !== undefined && isMeshConfig(one)) found.push(one);
    }
    return { items: found, names };
  } catch (error) {
    if (!isRefused(error)) throw error;
    return { items: [], names, note: noteOf(`ConfigMap ${[...names].join(', ')}`, error) };
  }
}

/** 403: the account is known, but lacks the permission. */
function isRefused(error: unknown): error is KubernetesError {
  return error instanceof KubernetesError && error.status === 403;
}

/** The note about an optional kind. */
function noteOf(what: string, error: KubernetesError): string {
  return `${what} cannot be read, so nothing is judged by it: ${error.message}`;
}

/**
 * Kinds that were not read are absent, so that missing objects prove nothing; kinds that were read
 * may be empty.
 */
function onlyRead(
  asked: readonly (keyof OptionalKinds)[],
  found: OptionalKinds,
  unread: readonly (keyof OptionalKinds)[],
): OptionalKinds {
  const all = { ...Object.fromEntries(asked.map((kind) => [kind, []])), ...found };
  return Object.fromEntries(
    Object.entries(all).filter(([of]) => !unread.some((one) => one === of)),
  );
}

/** Reads page by page, so that a large cluster does not exceed the limit of one answer. */
async function listKind(
  client: Client,
  { labelSelector, namespaced = true, ...kind }: Kind & { readonly version: string },
  namespace: string | undefined,
): Promise<readonly RawObject[]> {
  const selection: Selection = { labelSelector, namespace };
  const found: RawObject[] = [];
  for await (const page of client.pages({ ...kind, namespaced }, selection))
    found.push(...page.items);
  return found;
}

/**
 * A client of the cluster behind a kubeconfig; close it. Throws with its name if it is unusable.
 * The first line describes the error; the other lines of a parser error quote the file, which
 * contains credentials.
 */
export function openCluster(kubeconfig: string | undefined): Client {
  try {
    return createKubernetesClient(kubeconfig === undefined ? {} : { kubeconfig });
  } catch (error) {
    const [said] = describeSystemError(error).split('\n');
    throw new Error(
      `${kubeconfig === undefined ? 'the default kubeconfig' : `--kubeconfig ${kubeconfig}`} cannot be used: ${said}`,
      { cause: error },
    );
  }
}
