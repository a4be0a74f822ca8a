/** The configuration of the device as immutable records; a write creates a new configuration. */
import type { Json } from '../json.ts';
import { emptyNet } from '../net/model.ts';
import type { NetConfig } from '../net/model.ts';
import { PLAIN, plainOfMonitor } from './plain.ts';

/** Whether a node or member takes new connections. Existing ones and persistent clients stay. */
export type Session = 'user-enabled' | 'user-disabled';
/** `user-down` takes no connections at all, whatever monitors say. */
export type AdminState = 'user-up' | 'user-down';

/** A named text at an object. AS3 writes some, and compares none at nodes. */
export interface Metadata {
  readonly name: string;
  readonly value: string;
  readonly persist: boolean;
}

/** Monitors of a pool or member, and how many of them must succeed. */
export interface MonitorRule {
  readonly monitors: readonly string[];
  readonly minimum: number | 'all';
}

/**
 * A member of a pool. `birth` grows with each member, so that a new one is told from an old one at
 * its address.
 */
export interface Member {
  /** `/T/10.0.0.1:80`, IPv6 `/T/fd00::1.80` */
  readonly path: string;
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly ratio: number;
  readonly dynamicRatio: number;
  readonly priorityGroup: number;
  readonly connectionLimit: number;
  readonly rateLimit: number;
  readonly session: Session;
  readonly state: AdminState;
  readonly description?: string;
  readonly metadata: readonly Metadata[];
  readonly monitor?: MonitorRule;
  readonly plain: Json;
  /**
   * Tells a member from the one of the same name that was deleted before it: statistics and health
   * begin anew.
   */
  readonly birth: number;
}

/** A pool with its members in the order in which they were added. */
export interface Pool {
  readonly path: string;
  readonly loadBalancingMode: string;
  readonly minActiveMembers: number;
  readonly monitor?: MonitorRule;
  readonly serviceDownAction: string;
  readonly reselectTries: number;
  readonly slowRampTime: number;
  readonly allowNat: boolean;
  readonly allowSnat: boolean;
  readonly description?: string;
  readonly metadata: readonly Metadata[];
  readonly plain: Json;
  readonly members: readonly Member[];
}

/** An address that members of any pool have in common. */
export interface Node {
  readonly path: string;
  readonly address: string;
  readonly session: Session;
  readonly state: AdminState;
  readonly ratio: number;
  readonly description?: string;
  readonly metadata: readonly Metadata[];
  readonly plain: Json;
}

/** An address that virtual servers listen on. */
export interface VirtualAddress {
  readonly path: string;
  readonly address: string;
  readonly enabled: boolean;
  readonly arp: boolean;
  readonly icmpEcho: string;
  readonly routeAdvertisement: string;
  readonly spanning: boolean;
  readonly trafficGroup: string;
  readonly plain: Json;
}

/** The source address of connections to members. */
export interface Snat {
  readonly type: 'none' | 'automap' | 'snat';
  readonly pool?: string;
}

/** Where a virtual server listens: everywhere, in these VLANs only, or in all others. */
export interface Vlans {
  readonly mode: 'all' | 'allow' | 'reject';
  readonly list: readonly string[];
}

/** A profile of a virtual server, and the side of the connection that it is for. */
export interface Attached {
  readonly path: string;
  readonly context: 'all' | 'clientside' | 'serverside';
}

/** A virtual server. */
export interface Virtual {
  readonly path: string;
  readonly virtualAddress: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly pool?: string;
  readonly enabled: boolean;
  readonly rules: readonly string[];
  readonly profiles: readonly Attached[];
  /** LTM policies; AS3 attaches none unless a declaration names them. */
  readonly policies: readonly string[];
  readonly persist: readonly string[];
  readonly snat: Snat;
  readonly vlans: Vlans;
  readonly translateAddress: boolean;
  readonly translatePort: boolean;
  readonly connectionLimit: number;
  readonly rateLimit: number;
  readonly mirror: boolean;
  readonly lastHop: string;
  readonly serviceDownImmediateAction: string;
  readonly description?: string;
  readonly metadata: readonly Metadata[];
  readonly plain: Json;
}

