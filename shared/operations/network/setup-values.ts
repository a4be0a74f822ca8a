/** What the text of `sluice network setup` is made from, and the checks of what people write. */
import type { ClusterConfig, DeviceConfig } from '../../config/schema.ts';
import { contains, formatCidr } from '../../domain/net/cidr-list.ts';
import { type Cidr, inCidr, type Ip, parseCidr, parseIp } from '../../domain/net/ip.ts';

/** What the configuration does not say. Absent values are placeholders in the text. */
export interface UnitValues {
  /** Name of the unit, for its Node object. */
  readonly unit: string;
  /** Self IP in the network of the nodes, with its length: `192.0.2.4/24`. */
  readonly localAddress?: string | undefined;
  /** A network in which only this unit has pod addresses. */
  readonly podNetwork?: string | undefined;
  /** MAC of the tunnel on this unit. */
  readonly mac?: string | undefined;
  /** VLAN in the network of the nodes. */
  readonly vlan?: string | undefined;
  /** VNI of the tunnels of the nodes; default: the usual one of the CNI. */
  readonly vni?: number | undefined;
  /** The CNI of the nodes, where the configuration leaves it open. */
  readonly cni?: 'flannel' | 'cilium' | undefined;
}

/** A text to copy. */
export interface SetupSection {
  readonly title: string;
  /** Says with which tool the text is to be used. */
  readonly format: 'tmsh' | 'declarative-onboarding' | 'kubernetes';
  /** To be copied; placeholders are in capitals. */
  readonly text: string;
}

/** Values after the checks, with placeholders for absent ones. */
export interface SetupValues {
  readonly device: DeviceConfig;
  readonly cluster: ClusterConfig;
  /** Name of the unit that the text is for. */
  readonly unit: string;
  /** Without its length. */
  readonly localAddress: string;
  /** With its length. */
  readonly localNetwork: string;
  /** A network on the tunnel for this unit alone; undefined: a placeholder. */
  readonly podNetwork: Cidr | undefined;
  readonly podNetworks: readonly Cidr[];
  /** MAC of the unit's end of the tunnel. */
  readonly mac: string;
  readonly vlan: string;
  /** As the nodes have it; undefined: the default of the CNI. */
  readonly vni: number | undefined;
  /** The same. */
  readonly cni: UnitValues['cni'];
}

/** Words that stand for absent values, and the options that replace them. */
export const PLACEHOLDERS = {
  localAddress: ['LOCAL_ADDRESS', '--local-address'],
  podNetwork: ['POD_NETWORK', '--pod-network'],
  mac: ['MAC', '--mac'],
  vlan: ['VLAN', '--vlan'],
} as const;

/** Throws for a value that cannot be right, with the remedy. */
export function checkedValues(
  device: DeviceConfig,
  cluster: ClusterConfig,
  given: UnitValues,
): SetupValues {
  const podNetworks = cluster.podNetworks.flatMap((text) => parseCidr(text) ?? []);
  const [localAddress, localNetwork] = localOf(cluster, given.localAddress);
  return {
    device,
    cluster,
    unit: unitOf(given.unit),
    localAddress,
    localNetwork,
    podNetworks,
    podNetwork: podNetworkOf(cluster, podNetworks, given.podNetwork),
    mac: macOf(given.mac),
    vlan: vlanOf(given.vlan),
    vni: given.vni,
    cni: given.cni,
  };
}

/** The name becomes that of a Node. Throws an error that names the flag. */
function unitOf(unit: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(unit)) return unit;
  throw new Error(`--unit ${unit}: must be the name of a Node: a-z, 0-9, - and .`);
}

/** Throws for an invalid local address, and for one outside the networks of the nodes. */
function localOf(
  { id, nodeNetworks }: ClusterConfig,
  text: string | undefined,
): readonly [address: string, network: string] {
  const word = PLACEHOLDERS.localAddress[0];
  if (text === undefined) return [word, `${word}/LENGTH`];
  const [address = '', length] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || length === undefined || parseCidr(text) === undefined)
    throw new Error(`--local-address ${text}: must be an address with its length: 192.0.2.4/24`);
  const networks = nodeNetworks.flatMap((one) => parseCidr(one) ?? []);
  if (networks.length > 0 && !networks.some((network) => inCidr(ip, network)))
    throw new Error(
      `--local-address ${text}: is outside clusters[].nodeNetworks of ${id} ` +
        `(${nodeNetworks.join(', ')}); BIG-IP needs an address among the nodes`,
    );
  return [address, text];
}

/** Flannel routes BIG-IP's network like that of a node; Cilium refuses one inside its own. */
function podNetworkOf(
  { id, network: { from, mode } }: ClusterConfig,
  podNetworks: readonly Cidr[],
  text: string | undefined,
): Cidr | undefined {
  if (text === undefined) return undefined;
  const network = parseCidr(text);
  if (network === undefined || !text.includes('/') || formatCidr(network) !== text)
    throw new Error(`--pod-network ${text}: must be a network such as 10.244.254.0/24`);
  if (mode !== 'vxlan')
    throw new Error('--pod-network: only tunnels need it; remove it, or set network.mode: vxlan');
  const within = podNetworks.some((one) => contains(one, network));
  if (from === 'flannel' && podNetworks.length > 0 && !within)
    throw new Error(
      `--pod-network ${text}: is outside clusters[].podNetworks of ${id}; ` +
        'choose a network in it that no node has',
    );
  if (from === 'cilium' && within)
    throw new Error(
      `--pod-network ${text}: is inside clusters[].podNetworks of ${id}; ` +
        'choose a network that Cilium does not assign',
    );
  return network;
}

/** In lower case; a placeholder if it is not known yet. Throws an error that names the flag. */
function macOf(text: string | undefined): string {
  if (text === undefined) return PLACEHOLDERS.mac[0];
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) return text.toLowerCase();
  throw new Error(`--mac ${text}: must be a MAC such as 00:50:56:bb:e5:56`);
}

/**
 * A path on the device; a placeholder if it is not known yet. Throws an error that names the flag.
 */
function vlanOf(text: string | undefined): string {
  if (text === undefined) return PLACEHOLDERS.vlan[0];
  if (/^\/[\w.-]+\/[\w.-]+$/.test(text)) return text;
  throw new Error(`--vlan ${text}: must be the path of a VLAN such as /Common/internal`);
}

/** The first address of a network after its own. */
export function firstHost({ ip, bits }: Cidr): Ip {
  const width = ip.family === 4 ? 32n : 128n;
  const rest = width - BigInt(bits);
  return { family: ip.family, value: ((ip.value >> rest) << rest) + 1n };
}
