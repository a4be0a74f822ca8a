/** Allowed networks of a cluster's members, and their route domain on its devices. */
import { type Cidr, inCidr, type Ip } from './ip.ts';

/** Configured networks and route domain of one cluster. */
export interface ClusterNetworks {
  readonly cluster: string;
  /** 0: the default route domain, without a suffix on addresses. */
  readonly routeDomain: number;
  /** Empty: no restriction. */
  readonly pods: readonly Cidr[];
  /** Empty: no restriction. */
  readonly nodes: readonly Cidr[];
}

/**
 * BIG-IP's form of an address in a route domain: `10.0.0.5%2`. Never `%0`, which AS3 interprets as
 * the tenant's default.
 */
export function withRouteDomain(address: string, routeDomain: number): string {
  return routeDomain === 0 ? address : `${address}%${routeDomain}`;
}

/** BIG-IP's form of a network, or of an address with its length: `10.0.0.0%2/24`. */
export function networkWithRouteDomain(network: string, routeDomain: number): string {
  const [address = '', length] = network.split('/');
  return `${withRouteDomain(address, routeDomain)}/${length}`;
}

/** The address as in the cluster. */
export function withoutRouteDomain(address: string): string {
  return address.replace(/%\d+$/, '');
}

const within = (ip: Ip, networks: readonly Cidr[]): boolean =>
  networks.some((network) => inCidr(ip, network));

/** A pod on the host network has the address of its node. */
export function mayBePod(ip: Ip, { pods, nodes }: ClusterNetworks): boolean {
  return pods.length === 0 || within(ip, pods) || within(ip, nodes);
}

/**
 * Whether the address may belong to a node of the cluster. Without configured networks, any address
 * may.
 */
export function mayBeNode(ip: Ip, { nodes }: ClusterNetworks): boolean {
  return nodes.length === 0 || within(ip, nodes);
}
