/** What a cluster says about the paths to its pods, read once with a kubeconfig. */
import * as z from 'zod';
import type { ClusterConfig, SluiceConfig } from '../../../config/schema.ts';
import { cniObjectsOf } from '../../../domain/paths/network-config.ts';
import { mergePaths, type Path } from '../../../domain/paths/path.ts';
import type { Node } from '../../../domain/snapshot/objects.ts';
import { NODES } from '../../../kubernetes/index.ts';
import { normaliseNode } from '../../../kubernetes/objects/index.ts';
import { TUNNEL_CNIS, type TunnelCni } from '../../network/tunnel-cnis.ts';
import { offlineIngresses, type OfflineIngress } from '../../offline/ingresses.ts';
import { type CniSettings, readSettings } from './cni-settings.ts';
import { openCluster, readCluster } from '../../objects/read-cluster.ts';

/** A node with the cloud that runs it, as the cloud's controller wrote it. */
export interface SeenNode {
  readonly node: Node;
  /** `aws:///eu-central-1a/i-0abc`; undefined outside of clouds. */
  readonly providerId: string | undefined;
}

/** The network side of one cluster. */
export interface ClusterNetwork {
  readonly nodes: readonly SeenNode[];
  /** The CNI to whose nodes tunnels lead; undefined with routes, or if nothing shows it. */
  readonly cni: TunnelCni['name'] | undefined;
  /** Its ConfigMap. */
  readonly settings: CniSettings | undefined;
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
    ...(await readMore(kubeconfig, (nodes) => tunnelCni(cluster, ingresses, nodes))),
    pathsOn: (device) => mergePaths(on(device).flatMap(({ built }) => built.reach?.paths ?? [])),
    snatOn: (device) =>
      on(device).flatMap(({ built }) => built.exposures.map(({ settings }) => settings.snat)),
  };
}

/** As the configuration says, or as the paths of the pods do, or the nodes while there are none. */
function tunnelCni(
  { network: { mode, from } }: ClusterConfig,
  ingresses: readonly OfflineIngress[],
  nodes: readonly SeenNode[],
): TunnelCni['name'] | undefined {
  if (mode !== 'vxlan') return undefined;
  const paths = ingresses.flatMap(({ built }) => built.reach?.paths ?? []);
  const networks = nodes.map(({ node }) => node.network);
  return (['flannel', 'cilium'] as const).find((name) => {
    if (from !== 'auto') return from === name;
    return paths.length > 0
      ? paths.some(({ source }) => source === name)
      : networks.some((one) => one?.[name] !== undefined);
  });
}

/** What only this command reads. */
async function readMore(
  kubeconfig: string,
  cniOf: (nodes: readonly SeenNode[]) => TunnelCni['name'] | undefined,
): Promise<Pick<ClusterNetwork, 'nodes' | 'cni' | 'settings'>> {
  const client = openCluster(kubeconfig);
  try {
    const nodes: SeenNode[] = [];
    for await (const { items } of client.pages(NODES))
      for (const raw of items)
        nodes.push({
          node: normaliseNode(raw),
          providerId: Provided.safeParse(raw).data?.spec.providerID,
        });
    const cni = cniOf(nodes);
    const settings = cni && (await readSettings(client, TUNNEL_CNIS[cni]));
    return { nodes, cni, settings };
  } finally {
    await client.close();
  }
}

const Provided = z.object({ spec: z.object({ providerID: z.string().max(512) }) });
