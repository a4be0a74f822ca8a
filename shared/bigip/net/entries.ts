/** Entries as BIG-IP shows them, and what it calls those of Sluice. */
import { formatCidr } from '../../domain/net/cidr-list.ts';
import { networkWithRouteDomain, withRouteDomain } from '../../domain/net/cluster-networks.ts';
import { formatIp, parseCidr, parseIp } from '../../domain/net/ip.ts';
import type { Entry } from '../../domain/paths/entry.ts';
import { type LiveEntry, readMark } from '../../domain/paths/live.ts';
import type { FdbItem, NeighbourItem, RouteItem } from './answers.ts';

/** iControl REST writes the default routes by name. */
const DEFAULTS: Readonly<Record<string, string>> = { default: '0.0.0.0', 'default-inet6': '::' };

/** In the form that Sluice writes; `%0` is not written. Other texts stay as they are. */
export function plainAddress(text: string): string {
  const [, address = '', domain = '0'] = /^([^%/]+)(?:%(\d{1,5}))?$/.exec(text) ?? [];
  const ip = parseIp(address);
  return ip === undefined ? text : withRouteDomain(formatIp(ip), Number(domain));
}

/** The same for a network. */
export function plainNetwork(text: string): string {
  const [, given = '', domain = '0', length] =
    /^([^%/]+)(?:%(\d{1,5}))?(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const cidr = parseCidr(`${DEFAULTS[given] ?? given}/${length ?? '0'}`);
  return cidr === undefined ? text : networkWithRouteDomain(formatCidr(cidr), Number(domain));
}

/** Lower case, two digits each. */
export function plainMac(text: string): string {
  return text
    .toLowerCase()
    .split(':')
    .map((part) => part.padStart(2, '0'))
    .join(':');
}

/** What the adapter needs to know of a partition. */
export interface Place {
  /** devices[].networks.partition */
  readonly partition: string;
}

/** Whose an entry is: only entries in Sluice's partition with a readable mark are Sluice's own. */
function heldAs(
  { partition }: Place,
  { fullPath, description }: Pick<RouteItem, 'fullPath' | 'description'>,
): Pick<LiveEntry, 'name' | 'holder' | 'mark'> {
  const mark = fullPath.startsWith(`/${partition}/`) ? readMark(description) : undefined;
  return {
    name: fullPath,
    ...(mark === undefined ? { holder: 'theirs' } : { holder: 'ours', mark }),
  };
}

/** A route. Without a gateway it leads to an interface, to a pool, or nowhere. */
export function liveRoute(place: Place, item: RouteItem): LiveEntry {
  const { gw, tmInterface, pool, network } = item;
  const elsewhere =
    tmInterface ?? (pool === undefined ? 'nowhere (it drops packets)' : `pool ${pool}`);
  return {
    kind: 'route',
    at: plainNetwork(network),
    to: gw === undefined ? elsewhere : plainAddress(gw),
    ...heldAs(place, item),
  };
}

/** An entry of the ARP or NDP table. */
export function liveNeighbour(kind: 'arp' | 'ndp', place: Place, item: NeighbourItem): LiveEntry {
  return {
    kind,
    at: plainAddress(item.ipAddress),
    to: plainMac(item.macAddress),
    ...heldAs(place, item),
  };
}

/** `domain`: of the tunnel's local address. An endpoint elsewhere keeps its route domain. */
export function liveRecord(tunnel: string, domain: number, { name, endpoint }: FdbItem): LiveEntry {
  const to = plainAddress(endpoint);
  const suffix = `%${domain}`;
  return {
    kind: 'fdb',
    at: plainMac(name),
    tunnel,
    to: domain !== 0 && to.endsWith(suffix) ? to.slice(0, -suffix.length) : to,
    name: `${tunnel} ${plainMac(name)}`,
    holder: 'unmarked',
  };
}

/** `sluice-2-10.244.1.0-24`: from the content, so that no two entries have one name. */
export function entryName({ at }: Pick<Entry, 'at'>): string {
  const [, address = '', domain = '0', length] = /^([^%/]+)(?:%(\d+))?(?:\/(\d+))?$/.exec(at) ?? [];
  const parts = ['sluice', domain, address.replaceAll(':', '_'), ...(length ? [length] : [])];
  return parts.join('-');
}
