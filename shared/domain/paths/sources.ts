/**
 * Where the networks of pods are named, one row for each source, in the order in which `auto` looks.
 * docs/operations/networks.md explains each row; a test compares the table there.
 */
import { parseIp } from '../net/ip.ts';
import type { NetworkSource } from '../snapshot/node-network.ts';
import type { NetworkNode } from './cni-objects.ts';

/** A text of a node or of an object of its CNI, with the field that it is from. */
export interface NodeText {
  readonly field: string;
  readonly text: string;
}

/** How one source names the networks of a node's pods. */
export interface SourceRow {
  readonly source: NetworkSource;
  /** The fields that name the networks, as in messages and faults. */
  readonly reads: string;
  /** Networks of the node's pods; empty if the source does not name any. */
  readonly networks: (node: NetworkNode) => readonly NodeText[];
  /** Whether `auto` takes it: for a source that has no networks of its own, its CNI is there. */
  readonly isSeen: (node: NetworkNode) => boolean;
  /** Addresses of the node that the CNI itself uses, best first. InternalIPs come after them. */
  readonly addresses: (node: NetworkNode) => readonly NodeText[];
  /** The annotations that name these addresses, in the same order. */
  readonly addressFields: readonly string[];
  /**
   * The CNI may give a pod an address outside its node's networks, or reading its networks needs a
   * right that may be missing: a pod that no usable network contains gets a route of its own.
   */
  readonly perPod: boolean;
}

const facts = (field: string, texts: readonly string[] = []): readonly NodeText[] =>
  texts.map((text) => ({ field, text }));
const none = (): readonly never[] => [];
const always = (): boolean => true;
const podCIDRs = ({ network }: NetworkNode): readonly NodeText[] =>
  facts('spec.podCIDRs', network?.podCIDRs);

/** `annotation a, b or c` */
function annotationsInWords(names: readonly string[]): string {
  const [last = '', ...others] = names.toReversed();
  return `annotation ${others.length === 0 ? last : `${others.toReversed().join(', ')} or ${last}`}`;
}

/** Addresses of a node in annotations, of which it is not known which one has which address. */
function annotated(
  names: readonly string[],
  read: (network: NonNullable<NetworkNode['network']>) => readonly string[] | undefined,
): Pick<SourceRow, 'addresses' | 'addressFields'> {
  return {
    addressFields: names,
    addresses: ({ network }) => facts(annotationsInWords(names), network && read(network)),
  };
}

const CILIUM_ANNOTATION = 'annotation network.cilium.io/ipv4-pod-cidr';

/** The CiliumNode decides; Cilium writes the annotations only on request. */
function ciliumNetworks({ network, ciliumNode }: NetworkNode): readonly NodeText[] {
  return ciliumNode === undefined
    ? facts(CILIUM_ANNOTATION, network?.cilium?.networks)
    : facts(`spec.ipam of CiliumNode ${ciliumNode.name}`, ciliumNode.networks);
}

/** Networks of Calico's blocks that belong to the node, with the field that names them. */
function blockNetworks({ blocks = [] }: NetworkNode): readonly NodeText[] {
  return blocks.flatMap(({ name, cidr }) =>
    cidr === undefined ? [] : facts(`spec.cidr of BlockAffinity ${name}`, [cidr]),
  );
}

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
    ...annotated(
      ['node-primary-ifaddr', 'l3-gateway-config', 'host-cidrs', 'host-addresses'].map(
        (name) => `k8s.ovn.org/${name}`,
      ),
      ({ ovn }) => ovn?.addresses,
    ),
    perPod: false,
  },
  {
    source: 'flannel',
    reads: 'spec.podCIDRs with annotation flannel.alpha.coreos.com/public-ip',
    networks: podCIDRs,
    isSeen: ({ network }) => network?.flannel !== undefined,
    ...annotated(
      ['public-ip-overwrite', 'public-ipv6-overwrite', 'public-ip', 'public-ipv6'].map(
        (name) => `flannel.alpha.coreos.com/${name}`,
      ),
      ({ flannel }) => flannel?.addresses,
    ),
    perPod: false,
  },
  {
    source: 'calico',
    reads: 'BlockAffinity of Calico',
    networks: blockNetworks,
    isSeen: always,
    ...annotated(
      ['projectcalico.org/IPv4Address', 'projectcalico.org/IPv6Address'],
      ({ calico }) => calico?.addresses,
    ),
    perPod: true,
  },
  {
    source: 'cilium',
    reads: CILIUM_ANNOTATION,
    networks: ciliumNetworks,
    isSeen: always,
    addresses: ({ ciliumNode }) =>
      facts(`spec.addresses of CiliumNode ${ciliumNode?.name}`, ciliumNode?.addresses),
    addressFields: [],
    perPod: true,
  },
  {
    source: 'antrea',
    reads: 'spec.podCIDRs with annotation node.antrea.io/transport-addresses',
    networks: podCIDRs,
    isSeen: ({ network }) => network?.antrea !== undefined,
    ...annotated(['node.antrea.io/transport-addresses'], ({ antrea }) => antrea?.addresses),
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

/** Without the texts that are no address. */
export function validAddresses({ addresses }: SourceRow, node: NetworkNode): readonly NodeText[] {
  return addresses(node).filter(({ text }) => parseIp(text) !== undefined);
}

/** Each pod gets a route of its own, through the address that its CNI uses. */
export const HOST_ROW: SourceRow = {
  source: 'host',
  reads: 'the address of the pod',
  networks: none,
  isSeen: always,
  addresses: (node) => SOURCE_ROWS.flatMap((row) => validAddresses(row, node)),
  addressFields: [],
  perPod: true,
};

/** Undefined for `auto`. */
export function sourceRow(source: NetworkSource | 'auto'): SourceRow | undefined {
  return [...SOURCE_ROWS, HOST_ROW].find((row) => row.source === source);
}
