/** Pool members of an exposure: pods or nodes, each ready, draining or out. */
import { takesTooMany } from './member-guard.ts';
import { EXCLUDING_LABEL } from '../snapshot/leaving-nodes.ts';
import type { Node, Pod } from '../snapshot/objects.ts';
import type { Availability, Member } from './exposure.ts';
import type { IngressEntry } from './sources/ingress-entry.ts';
import { formatIp, type Ip } from '../net/ip.ts';
import { withRouteDomain, mayBeNode, mayBePod } from '../net/cluster-networks.ts';
import { betterAvailability, parseIps, type IndexedIngress } from './indexed-ingress.ts';

/**
 * Reason why members stay although Kubernetes reports them as out: no member is ready, or more than
 * half would leave.
 */
export type KeptMembers =
  | { readonly why: 'none-ready' }
  | { readonly why: 'too-many'; readonly doubted: number; readonly of: number };

/** The members of a pool, and what was decided about them for notes. */
export interface PoolMembers {
  readonly members: readonly Member[];
  /** Set if members that would be out are kept, and the monitors decide. */
  readonly stayed: KeptMembers | undefined;
  /** There are addresses, but none of the virtual address's family. */
  readonly wrongFamily: boolean;
  /** Addresses outside the cluster's networks, which are left out. */
  readonly strangers: readonly string[];
}

/** An address that may become a member. */
interface Found {
  readonly ip: Ip;
  readonly availability: Availability;
  /** Out only on a report of Kubernetes. */
  readonly doubted: boolean;
  /** The pod no longer exists, so the member never takes new connections. */
  readonly gone: boolean;
}

/** Keeps the member in rotation. */
const carryOn = (one: Found): Found => ({ ...one, availability: 'ready' });

/**
 * Readiness never removes the last member nor more than half. If no member is ready but some are
 * draining, these continue, as in kube-proxy. If none is left, all stay.
 */
function guard(found: readonly Found[]): {
  readonly kept: readonly Found[];
  readonly stayed: KeptMembers | undefined;
} {
  const alone = !found.some((one) => one.availability === 'ready');
  const serving = alone
    ? found.map((one) => (one.availability === 'draining' && !one.gone ? carryOn(one) : one))
    : found;
  const staying = serving.filter((one) => one.availability === 'ready').length;
  const doubted = serving.filter((one) => one.doubted).length;
  const unready: KeptMembers | undefined =
    alone && found.some((one) => !one.gone) ? { why: 'none-ready' } : undefined;
  if (staying === 0)
    return { kept: serving.map((one) => (one.gone ? one : carryOn(one))), stayed: unready };
  if (!takesTooMany(doubted, staying)) return { kept: serving, stayed: unready };
  return {
    kept: serving.map((one) => (one.doubted ? carryOn(one) : one)),
    stayed: { why: 'too-many', doubted, of: doubted + staying },
  };
}

/** Of two members with one address, the more available one is used. */
function merged(known: Found | undefined, one: Found): Found {
  return known === undefined ||
    betterAvailability(known.availability, one.availability) !== known.availability
    ? one
    : known;
}

/** The addresses of one pool before they are checked. */
interface Gathered {
  readonly all: readonly Found[];
  /** Members have addresses, of any family. */
  readonly anyAddress: boolean;
  readonly isOwn: (ip: Ip) => boolean;
  readonly routeDomain: number;
}

/** The members of a pool before their port is known. */
type Portless = Omit<PoolMembers, 'members'> & {
  readonly members: readonly Omit<Member, 'port'>[];
};

function withPort({ members, ...rest }: Portless, port: number): PoolMembers {
  return {
    ...rest,
    members: members.map(({ address, availability }) => ({ address, port, availability })),
  };
}

/**
 * Merges the addresses, leaves out those outside the cluster's networks, and applies the guard for
 * members.
 */
function finish({ all, anyAddress, isOwn, routeDomain }: Gathered): Portless {
  const found = all.filter(({ ip }) => isOwn(ip));
  const strangers = [
    ...new Set(all.filter(({ ip }) => !isOwn(ip)).map(({ ip }) => formatIp(ip))),
  ].sort();
  const byAddress = new Map<string, Found>();
  for (const one of found) {
    const address = formatIp(one.ip);
    byAddress.set(address, merged(byAddress.get(address), one));
  }
  const { kept, stayed } = guard(
    [...byAddress.values()].sort((a, b) => (a.ip.value < b.ip.value ? -1 : 1)),
  );
  const members = kept.map(({ ip, availability }) => ({
    address: withRouteDomain(formatIp(ip), routeDomain),
    availability,
  }));
  return { members, stayed, wrongFamily: anyAddress && all.length === 0, strangers };
}

/** By ingress and family: the members where all pods listen, which differ only in their port. */
const OF_ALL_PODS = new WeakMap<IndexedIngress, Map<4 | 6, Portless>>();

