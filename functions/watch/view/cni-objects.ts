/** Pure: what objects of CNIs say about the networks of the pods of an ingress. */
import { type Ip, inCidr, parseCidr, parseIp } from '../../../shared/domain/net/ip.ts';
import type { BlockAffinity, CiliumNode } from '../../../shared/domain/snapshot/node-network.ts';
import type { OptionalKinds, Pod } from '../../../shared/domain/snapshot/objects.ts';
import type { ClusterIndex } from '../cache/cluster-index.ts';
import { sortedObjects } from '../cache/indexer.ts';

/** Unreadable blocks of one node that a snapshot has at most; a few are enough to name the fault. */
const MAX_BLOCKS = 64;

type Index = Pick<ClusterIndex, 'blockAffinities' | 'ciliumNodes' | 'read'>;

/**
 * The kinds that were read, reduced to the networks that contain a pod of their node, or cannot be
 * read: networks come and go with pods of others, and that must not make snapshots.
 */
export function cniObjects(
  pods: readonly Pod[],
  { blockAffinities, ciliumNodes, read }: Index,
): Pick<OptionalKinds, 'blockAffinities' | 'ciliumNodes'> {
  if (!read.has('ciliumNodes') && !read.has('blockAffinities')) return {};
  const byNode = Map.groupBy(pods, ({ nodeName }) => nodeName);
  const nodes = [...byNode]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, on]) => ({
      name,
      matters: matterTo(on.flatMap(({ ips }) => ips.flatMap((text) => parseIp(text) ?? []))),
    }));
  return {
    ...(read.has('ciliumNodes') && {
      ciliumNodes: nodes.flatMap(({ name, matters }): CiliumNode[] => {
        const found = ciliumNodes.get(name);
        return found === undefined ? [] : [{ ...found, networks: found.networks.filter(matters) }];
      }),
    }),
    ...(read.has('blockAffinities') && {
      blockAffinities: nodes.flatMap(({ name, matters }): BlockAffinity[] =>
        sortedObjects(blockAffinities.in(name))
          .filter(({ cidr }) => cidr !== undefined && matters(cidr))
          .slice(0, MAX_BLOCKS),
      ),
    }),
  };
}

/** Whether a network contains one of the addresses, or is none. */
function matterTo(ips: readonly Ip[]): (network: string) => boolean {
  return (text) => {
    const network = parseCidr(text);
    return network === undefined || ips.some((ip) => inCidr(ip, network));
  };
}
