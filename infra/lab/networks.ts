/**
 * The way from BIG-IP to pods, as CNIs make it: what they write into Nodes, and which packets a
 * node takes. What Sluice writes on BIG-IP is right if packets arrive here.
 */
import type { BigipOptions, Hop } from './bigip/index.ts';
import type { LabCluster, RawNode, RawObject } from './cluster/index.ts';

/** `routes`: nodes are reached directly; `vxlan`: flannel, with the VNI of the cluster. */
export type SiteNetwork =
  { readonly mode: 'routes' } | { readonly mode: 'vxlan'; readonly vni: number };

/** The part of a cluster of the lab that its network is about. */
interface NetworkedSite {
  readonly id: string;
  /** First two octets of pod addresses. */
  readonly podNetwork: string;
  readonly network?: SiteNetwork;
}

/** What a node is reached by; a new machine has others. */
export interface Machine {
  /** IPv4. The first one is new, and the others are kept for a while. */
  readonly addresses?: readonly string[];
  /** MAC address of flannel's interface. */
  readonly vtepMac?: string;
}

const FLANNEL = 'flannel.alpha.coreos.com';

function addressesOf(node: RawNode): readonly string[] {
  const all = node.status?.addresses ?? [];
  return all.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}

function annotationsOf(node: RawObject): Readonly<Record<string, string>> {
  return (node.metadata['annotations'] ?? {}) as Readonly<Record<string, string>>;
}

interface Vtep {
  readonly VNI: number;
  readonly VtepMAC: string;
}

function vtepOf(node: RawNode): Vtep | undefined {
  const text = annotationsOf(node)[`${FLANNEL}/backend-data`];
  return text === undefined ? undefined : (JSON.parse(text) as Vtep);
}

/** The MAC that flannel wrote into the Node. */
export function vtepMacOf(node: RawNode): string | undefined {
  return vtepOf(node)?.VtepMAC;
}

/** The node after flannel has written this about itself. */
function withVtep(node: RawNode, vtep: Vtep): RawNode {
  const annotations = {
    ...annotationsOf(node),
    [`${FLANNEL}/backend-data`]: JSON.stringify(vtep),
    [`${FLANNEL}/backend-type`]: 'vxlan',
    [`${FLANNEL}/kube-subnet-manager`]: 'true',
    [`${FLANNEL}/public-ip`]: addressesOf(node)[0] ?? '',
  };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

interface Place {
  readonly network: SiteNetwork;
  readonly podNetwork: string;
  /** Of the node, from 1. */
  readonly number: number;
}

/** The node with a network for its pods. */
export function nodeWithNetwork(node: RawNode, { network, podNetwork, number }: Place): RawNode {
  const podCIDR = `${podNetwork}.${number}.0/24`;
  const placed = { ...node, spec: { podCIDR, podCIDRs: [podCIDR] } };
  if (network.mode === 'routes') return placed;
  const { vni } = network;
  return withVtep(placed, { VNI: vni, VtepMAC: `c2:e5:af:00:0${vni}:0${number}` });
}

/** The node on another machine, or with other addresses. */
export function nodeOn(node: RawNode, { addresses, vtepMac }: Machine): RawNode {
  const vtep = vtepOf(node);
  const others = (node.status?.addresses ?? []).filter(({ type }) => type !== 'InternalIP');
  const moved = addresses?.map((address) => ({ type: 'InternalIP', address }));
  const status = { ...node.status, addresses: [...(moved ?? []), ...others] };
  const placed = moved === undefined ? node : { ...node, status };
  return vtep === undefined || vtepMac === undefined
    ? placed
    : withVtep(placed, { ...vtep, VtepMAC: vtepMac });
}

/** Whether a packet for the address that leaves BIG-IP by this hop reaches the node of its pod. */
function takes(cluster: LabCluster, hop: Hop, address: string): boolean {
  const { nodes, pods } = cluster.world();
  const pod = pods.find(({ status }) => status?.podIP === address);
  const node = nodes.find(({ metadata }) => metadata.name === pod?.spec.nodeName);
  if (node === undefined) return false;
  if (hop.kind === 'gateway') return addressesOf(node).includes(hop.gateway);
  if (hop.kind === 'direct') return false;
  const vtep = vtepOf(node);
  return (
    vtep?.VNI === hop.key &&
    vtep.VtepMAC === hop.mac &&
    addressesOf(node).some((one) => hop.endpoints.includes(one))
  );
}

/** The part of BIG-IP's options; empty if no cluster has a network. */
export function networksOf(
  sites: readonly (NetworkedSite & { readonly cluster: LabCluster })[],
): Pick<BigipOptions, 'networks'> {
  if (sites.every(({ network }) => network === undefined)) return {};
  return {
    networks: {
      delivers: (hop, address) => sites.some(({ cluster }) => takes(cluster, hop, address)),
    },
  };
}

/** What the configuration says about the network of a cluster. */
export function clusterSettings({ network, podNetwork }: NetworkedSite): object | undefined {
  return network && { network: { mode: network.mode }, podNetworks: [`${podNetwork}.0.0/16`] };
}

/** The tunnel of each cluster that needs one; undefined if none does. */
export function tunnelsOf(
  sites: readonly NetworkedSite[],
): Readonly<Record<string, string>> | undefined {
  const own = sites.filter(({ network }) => network?.mode === 'vxlan');
  return own.length === 0
    ? undefined
    : Object.fromEntries(own.map(({ id }) => [id, `/Common/${id}-pods`]));
}
