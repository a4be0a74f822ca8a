/**
 * Where the networks of pods are named, one row for each source, in the order in which `auto` looks.
 * docs/operations/networks.md explains each row; a test compares the table there.
 */
import { parseIp } from '../net/ip.ts';
import type { NetworkSource } from '../snapshot/node-network.ts';
import type { Node } from '../snapshot/objects.ts';

/** A text of a node, with the field that it is from. */
export interface Fact {
  readonly field: string;
  readonly text: string;
}

/** How one source names the networks of a node's pods. */
export interface SourceRow {
  readonly source: NetworkSource;
  /** The fields that name the networks, as in messages and faults. */
  readonly reads: string;
  /** Networks of the node's pods; empty if the source does not name any. */
  readonly networks: (node: Node) => readonly Fact[];
  /** Whether `auto` takes it: for a source that has no networks of its own, its CNI is there. */
  readonly isSeen: (node: Node) => boolean;
  /** Addresses of the node that the CNI itself uses, best first. InternalIPs come after them. */
  readonly addresses: (node: Node) => readonly string[];
  /** The annotations that name these addresses, in the same order. */
  readonly addressFields: readonly string[];
  /**
   * The CNI may give a pod an address outside its node's networks, or reading its networks needs a
   * right that may be missing: such a pod gets a route of its own.
   */
  readonly perPod: boolean;
}

const facts = (field: string, texts: readonly string[] = []): readonly Fact[] =>
  texts.map((text) => ({ field, text }));
const none = (): readonly never[] => [];
const always = (): boolean => true;
const podCIDRs = ({ network }: Node): readonly Fact[] => facts('spec.podCIDRs', network?.podCIDRs);

/** In order of precedence: what a person said, then the CNI, then Kubernetes. */
export const SOURCE_ROWS: readonly SourceRow[] = [
  {
    source: 'annotation',
    reads: 'annotation sluice.io/pod-networks',
    networks: ({ network }) => facts('annotation sluice.io/pod-networks', network?.podNetworks),
    isSeen: always,
    addresses: none,
    addressFields: [],
    perPod: false,
  },
  {
    source: 'ovn',
    reads: 'annotation k8s.ovn.org/node-subnets',
    networks: ({ network }) => facts('annotation k8s.ovn.org/node-subnets', network?.ovn?.networks),
    isSeen: always,
    addresses: ({ network }) => network?.ovn?.addresses ?? [],
    addressFields: ['node-primary-ifaddr', 'l3-gateway-config', 'host-cidrs', 'host-addresses'].map(
      (name) => `k8s.ovn.org/${name}`,
    ),
    perPod: false,
  },
  {
    source: 'flannel',
    reads: 'spec.podCIDRs with annotation flannel.alpha.coreos.com/public-ip',
    networks: podCIDRs,
    isSeen: ({ network }) => network?.flannel !== undefined,
    addresses: ({ network }) => network?.flannel?.addresses ?? [],
    addressFields: ['public-ip-overwrite', 'public-ipv6-overwrite', 'public-ip', 'public-ipv6'].map(
      (name) => `flannel.alpha.coreos.com/${name}`,
    ),
    perPod: false,
  },
  {
    source: 'calico',
    reads: 'BlockAffinities of Calico',
    networks: none,
    isSeen: always,
    addresses: ({ network }) => network?.calico?.addresses ?? [],
    addressFields: ['projectcalico.org/IPv4Address', 'projectcalico.org/IPv6Address'],
    perPod: true,
  },
  {
    source: 'cilium',
    reads: 'annotation network.cilium.io/ipv4-pod-cidr',
    networks: ({ network }) =>
      facts('annotation network.cilium.io/ipv4-pod-cidr', network?.cilium?.networks),
    isSeen: always,
    addresses: none,
    addressFields: [],
    perPod: true,
  },
  {
    source: 'antrea',
    reads: 'spec.podCIDRs with annotation node.antrea.io/transport-addresses',
    networks: podCIDRs,
    isSeen: ({ network }) => network?.antrea !== undefined,
    addresses: ({ network }) => network?.antrea?.addresses ?? [],
    addressFields: ['node.antrea.io/transport-addresses'],
    perPod: false,
  },
  {
    source: 'podCIDR',
    reads: 'spec.podCIDRs',
    networks: podCIDRs,
    isSeen: always,
    addresses: none,
    addressFields: [],
    perPod: false,
  },
];

/** Each pod gets a route of its own, through the address that its CNI uses. */
export const HOST_ROW: SourceRow = {
  source: 'host',
  reads: 'the address of the pod',
  networks: none,
  isSeen: always,
  addresses: (node) => SOURCE_ROWS.flatMap(({ addresses }) => addresses(node)).filter(isAddress),
  addressFields: [],
  perPod: true,
};

function isAddress(text: string): boolean {
  return parseIp(text) !== undefined;
}

/** Undefined for `auto`. */
export function rowOf(source: NetworkSource | 'auto'): SourceRow | undefined {
  return [...SOURCE_ROWS, HOST_ROW].find((row) => row.source === source);
}
