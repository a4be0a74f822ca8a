/**
 * Refuses overlapping networks of clusters on one device in one route domain: BIG-IP would treat
 * two pods as one node.
 */
import { cidrsOverlap, parseCidr } from '../domain/net/ip.ts';
import type { ConfigProblem } from './error.ts';
import type { ClusterConfig, SluiceConfig } from './schema.ts';

/**
 * A network used on a device: of pods or of nodes, depending on the members of the cluster's
 * ingresses there.
 */
interface Claim {
  /** Of the key in sluice.yaml, for the message. */
  readonly path: string;
  /** The network as it is written there. */
  readonly text: string;
  readonly cluster: ClusterConfig;
  readonly kind: 'pods' | 'nodes';
}

/** Compares each pair of clusters that share a device and route domain. */
export function networkProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const told = new Set<string>();
  return config.devices.flatMap(({ name }) => {
    const claims = config.clusters.flatMap((cluster, i) => claimsOn(config, name, { cluster, i }));
    return claims.flatMap((claim, k) => {
      const other = claims.slice(0, k).find((earlier) => clash(earlier, claim));
      if (other === undefined || told.has(claim.path)) return [];
      told.add(claim.path);
      return [{ path: claim.path, message: sentence(claim, other, name) }];
    });
  });
}

/**
 * The networks that a cluster uses on the device. Nodes count in both cases, because gateway pods
 * on the host network have their addresses.
 */
function claimsOn(
  { ingresses }: SluiceConfig,
  device: string,
  { cluster, i }: { readonly cluster: ClusterConfig; readonly i: number },
): readonly Claim[] {
  const kinds = new Set(
    ingresses
      .filter((ingress) => ingress.cluster === cluster.id && ingress.devices.includes(device))
      .map(({ members }) => members),
  );
  const of = (kind: Claim['kind'], field: 'podNetworks' | 'nodeNetworks'): readonly Claim[] =>
    cluster[field].map((text, k) => ({
      path: `clusters[${i}].${field}[${k}]`,
      text,
      cluster,
      kind,
    }));
  return [
    ...(kinds.has('pods') ? of('pods', 'podNetworks') : []),
    ...(kinds.size > 0 ? of('nodes', 'nodeNetworks') : []),
  ];
}

/** Nodes of several clusters may share a network, because each node has its own address there. */
function clash(a: Claim, b: Claim): boolean {
  if (
    a.cluster.id === b.cluster.id ||
    a.cluster.routeDomain !== b.cluster.routeDomain ||
    (a.kind === 'nodes' && b.kind === 'nodes')
  )
    return false;
  const [x, y] = [parseCidr(a.text), parseCidr(b.text)];
  return x !== undefined && y !== undefined && cidrsOverlap(x, y);
}

/** Names both clusters, the place of the other network, and the two remedies. */
function sentence(claim: Claim, other: Claim, device: string): string {
  const { routeDomain, id } = claim.cluster;
  return (
    `${claim.text} of cluster ${id} overlaps ${other.text} of cluster ${other.cluster.id} ` +
    `(${other.path}), and both clusters use device ${device} in route domain ${routeDomain}; ` +
    'give one of the clusters another clusters[].routeDomain, or other devices'
  );
}
