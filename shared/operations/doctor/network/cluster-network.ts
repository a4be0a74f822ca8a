/** What a cluster says about the paths to its pods, read once with a kubeconfig. */
import * as z from 'zod';
import type { ClusterConfig, SluiceConfig } from '../../../config/schema.ts';
import { cniObjectsOf } from '../../../domain/paths/network-config.ts';
import { mergePaths, type Path } from '../../../domain/paths/path.ts';
import type { Node } from '../../../domain/snapshot/objects.ts';
import {
  CONFIG_MAPS,
  KubernetesError,
  type KubernetesClient,
  NODES,
  type RawObject,
} from '../../../kubernetes/index.ts';
import { normaliseNode } from '../../../kubernetes/objects/index.ts';
import { offlineIngresses, type OfflineIngress } from '../../offline/ingresses.ts';
import { openCluster, readCluster } from '../../objects/read-cluster.ts';

/** A node with the cloud that runs it, as the cloud's controller wrote it. */
export interface SeenNode {
  readonly node: Node;
  /** `aws:///eu-central-1a/i-0abc`; undefined outside of clouds. */
  readonly providerId: string | undefined;
}

/** Values of Cilium's configuration, or why there are none. */
export type CiliumValues =
  { readonly values: Readonly<Record<string, string>> } | { readonly unread: string };

/** The network side of one cluster. */
export interface ClusterNetwork {
  readonly nodes: readonly SeenNode[];
  /** Undefined unless it was asked for. */
  readonly cilium: CiliumValues | undefined;
  /** Of the ingresses on the device, with `members: pods`. */
  pathsOn(device: string): readonly Path[];
  /** `settings.snat` of the exposures on the device. */
  snatOn(device: string): readonly string[];
}

/** Rejects with a KubernetesError if the cluster cannot be read. */
export async function readClusterNetwork(
  config: SluiceConfig,
  cluster: ClusterConfig,
  kubeconfig: string,
): Promise<ClusterNetwork> {
  const namespaces = config.ingresses
    .filter((one) => one.cluster === cluster.id)
    .map(({ service }) => service.split('/')[0] ?? '');
  const { objects } = await readCluster(kubeconfig, {
    namespaces: [...new Set(namespaces)],
    mesh: cluster.mesh,
    network: cniObjectsOf(cluster.network),
  });
  const where = { config, clusterId: cluster.id, mesh: cluster.mesh };
  const { ingresses } = offlineIngresses(objects, where);
  const on = (device: string): readonly OfflineIngress[] =>
    ingresses.filter(({ devices }) => devices.includes(device));
  return {
    ...(await readMore(kubeconfig, isOfCilium(cluster, ingresses))),
    pathsOn: (device) => mergePaths(on(device).flatMap(({ built }) => built.reach?.paths ?? [])),
    snatOn: (device) =>
      on(device).flatMap(({ built }) => built.exposures.map(({ settings }) => settings.snat)),
  };
}

/** Whether the tunnels of the cluster lead to Cilium's nodes. */
function isOfCilium(
  { network: { mode, from } }: ClusterConfig,
  ingresses: readonly OfflineIngress[],
): boolean {
  const paths = ingresses.flatMap(({ built }) => built.reach?.paths ?? []);
  return (
    mode === 'vxlan' &&
    (from === 'cilium' || (from === 'auto' && paths.some(({ source }) => source === 'cilium')))
  );
}

/** What only this command reads. */
async function readMore(
  kubeconfig: string,
  isCilium: boolean,
): Promise<Pick<ClusterNetwork, 'nodes' | 'cilium'>> {
  const client = openCluster(kubeconfig);
  try {
    const nodes: RawObject[] = [];
    for await (const { items } of client.pages(NODES)) nodes.push(...items);
    return {
      nodes: nodes.map((raw) => ({
        node: normaliseNode(raw),
        providerId: Provided.safeParse(raw).data?.spec.providerID,
      })),
      cilium: isCilium ? await readCilium(client) : undefined,
    };
  } finally {
    await client.close();
  }
}

const Provided = z.object({ spec: z.object({ providerID: z.string().max(512) }) });

/** Texts of a ConfigMap. */
const Values = z.object({ data: z.record(z.string(), z.string()).default({}) });

const CILIUM_CONFIG = { namespace: 'kube-system', name: 'cilium-config' } as const;

/** The shipped roles have no right to read it. */
async function readCilium(client: Pick<KubernetesClient, 'get'>): Promise<CiliumValues> {
  const { namespace, name } = CILIUM_CONFIG;
  try {
    const raw = await client.get(CONFIG_MAPS, name, namespace);
    if (raw === undefined) return { unread: `ConfigMap ${namespace}/${name} does not exist` };
    const read = Values.safeParse(raw);
    return read.success
      ? { values: read.data.data }
      : { unread: `ConfigMap ${namespace}/${name} has no texts` };
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.status !== 403) throw error;
    return { unread: `this account may not read ConfigMap ${namespace}/${name}` };
  }
}
