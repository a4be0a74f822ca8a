/** Reads the objects of a cluster once. */
import { normaliseObjects } from '../../kubernetes/objects/index.ts';
import { createKubernetesClient } from '../../kubernetes/index.ts';
import type { RawObject, Selection } from '../../kubernetes/index.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';

interface Kind {
  readonly group: string;
  readonly versions: readonly string[];
  readonly plural: string;
  readonly kind: string;
  readonly namespaced?: boolean;
  /** Only objects in the namespaces of ingresses are relevant. */
  readonly local?: true;
  readonly labelSelector?: string;
}

const ISTIO = { group: 'networking.istio.io', versions: ['v1', 'v1beta1', 'v1alpha3'] };
const CORE = { group: '', versions: ['v1'] };
const API = {
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'],
};

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
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind) => ({
    ...API,
    kind,
    plural: `${kind.toLowerCase()}s`,
  })),
];

type Client = ReturnType<typeof createKubernetesClient>;

/**
 * Skips kinds that the cluster does not serve. A missing permission is an error, because an
 * incomplete view would be misleading. With `namespaces`, kinds that are relevant only beside an
 * ingress are read only there, as the watcher does.
 */
export async function readCluster(
  kubeconfig: string | undefined,
  namespaces?: readonly string[],
): Promise<KubernetesObjects> {
  const client = openCluster(kubeconfig);
  const list = async (kind: Kind): Promise<readonly RawObject[]> => {
    const version = await client.discover(kind);
    if (version === undefined) return [];
    const places = kind.local === undefined ? undefined : namespaces;
    const lists = (places ?? [undefined]).map((namespace) =>
      listKind(client, { ...kind, version }, namespace),
    );
    return (await Promise.all(lists)).flat();
  };
  try {
    return normaliseObjects((await Promise.all(KINDS.map(list))).flat()).objects;
  } finally {
    await client.close();
  }
}

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
    const [said] = errorMessage(error).split('\n');
    throw new Error(
      `${kubeconfig === undefined ? 'the default kubeconfig' : `--kubeconfig ${kubeconfig}`} cannot be used: ${said}`,
      { cause: error },
    );
  }
}
