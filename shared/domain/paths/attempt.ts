/** The path to one member by one source. Pure. */
import { contains, formatCidr } from '../net/cidr-list.ts';
import { networkWithRouteDomain, withRouteDomain } from '../net/cluster-networks.ts';
import { type Cidr, formatIp, inCidr, type Ip, parseCidr, parseIp } from '../net/ip.ts';
import type { Node } from '../snapshot/objects.ts';
import { inWords } from './in-words.ts';
import type { PathOptions } from './network-config.ts';
import type { Path } from './path.ts';
import type { SourceRow } from './sources.ts';

/** A member whose pod has an address of its own. */
export interface PodMember {
  /** As it stands in pools, with the route domain. */
  readonly address: string;
  readonly ip: Ip;
  readonly nodeName: string;
  /** The pod ends or has ended: what is missing for it is not reported. */
  readonly leaving: boolean;
}

/** Why a source has no path: what is the case, and what to do about it. */
export interface Lack {
  readonly code: 'GW180' | 'GW181' | 'GW183' | 'GW184' | 'GW186';
  readonly what: string;
  readonly remedy: string;
}

/** The path of one member. */
export type Attempt = { readonly path: Path } | { readonly lack: Lack };

function lack(code: Lack['code'], what: string, remedy: string): { readonly lack: Lack } {
  return { lack: { code, what, remedy } };
}

/** What could not be read when the node was, of these fields. */
function unread({ network }: Node, fields: readonly string[]): { readonly lack: Lack } | undefined {
  const fault = network?.faults?.find(({ field }) => fields.includes(field));
  return fault && lack('GW181', `${fault.field} ${fault.fault}`, 'correct what writes it');
}

/** A text that is not what it should be. */
function misread(field: string, text: string, kind: string): { readonly lack: Lack } {
  return lack('GW181', `${field} has ${text}, which is no ${kind}`, 'correct it');
}

/** `annotation a, b or c` */
function annotationsInWords(names: readonly string[]): string {
  const [last = '', ...others] = names.toReversed();
  return `annotation ${others.length === 0 ? last : `${others.toReversed().join(', ')} or ${last}`}`;
}

/**
 * The address by which BIG-IP reaches the node: the first one in the family of the member by its
 * CNI, then by Kubernetes. What comes after it is not read.
 */
function nodeAddress(
  node: Node,
  row: SourceRow,
  { family, nodeNetworks, cluster }: PathOptions & { readonly family: 4 | 6 },
): Ip | { readonly lack: Lack } {
  const [primary = '', ...others] = row.addressFields.map((name) => `annotation ${name}`);
  const fault = unread(node, [primary]);
  if (fault !== undefined) return fault;
  const named = row.addresses(node);
  const internal = node.addresses.filter(({ type }) => type === 'InternalIP');
  const elsewhere: Ip[] = [];
  for (const [i, text] of [...named, ...internal.map(({ address }) => address)].entries()) {
    const ip = parseIp(text);
    if (ip === undefined && i < named.length)
      return misread(annotationsInWords(row.addressFields), text, 'IP address');
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
          `its addresses ${inWords(elsewhere.map(formatIp))} are outside clusters[].nodeNetworks`,
          `add the network of the nodes to clusters[].nodeNetworks of ${cluster}`,
        ))
  );
}

/** The smallest network that contains the pod. */
function networkOf({ ip }: PodMember, node: Node, row: SourceRow): Cidr | { readonly lack: Lack } {
  if (row.source === 'host') return { ip, bits: ip.family === 4 ? 32 : 128 };
  const given = row.networks(node);
  const fault = unread(node, [row.reads]);
  if (fault !== undefined) return fault;
  const wrong = given.find(({ text }) => parseCidr(text) === undefined);
  if (wrong !== undefined) return misread(wrong.field, wrong.text, 'network');
  if (given.length === 0)
    return lack('GW180', `it has no ${row.reads}`, 'correct what writes it, or change the source');
  const networks = given.flatMap(({ text }) => parseCidr(text) ?? []);
  const [smallest] = networks
    .filter((network) => inCidr(ip, network))
    .toSorted((a, b) => b.bits - a.bits);
  return (
    smallest ??
    lack(
      'GW183',
      `its networks are ${inWords(given.map(({ text }) => text))} (${row.reads})`,
      'choose the source that gives pods their addresses',
    )
  );
}

