/** The route to one member by one source, and what tunnels have in common with it. Pure. */
import { contains, formatCidr } from '../net/cidr-list.ts';
import { networkWithRouteDomain, withRouteDomain } from '../net/cluster-networks.ts';
import { type Cidr, formatIp, inCidr, type Ip, parseCidr, parseIp } from '../net/ip.ts';
import type { NetworkNode } from './cni-objects.ts';
import { firstNamed } from '../text/counts.ts';
import type { PathOptions } from './network-config.ts';
import type { Path } from './path.ts';
import { type SourceRow, validAddresses } from './sources.ts';

/** A member whose pod has an address of its own. */
export interface PodMember {
  /** As it stands in pools, with the route domain. */
  readonly address: string;
  /** The same address as a number, without the route domain. */
  readonly ip: Ip;
  /** The node that the pod runs on, which the path leads to. */
  readonly nodeName: string;
  /** The pod ends or has ended: what is missing for it is not reported. */
  readonly leaving: boolean;
}

/** Why a source has no path: what is the case, and what to do about it. */
export interface MissingPath {
  /**
   * GW180: no network; GW181: unreadable; GW183: another network; GW184: no address of the node;
   * GW186: not trusted.
   */
  readonly code: 'GW180' | 'GW181' | 'GW183' | 'GW184' | 'GW186';
  /** A predicate about the node, such as `it has no IPv6 InternalIP`. */
  readonly what: string;
  /** An imperative, without an end mark. */
  readonly remedy: string;
}

/** The path of one member. */
export type PathAttempt = { readonly path: Path } | { readonly lack: MissingPath };

/** Why there is no path. */
export function lack(
  code: MissingPath['code'],
  what: string,
  remedy: string,
): { readonly lack: MissingPath } {
  return { lack: { code, what, remedy } };
}

/** What could not be read when the node was, of these fields. */
export function unread(
  { network }: NetworkNode,
  fields: readonly string[],
): { readonly lack: MissingPath } | undefined {
  const fault = network?.faults?.find(({ field }) => fields.includes(field));
  return fault && lack('GW181', `${fault.field} ${fault.fault}`, 'correct what writes it');
}

/** A text that is not what it should be. */
export function misread(field: string, text: string, kind: string): { readonly lack: MissingPath } {
  return lack('GW181', `${field} has ${text}, which is no ${kind}`, 'correct it');
}

/**
 * The address by which BIG-IP reaches the node: the first one in the family of the member by its
 * CNI, then by Kubernetes. What comes after it is not read.
 */
export function nodeAddress(
  node: NetworkNode,
  row: SourceRow,
  { family, nodeNetworks, cluster }: PathOptions & { readonly family: 4 | 6 },
): Ip | { readonly lack: MissingPath } {
  const [primary = '', ...others] = row.addressFields.map((name) => `annotation ${name}`);
  const fault = unread(node, [primary]);
  if (fault !== undefined) return fault;
  const named = row.addresses(node);
  const internal = node.addresses
    .filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => ({ field: undefined, text: address }));
  const elsewhere: Ip[] = [];
  for (const { field, text } of [...named, ...internal]) {
    const ip = parseIp(text);
    if (ip === undefined && field !== undefined) return misread(field, text, 'IP address');
    if (ip?.family !== family) continue;
    if (nodeNetworks.length === 0 || nodeNetworks.some((network) => inCidr(ip, network))) return ip;
    elsewhere.push(ip);
  }
  return (
    unread(node, others) ??
    (elsewhere.length === 0
      ? lack(
          'GW184',
          `it has no IPv${family} InternalIP`,
          'give the node an address of that family',
        )
      : lack(
          'GW184',
          `its addresses ${firstNamed(elsewhere.map(formatIp))} are outside clusters[].nodeNetworks`,
          `add the network of the nodes to clusters[].nodeNetworks of ${cluster}`,
        ))
  );
}

/** A network, and the field that names it. */
interface NamedNetwork {
  /** For messages. */
  readonly field: string;
  readonly network: Cidr;
}

/** The smallest network that contains the pod. */
function networkOf(
  { ip }: PodMember,
  node: NetworkNode,
  row: SourceRow,
): NamedNetwork | { readonly lack: MissingPath } {
  if (row.source === 'host')
    return { field: row.reads, network: { ip, bits: ip.family === 4 ? 32 : 128 } };
  const given = row.networks(node);
  const fault = unread(node, [row.reads]);
  if (fault !== undefined) return fault;
  const wrong = given.find(({ text }) => parseCidr(text) === undefined);
  if (wrong !== undefined) return misread(wrong.field, wrong.text, 'network');
  if (given.length === 0)
    return lack('GW180', `it has no ${row.reads}`, 'correct what writes it, or change the source');
  const [smallest] = given
    .flatMap(({ field, text }) => {
      const network = parseCidr(text);
      return network !== undefined && inCidr(ip, network) ? [{ field, network }] : [];
    })
    .toSorted((a, b) => b.network.bits - a.network.bits);
  return (
    smallest ??
    lack(
      'GW183',
      `its networks are ${firstNamed(given.map(({ text }) => text))} (${row.reads})`,
      'choose the source that gives pods their addresses',
    )
  );
}

/**
 * A node writes its own annotations and objects of its CNI, so it must not draw other traffic to
 * itself: `0.0.0.0/0` contains its pods, too.
 */
function excessive(
  { field, network }: NamedNetwork,
  via: Ip,
  { podNetworks, cluster }: PathOptions,
): { readonly lack: MissingPath } | undefined {
  const named = `${field} has ${formatCidr(network)}, which`;
  if (podNetworks.length > 0 && !podNetworks.some((one) => contains(one, network)))
    return lack(
      'GW186',
      `${named} is not inside clusters[].podNetworks`,
      `correct it, or add it to clusters[].podNetworks of ${cluster}`,
    );
  return inCidr(via, network)
    ? lack('GW186', `${named} contains its own address ${formatIp(via)}`, 'correct it')
    : undefined;
}

/** The route to a member by one source. */
export function routeBy(
  row: SourceRow,
  member: PodMember,
  node: NetworkNode,
  options: PathOptions,
): PathAttempt {
  const found = networkOf(member, node, row);
  if ('lack' in found) return found;
  const via = nodeAddress(node, row, { ...options, family: member.ip.family });
  if ('lack' in via) return via;
  const excess = row.source === 'host' ? undefined : excessive(found, via, options);
  if (excess !== undefined) return excess;
  return {
    path: {
      kind: 'route',
      network: networkWithRouteDomain(formatCidr(found.network), options.routeDomain),
      via: withRouteDomain(formatIp(via), options.routeDomain),
      node: node.meta.name,
      source: row.source,
      members: [member.address],
    },
  };
}

/**
 * A route for the pod alone, through the address of its node that the source names. If that is no
 * address, any other address of the node serves as well.
 */
export function ownRoute(
  row: SourceRow,
  member: PodMember,
  node: NetworkNode,
  options: PathOptions,
): PathAttempt {
  const own: SourceRow = {
    ...row,
    source: 'host',
    addresses: (of) => validAddresses(row, of),
    addressFields: [],
  };
  return routeBy(own, member, node, options);
}
