/** The record of a tunnel to one member by one CNI. Pure. */
import { formatIp, type Ip } from '../net/ip.ts';
import { type PathAttempt, lack, nodeAddress, type PodMember, unread } from './attempt.ts';
import type { NetworkNode } from './cni-objects.ts';
import type { PathOptions } from './network-config.ts';
import type { Path } from './path.ts';
import type { SourceRow } from './sources.ts';

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
  node: NetworkNode,
  options: PathOptions,
): PathAttempt {
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
  node: NetworkNode,
  options: PathOptions,
): PathAttempt {
  if (member.ip.family === 6)
    return lack('GW180', 'VTEPs of Cilium exist for IPv4 only', 'use an IPv4 virtual address');
  const endpoint = nodeAddress(node, row, { ...options, family: 4 });
  if ('lack' in endpoint) return endpoint;
  const octets = formatIp(endpoint).split('.').map(Number);
  const mac = ['0a', '0a', ...octets.map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
  return tunnelPath(member, node, { mac, endpoint, source: 'cilium', neighbours: false });
}

/** The path of one member through a tunnel. BIG-IP shows MACs in lower case. */
function tunnelPath(
  { address }: PodMember,
  { meta }: NetworkNode,
  record: Pick<Path & { kind: 'vxlan' }, 'mac' | 'source' | 'neighbours'> & {
    readonly endpoint: Ip;
  },
): PathAttempt {
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