/** A health monitor. Times are in seconds; `timeUntilUp` is the wait after the first success. */
export interface Monitor {
  readonly path: string;
  readonly type: string;
  readonly interval: number;
  readonly timeout: number;
  readonly timeUntilUp: number;
  readonly upInterval: number;
  readonly targetAddress: string;
  readonly targetPort: number;
  readonly send: string;
  readonly receive: string;
  readonly receiveDown: string;
  readonly reverse: boolean;
  readonly transparent: boolean;
  readonly description?: string;
  readonly plain: Json;
}

/** Source addresses for connections to members. */
export interface SnatPool {
  readonly path: string;
  readonly addresses: readonly string[];
}

/** The whole configuration: objects by full path. */
export interface LtmConfig extends NetConfig {
  readonly partitions: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  /** The default route domain of partitions that have another one than 0. */
  readonly defaultDomains: ReadonlyMap<string, number>;
  readonly monitors: ReadonlyMap<string, Monitor>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly virtualAddresses: ReadonlyMap<string, VirtualAddress>;
  readonly virtuals: ReadonlyMap<string, Virtual>;
  readonly snatPools: ReadonlyMap<string, SnatPool>;
}

const PROBE = {
  interval: 5,
  timeout: 16,
  timeUntilUp: 0,
  upInterval: 0,
  targetAddress: '',
  targetPort: 0,
  receiveDown: '',
  reverse: false,
  transparent: false,
};

function builtInMonitor(name: string, type: string, send = '', receive = ''): Monitor {
  return {
    ...PROBE,
    path: `/Common/${name}`,
    type,
    send,
    receive,
    plain: plainOfMonitor(type),
  };
}

const BUILT_IN_MONITORS = [
  builtInMonitor('tcp', 'tcp'),
  builtInMonitor('http', 'http', 'GET /\\r\\n'),
  builtInMonitor('https', 'https', 'GET /\\r\\n'),
  builtInMonitor('udp', 'udp', 'default send string'),
  builtInMonitor('tcp_half_open', 'tcp-half-open'),
  builtInMonitor('gateway_icmp', 'gateway-icmp'),
  builtInMonitor('icmp', 'icmp'),
];

/** A new BIG-IP: the partition Common with its built-in monitors. */
export function emptyConfig(): LtmConfig {
  return {
    partitions: new Set(['Common']),
    folders: new Set(['/Common']),
    defaultDomains: new Map(),
    monitors: new Map(BUILT_IN_MONITORS.map((monitor) => [monitor.path, monitor])),
    pools: new Map(),
    nodes: new Map(),
    virtualAddresses: new Map(),
    virtuals: new Map(),
    snatPools: new Map(),
    ...emptyNet(),
  };
}

/** `k8s` of `/k8s/app/pool`. */
export function partitionOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** `pool` of `/k8s/app/pool`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** IPv6 needs a separator that its own colons cannot be taken for. */
export function withPort(address: string, port: number): string {
  return address.includes(':') ? `${address}.${port}` : `${address}:${port}`;
}

/** The source network of all clients: those of the family and route domain of a virtual address. */
export function anySource(address: string): string {
  const domain = /%\d+$/.exec(address)?.[0] ?? '';
  return `${address.includes(':') ? '::' : '0.0.0.0'}${domain}/0`;
}

/** Enabled, without limits, and with the monitors of its pool. */
export function defaultMember(node: string, address: string, port: number): Omit<Member, 'birth'> {
  return {
    path: withPort(node, port),
    node,
    address,
    port,
    ratio: 1,
    dynamicRatio: 1,
    priorityGroup: 0,
    connectionLimit: 0,
    rateLimit: -1,
    session: 'user-enabled',
    state: 'user-up',
    metadata: [],
    plain: PLAIN.members,
  };
}
