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
  readonly namespaced?: false;
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
  { ...CORE, kind: 'Service', plural: 'services' },
  { ...CORE, kind: 'Pod', plural: 'pods' },
  { ...CORE, kind: 'Node', plural: 'nodes', namespaced: false },
  { ...CORE, kind: 'Namespace', plural: 'namespaces', namespaced: false },
  { ...CORE, kind: 'ConfigMap', plural: 'configmaps', labelSelector: 'f5type' },
  { group: 'discovery.k8s.io', versions: ['v1'], kind: 'EndpointSlice', plural: 'endpointslices' },
  { ...API, kind: 'Gateway', plural: 'gateways' },
  { ...API, kind: 'ListenerSet', plural: 'listenersets' },
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind) => ({
    ...API,
    kind,
    plural: `${kind.toLowerCase()}s`,
  })),
];

/**
 * Skips kinds that the cluster does not serve. A missing permission is an error, because an
 * incomplete view would be misleading.
 */
export async function readCluster(kubeconfig: string | undefined): Promise<KubernetesObjects> {
  const client = clientOf(kubeconfig);
  const list = async ({
    labelSelector,
    namespaced,
    ...kind
  }: Kind): Promise<readonly RawObject[]> => {
    const version = await client.discover(kind);
    if (version === undefined) return [];
    const selection: Selection = labelSelector === undefined ? {} : { labelSelector };
    const found: RawObject[] = [];
    for await (const page of client.pages(
      { ...kind, version, namespaced: namespaced ?? true },
      selection,
    ))
      found.push(...page.items);
    return found;
  };
  try {
    return normaliseObjects((await Promise.all(KINDS.map(list))).flat()).objects;
  } finally {
    await client.close();
  }
}

/**
 * The first line describes the error; the other lines of a parser error quote the file, which
 * contains credentials.
 */
function clientOf(kubeconfig: string | undefined): ReturnType<typeof createKubernetesClient> {
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