/** Members for a listener port. */
export function podMembers(pool: IndexedIngress, family: 4 | 6, port: number): PoolMembers {
  // A pod that does not listen on the port is not a member.
  const listening = pool.mapping.listening?.get(port);
  if (listening !== undefined)
    return withPort(
      membersOf(pool, family, ({ meta }) => listening.has(meta.name)),
      port,
    );
  const known = OF_ALL_PODS.get(pool) ?? new Map<4 | 6, Portless>();
  OF_ALL_PODS.set(pool, known);
  const members = known.get(family) ?? membersOf(pool, family, () => true);
  known.set(family, members);
  return withPort(members, port);
}

function membersOf(
  { pods: all, networks }: IndexedIngress,
  family: 4 | 6,
  isMember: (pod: Pod) => boolean,
): Portless {
  const pods = all.filter(({ pod }) => isMember(pod));
  const found = pods.flatMap(({ pod, ips, availability, doubted }): readonly Found[] => {
    const ip = ips.find((candidate) => candidate.family === family);
    return ip === undefined ? [] : [{ ip, availability, doubted, gone: pod.gone === true }];
  });
  return finish({
    all: found,
    anyAddress: pods.some(({ ips }) => ips.length > 0),
    isOwn: (ip) => networks === undefined || mayBePod(ip, networks),
    routeDomain: networks?.routeDomain ?? 0,
  });
}

/** Kubernetes reserves the label for this purpose; its value has no meaning. */
function isExcluded(node: Node): boolean {
  return node.meta.labels[EXCLUDING_LABEL] !== undefined;
}

/** A node must have all labels of the selector. An empty selector selects every node. */
function isCandidate(node: Node, selector: IngressEntry['nodeSelector']): boolean {
  return Object.entries(selector).every(([label, value]) => node.meta.labels[label] === value);
}

/** What the pods of a node mean for its availability. */
type Allowed = Pick<Found, 'availability' | 'doubted'>;

/** State of a node with `externalTrafficPolicy: Local`, which depends on its pods. */
function nodesWithPods(pool: Pick<IndexedIngress, 'pods'>): ReadonlyMap<string, Allowed> {
  const best = new Map<string, Allowed>();
  for (const { pod, availability, doubted } of pool.pods) {
    if (pod.nodeName === '') continue;
    const known = best.get(pod.nodeName) ?? { availability: 'out', doubted: false };
    best.set(pod.nodeName, {
      availability: betterAvailability(known.availability, availability),
      doubted: known.doubted || doubted,
    });
  }
  return best;
}

/** With `externalTrafficPolicy: Cluster`, every node forwards to any pod. */
const FREE: Allowed = { availability: 'ready', doubted: false };
/** Also doubtful, but together with cordons: `drainCordoned` handles both. */
const NOT_READY: Allowed = { availability: 'out', doubted: false };

/** Doubt applies only to members that are out. */
function judged(ip: Ip, { availability, doubted }: Allowed): Found {
  return { ip, availability, doubted: doubted && availability === 'out', gone: false };
}

/** A selected node with its addresses of the configured type. */
interface NodeState {
  readonly node: Node;
  readonly ips: readonly Ip[];
  readonly allowed: Allowed;
}

/** Nodes that the ingress selects, with `externalTrafficPolicy: Local` those with a gateway pod. */
function selectedNodes({ objects, entry, service, pods }: IndexedIngress): readonly NodeState[] {
  const local = service?.externalTrafficPolicy === 'Local' ? nodesWithPods({ pods }) : undefined;
  return objects.nodes.flatMap((node) => {
    const allowed = local === undefined ? FREE : local.get(node.meta.name);
    if (allowed === undefined || !isCandidate(node, entry.nodeSelector)) return [];
    const addresses = node.addresses.filter((one) => one.type === entry.nodeAddressType);
    return [{ node, ips: parseIps(addresses.map((one) => one.address)), allowed }];
  });
}

/** Members for a node port. */
export function nodeMembers(pool: IndexedIngress, family: 4 | 6, nodePort: number): PoolMembers {
  const { networks } = pool;
  const nodes = selectedNodes(pool).filter(({ node }) => !isExcluded(node));
  const all = nodes.flatMap(({ node, ips, allowed }) =>
    ips
      .filter((ip) => ip.family === family)
      .map((ip) => judged(ip, node.ready ? allowed : NOT_READY)),
  );
  const isOwn = (ip: Ip): boolean => networks === undefined || mayBeNode(ip, networks);
  const anyAddress = nodes.some(({ ips }) => ips.length > 0);
  const routeDomain = networks?.routeDomain ?? 0;
  return withPort(finish({ all, anyAddress, isOwn, routeDomain }), nodePort);
}

/**
 * Addresses of nodes that are excluded from load balancers, as BIG-IP knows them. Whether they are
 * members, and therefore drain, only the plan knows.
 */
export function excludedNodes(pool: IndexedIngress): readonly string[] {
  if (pool.entry.members !== 'nodes') return [];
  return selectedNodes(pool)
    .filter(({ node, allowed }) => isExcluded(node) && allowed.availability !== 'out')
    .flatMap(({ ips }) => ips.map(formatIp))
    .map((address) => withRouteDomain(address, pool.networks?.routeDomain ?? 0))
    .sort();
}