/**
 * A node writes its own annotations, so it must not draw other traffic to itself: `0.0.0.0/0`
 * contains its pods, too.
 */
function excessive(
  network: Cidr,
  via: Ip,
  { reads }: SourceRow,
  { podNetworks, cluster }: PathOptions,
): { readonly lack: Lack } | undefined {
  const named = `${reads} has ${formatCidr(network)}, which`;
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
  node: Node,
  options: PathOptions,
): Attempt {
  const network = networkOf(member, node, row);
  if ('lack' in network) return network;
  const via = nodeAddress(node, row, { ...options, family: member.ip.family });
  if ('lack' in via) return via;
  const excess = row.source === 'host' ? undefined : excessive(network, via, row, options);
  if (excess !== undefined) return excess;
  return {
    path: {
      kind: 'route',
      network: networkWithRouteDomain(formatCidr(network), options.routeDomain),
      via: withRouteDomain(formatIp(via), options.routeDomain),
      node: node.meta.name,
      source: row.source,
      members: [member.address],
    },
  };
}

/** A unicast MAC in the usual notation. */
function isMac(text: string): boolean {
  return (
    /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) &&
    Number.parseInt(text.slice(0, 2), 16) % 2 === 0 &&
    !/^[0:]+$/.test(text)
  );
}

/** Flannel says the MAC of each node's VXLAN device, and nodes answer no ARP from outside. */
export function flannelTunnel(
  row: SourceRow,
  member: PodMember,
  node: Node,
  options: PathOptions,
): Attempt {
  const { family } = member.ip;
  const flannel = node.network?.flannel;
  if (flannel === undefined)
    return lack('GW180', 'it has no annotations of flannel', 'check that flannel runs there');
  if (flannel.backend !== 'vxlan')
    return lack(
      'GW180',
      `its backend of flannel is ${flannel.backend ?? 'not named'}, not vxlan`,
      'use clusters[].network.mode: routes',
    );
  const field = `annotation flannel.alpha.coreos.com/backend-${family === 4 ? '' : 'v6-'}data`;
  const unreadable = unread(node, [field]);
  if (unreadable !== undefined) return unreadable;
  const mac = family === 4 ? flannel.mac4 : flannel.mac6;
  if (mac === undefined) return lack('GW180', `${field} has no VtepMAC`, 'restart flannel there');
  if (!isMac(mac))
    return lack('GW181', `${field} has VtepMAC ${mac}, which is no MAC`, 'correct it');
  const endpoint = nodeAddress(node, row, { ...options, family });
  if ('lack' in endpoint) return endpoint;
  return tunnelPath(member, node, { mac, endpoint, source: 'flannel', neighbours: true });
}

/**
 * Cilium answers ARP itself and accepts any destination MAC, so F5 derives one from the address of
 * the node, and so does this: records of both are alike.
 */
export function ciliumTunnel(
  row: SourceRow,
  member: PodMember,
  node: Node,
  options: PathOptions,
): Attempt {
  if (member.ip.family === 6)
    return lack('GW180', 'VTEPs of Cilium exist for IPv4 only', 'use an IPv4 virtual address');
  const endpoint = nodeAddress(node, row, { ...options, family: 4 });
  if ('lack' in endpoint) return endpoint;
  const octets = formatIp(endpoint).split('.').map(Number);
  const mac = ['0a', '0a', ...octets.map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
  return tunnelPath(member, node, { mac, endpoint, source: 'cilium', neighbours: false });
}

function tunnelPath(
  { address }: PodMember,
  { meta }: Node,
  record: Pick<Path & { kind: 'vxlan' }, 'mac' | 'source' | 'neighbours'> & {
    readonly endpoint: Ip;
  },
): Attempt {
  return {
    path: {
      ...record,
      kind: 'vxlan',
      mac: record.mac.toLowerCase(),
      endpoint: formatIp(record.endpoint),
      node: meta.name,
      members: [address],
    },
  };
}

/** A route for the pod alone, through the address of its node that the source names. */
export function ownRoute(
  row: SourceRow,
  member: PodMember,
  node: Node,
  options: PathOptions,
): Attempt {
  return routeBy({ ...row, source: 'host' }, member, node, options);
}
