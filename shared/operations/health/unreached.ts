/**
 * Members that are down in a way that points to the path and not to the pods. Pure: nothing is
 * concluded from routes that are not there, because BGP or a default route may lead to pods.
 */
import type { ClusterConfig, SluiceConfig } from '../../config/schema.ts';
import { withoutRouteDomain } from '../../domain/net/cluster-networks.ts';
import { firstNamed } from '../../domain/text/counts.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { type NetworkNote, refusedPaths } from './refused-paths.ts';
import { memberKey } from '../devices/path-view.ts';
import type { AnsweringPartition, DeclaredPartitionView } from '../devices/partition-view.ts';

/** The node of a pod, by the pod's address without route domain; undefined if it is not known. */
export type NodeOf = (cluster: string, address: string) => string | undefined;

/** A pod as a member of one exposure. */
interface PodMember {
  readonly device: string;
  readonly cluster: string;
  readonly exposure: string;
  readonly address: string;
  readonly state: 'up' | 'down' | 'unknown';
}

/**
 * Paths to nodes first: they are more exact than what concerns a whole cluster. Without `nodeOf`,
 * the nodes are those that the paths of the devices name.
 */
export function networkNotes(
  config: SluiceConfig,
  declared: readonly DeclaredPartitionView[],
  nodeOf: NodeOf = nodesOfPaths(declared),
): readonly NetworkNote[] {
  const answered = declared.filter((one) => 'state' in one);
  const members = answered.flatMap((one) => podMembers(config, one));
  const places = Map.groupBy(members, ({ device, cluster }) => JSON.stringify([device, cluster]));
  const all = [...places.values()];
  return [
    ...refusedPaths(answered),
    ...all.flatMap((here) => lostNodes(here, nodeOf)),
    ...all.flatMap((here) => darkPools(config, here)),
  ];
}

/** Looks a member's node up in the journals of all devices; undefined if none has it. */
function nodesOfPaths(declared: readonly DeclaredPartitionView[]): NodeOf {
  const known = declared.flatMap((one) =>
    'state' in one && one.paths !== undefined ? [one.paths.nodes] : [],
  );
  return (cluster, address) =>
    known.map((nodes) => nodes.get(memberKey(cluster, address))).find((one) => one !== undefined);
}

/** Members of ingresses with `members: pods`, with what their monitors say. */
function podMembers(
  config: SluiceConfig,
  { device, state, health = [] }: AnsweringPartition,
): readonly PodMember[] {
  const states = new Map(
    health.map((one) => [`${one.exposure} ${one.address} ${one.port}`, one.state]),
  );
  return Object.entries(state.exposures).flatMap(([exposure, { contributions }]) =>
    contributions.flatMap(({ owner, members }) => {
      const { cluster, ingress } = parseOwner(owner);
      const isOfPods = config.ingresses.some(
        (one) =>
          one.cluster === cluster &&
          one.service === `${ingress.namespace}/${ingress.service}` &&
          one.members === 'pods',
      );
      return isOfPods
        ? members.flatMap(({ address, port }): readonly PodMember[] => {
            const found = states.get(`${exposure} ${address} ${port}`);
            return found === undefined
              ? []
              : [{ device, cluster, exposure, address: withoutRouteDomain(address), state: found }];
          })
        : [];
    }),
  );
}

/** All members behind one node are down, and others are up. */
function lostNodes(here: readonly PodMember[], nodeOf: NodeOf): readonly NetworkNote[] {
  if (!here.some(({ state }) => state === 'up')) return [];
  const byNode = Map.groupBy(here, ({ cluster, address }) => nodeOf(cluster, address));
  return [...byNode].flatMap(([node, members]): readonly NetworkNote[] => {
    const [first] = members;
    if (node === undefined || first === undefined) return [];
    if (!members.every(({ state }) => state === 'down')) return [];
    const { device, cluster } = first;
    const addresses = [...new Set(members.map(({ address }) => address))].sort();
    return [
      {
        device,
        cluster,
        code: 'BIP487',
        exposures: exposuresOf(members),
        message:
          `path to node ${node}: all members behind it (${firstNamed(addresses)}) are down on ` +
          `${device}, and others of ${cluster} are up; check the node and BIG-IP's path to it ` +
          `("sluice doctor -k KUBECONFIG --cluster ${cluster}")`,
      },
    ];
  });
}

function exposuresOf(members: readonly PodMember[]): readonly string[] {
  return [...new Set(members.map(({ exposure }) => exposure))].sort();
}

/** What all members of a cluster on one device say about the way to its pods. */
function darkPools({ clusters }: SluiceConfig, here: readonly PodMember[]): readonly NetworkNote[] {
  const [first] = here;
  const cluster = clusters.find(({ id }) => id === first?.cluster);
  if (first === undefined || cluster === undefined) return [];
  const isDark = (members: readonly PodMember[]): boolean =>
    members.every(({ state }) => state === 'down');
  if (cluster.network.mode !== 'none')
    return isDark(here) ? [brokenPaths(first, exposuresOf(here))] : [];
  // Nothing but the members shows whether BIG-IP reaches pods.
  const dark = [...Map.groupBy(here, ({ exposure }) => exposure)]
    .filter(([, members]) => isDark(members))
    .map(([exposure]) => exposure)
    .sort();
  return dark.length === 0 ? [] : [noteOf(first.device, cluster, dark)];
}

/** If one pod is reached, its path and the way back are in order. */
function brokenPaths({ device, cluster }: PodMember, exposures: readonly string[]): NetworkNote {
  return {
    device,
    cluster,
    code: 'BIP486',
    exposures,
    message:
      `all pods of ${cluster} are down on ${device}: the paths to them or the way back may be ` +
      `broken; "sluice drift" compares the paths, and "sluice doctor -k KUBECONFIG --cluster ` +
      `${cluster}" the rest`,
  };
}

/** One for all pools, because they have one cause. */
function noteOf(device: string, { id }: ClusterConfig, dark: readonly string[]): NetworkNote {
  return {
    device,
    cluster: id,
    code: 'BIP486',
    exposures: dark,
    message:
      `all pods of ${id} behind ${firstNamed(dark)} are down on ${device}: BIG-IP may have no path ` +
      'to them. If nothing else routes pod addresses, use clusters[].network.mode: routes or ' +
      'vxlan, or members: nodes (docs/operations/networks.md)',
  };
}
