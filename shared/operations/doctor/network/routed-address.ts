/** Addresses of a device with their route domain. */
import { type Cidr, formatIp, inCidr, parseCidr } from '../../../domain/net/ip.ts';

/** An address, with the length of its network if it has one, in a route domain. */
export interface RoutedAddress {
  readonly cidr: Cidr;
  readonly routeDomain: number;
}

const PLACED = /^([^%/]+)(?:%(\d{1,5}))?(\/\d{1,3})?$/;

/** Undefined for what is no address, such as `any`. */
export function parseRoutedAddress(text: string): RoutedAddress | undefined {
  const [, address = '', routeDomain = '0', length = ''] = PLACED.exec(text) ?? [];
  const cidr = parseCidr(`${address}${length}`);
  return cidr && { cidr, routeDomain: Number(routeDomain) };
}

/** Whether the address is in the network, in the same route domain. */
export function isWithin(address: RoutedAddress, network: RoutedAddress): boolean {
  return address.routeDomain === network.routeDomain && inCidr(address.cidr.ip, network.cidr);
}

/** The address alone. */
export function addressOf({ cidr }: RoutedAddress): string {
  return formatIp(cidr.ip);
}

/** Whether both are one address. */
export function isSameAddress(a: RoutedAddress, b: RoutedAddress): boolean {
  return a.routeDomain === b.routeDomain && addressOf(a) === addressOf(b);
}

/** Each family of these addresses once. */
export function familiesOf(all: readonly RoutedAddress[]): readonly (4 | 6)[] {
  return [...new Set(all.map(({ cidr }) => cidr.ip.family))];
}
