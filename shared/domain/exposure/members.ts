/** Pool members of an exposure: pods or nodes, each ready, draining or out. */
import type { Node } from '../ingress/objects.ts';
import type { Availability, Member } from './exposure.ts';
import type { IngressEntry } from './ingress-entry.ts';
import { formatIp, type Ip } from './ip.ts';
import { better, ipsOf, type Pool } from './pool.ts';

export interface Members {
  readonly members: readonly Member[];
  /** Everyone would have been out, so all stay and the monitors judge. */
  readonly allStayed: boolean;
  /** There are addresses, but none of the virtual address's family. */
  readonly wrongFamily: boolean;
}

interface Found {
  readonly ip: Ip;
  readonly availability: Availability;
}

/**
 * Readiness never takes out the last member. Nobody ready but some still draining: those carry on, as kube-proxy does with
 * terminating endpoints. Nobody at all: all stay.
 */
function keepLast(found: readonly Found[]): { readonly kept: readonly Found[]; readonly allStayed: boolean } {
  if (found.length === 0 || found.some((one) => one.availability === 'ready')) return { kept: found, allStayed: false };
  const draining = found.some((one) => one.availability === 'draining');
  const kept = found.map((one): Found => (draining && one.availability === 'out' ? one : { ...one, availability: 'ready' }));
  return { kept, allStayed: true };
}

function finish(found: readonly Found[], port: number, anyAddress: boolean): Members {
  const byAddress = new Map<string, Found>();
  for (const one of found) {
    const address = formatIp(one.ip);
    const known = byAddress.get(address);
    byAddress.set(address, { ip: one.ip, availability: known === undefined ? one.availability : better(known.availability, one.availability) });
  }
  const { kept, allStayed } = keepLast([...byAddress.values()].sort((a, b) => (a.ip.value < b.ip.value ? -1 : 1)));
  const members = kept.map(({ ip, availability }): Member => ({ address: formatIp(ip), port, availability }));
  return { members, allStayed, wrongFamily: anyAddress && found.length === 0 };
}

export function podMembers(pool: Pool, family: 4 | 6, port: number): Members {
  const found = pool.pods.flatMap(({ ips, availability }): readonly Found[] => {
    const ip = ips.find((candidate) => candidate.family === family);
    return ip === undefined ? [] : [{ ip, availability }];
  });
  return finish(found, port, pool.pods.some(({ ips }) => ips.length > 0));
}

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

function isCandidate(node: Node, selector: IngressEntry['nodeSelector']): boolean {
  if (node.meta.labels[EXCLUDED] !== undefined) return false;
  return Object.entries(selector).every(([label, value]) => node.meta.labels[label] === value);
}

/** What the pods of a node allow it to be, under `externalTrafficPolicy: Local`. */
function nodesWithPods(pool: Pool): ReadonlyMap<string, Availability> {
  const best = new Map<string, Availability>();
  for (const { pod, availability } of pool.pods) {
    if (pod.nodeName !== '') best.set(pod.nodeName, better(best.get(pod.nodeName) ?? 'out', availability));
  }
  return best;
}

/** A cordoned node stays: it still forwards, and its pods leave on their own. */
export function nodeMembers(pool: Pool, family: 4 | 6, nodePort: number): Members {
  const { objects, entry, service } = pool;
  const local = service?.externalTrafficPolicy === 'Local' ? nodesWithPods(pool) : undefined;
  let anyAddress = false;
  const found = objects.nodes.flatMap((node): readonly Found[] => {
    const byPods = local === undefined ? 'ready' : local.get(node.meta.name);
    if (byPods === undefined || !isCandidate(node, entry.nodeSelector)) return [];
    const ips = ipsOf(node.addresses.filter((one) => one.type === entry.nodeAddressType).map((one) => one.address));
    anyAddress ||= ips.length > 0;
    return ips.filter((ip) => ip.family === family).map((ip) => ({ ip, availability: node.ready ? byPods : 'out' }));
  });
  return finish(found, nodePort, anyAddress);
}
