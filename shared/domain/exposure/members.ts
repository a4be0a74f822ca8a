/** Pool members of an exposure: pods or nodes, each ready, draining or out. */
import type { EndpointSlice, KubernetesObjects, Node, Pod } from '../ingress/objects.ts';
import type { IngressRef } from '../ingress/snapshot.ts';
import type { PortMapping } from '../ingress/verdict.ts';
import type { Availability, Member } from './exposure.ts';
import type { IngressEntry } from './ingress-entry.ts';
import { formatIp, type Ip, parseIp } from './ip.ts';

/** What is the same for every exposure of one ingress. */
export interface Pool {
  readonly ref: IngressRef;
  readonly objects: KubernetesObjects;
  readonly mapping: PortMapping;
  readonly entry: IngressEntry;
}

export interface Members {
  readonly members: readonly Member[];
  /** Everyone would have been out, so all stay and the monitors judge. */
  readonly allStayed: boolean;
  /** There are addresses, but none of the virtual address's family. */
  readonly wrongFamily: boolean;
}

type Endpoint = EndpointSlice['endpoints'][number];

const RANK: Readonly<Record<Availability, number>> = { ready: 0, draining: 1, out: 2 };

function better(a: Availability, b: Availability): Availability {
  return RANK[a] <= RANK[b] ? a : b;
}

function ipsOf(texts: readonly string[]): readonly Ip[] {
  return texts.flatMap((text) => parseIp(text) ?? []);
}

export function gatewayPods(pool: Pool): readonly Pod[] {
  const names = new Set(pool.mapping.pods);
  return pool.objects.pods.filter((pod) => pod.meta.namespace === pool.mapping.namespace && names.has(pod.meta.name));
}

function endpointsByPod(pool: Pool): ReadonlyMap<string, Endpoint> {
  const { ref, objects } = pool;
  const slices = objects.endpointSlices.filter((slice) => slice.meta.namespace === ref.namespace && slice.service === ref.service);
  return new Map(slices.flatMap((slice) => slice.endpoints).flatMap((endpoint) => (endpoint.pod === undefined ? [] : [[endpoint.pod, endpoint] as const])));
}

/** The EndpointSlice knows more than the Pod (serving while terminating); a deletion shows on the Pod first. */
function podAvailability(pod: Pod, endpoint: Endpoint | undefined): Availability {
  const serving = endpoint?.serving ?? pod.ready;
  if (pod.terminating || endpoint?.terminating === true) return serving ? 'draining' : 'out';
  return (endpoint?.ready ?? pod.ready) ? 'ready' : 'out';
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
  const endpoints = endpointsByPod(pool);
  let anyAddress = false;
  const found = gatewayPods(pool).flatMap((pod): readonly Found[] => {
    const ips = ipsOf(pod.ips);
    anyAddress ||= ips.length > 0;
    const ip = ips.find((candidate) => candidate.family === family);
    return ip === undefined ? [] : [{ ip, availability: podAvailability(pod, endpoints.get(pod.meta.name)) }];
  });
  return finish(found, port, anyAddress);
}

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

function isCandidate(node: Node, selector: IngressEntry['nodeSelector']): boolean {
  if (node.meta.labels[EXCLUDED] !== undefined) return false;
  return Object.entries(selector).every(([label, value]) => node.meta.labels[label] === value);
}

/** What the pods of a node allow it to be, under `externalTrafficPolicy: Local`. */
function nodesWithPods(pool: Pool): ReadonlyMap<string, Availability> {
  const endpoints = endpointsByPod(pool);
  const best = new Map<string, Availability>();
  for (const pod of gatewayPods(pool)) {
    const availability = podAvailability(pod, endpoints.get(pod.meta.name));
    if (pod.nodeName !== '') best.set(pod.nodeName, better(best.get(pod.nodeName) ?? 'out', availability));
  }
  return best;
}

/** A cordoned node stays: it still forwards, and its pods leave on their own. */
export function nodeMembers(pool: Pool, family: 4 | 6, nodePort: number): Members {
  const { objects, entry, ref } = pool;
  const service = objects.services.find((one) => one.meta.namespace === ref.namespace && one.meta.name === ref.service);
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
