/** Where a cluster's members may be, and in which route domain of its devices; members elsewhere are those of somebody else. */
import { type Cidr, inCidr, type Ip } from './ip.ts';

export interface ClusterNetworks {
  readonly cluster: string;
  /** 0: the devices' own, and addresses carry nothing. */
  readonly routeDomain: number;
  /** Empty: anywhere. */
  readonly pods: readonly Cidr[];
  /** Empty: anywhere. */
  readonly nodes: readonly Cidr[];
}

/** As BIG-IP names an address of a route domain: `10.0.0.5%2`. Never `%0`, which AS3 takes for the tenant's default. */
export function withRouteDomain(address: string, routeDomain: number): string {
  return routeDomain === 0 ? address : `${address}%${routeDomain}`;
}

/** The address as the cluster knows it. */
export function withoutRouteDomain(address: string): string {
  return address.replace(/%\d+$/, '');
}

const within = (ip: Ip, networks: readonly Cidr[]): boolean =>
  networks.some((network) => inCidr(ip, network));

/** A pod on the host's network has the address of its node. */
export function mayBePod(ip: Ip, { pods, nodes }: ClusterNetworks): boolean {
  return pods.length === 0 || within(ip, pods) || within(ip, nodes);
}

export function mayBeNode(ip: Ip, { nodes }: ClusterNetworks): boolean {
  return nodes.length === 0 || within(ip, nodes);
}
