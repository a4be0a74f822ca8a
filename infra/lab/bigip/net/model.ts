/** The part of the configuration that decides which addresses the device reaches. */

/** What tunnels of VXLAN have in common. `port` is of UDP. */
export interface VxlanProfile {
  readonly path: string;
  readonly port: number;
  readonly floodingType: string;
  readonly encapsulationType: string;
  readonly description?: string;
}

/** Where the frames for a MAC address are sent. */
export interface FdbRecord {
  readonly mac: string;
  /** With its route domain, as it was sent: `192.0.2.11%0`. */
  readonly endpoint: string;
}

/** A tunnel with its forwarding records. */
export interface Tunnel {
  readonly path: string;
  /** Full path of the profile. */
  readonly profile: string;
  /** The VNI of VXLAN. */
  readonly key: number;
  readonly localAddress: string;
  readonly secondaryAddress: string;
  readonly mtu: number;
  readonly trafficGroup?: string;
  readonly description?: string;
  readonly records: readonly FdbRecord[];
}

/** An address of the device itself, which makes its network reachable. */
export interface SelfIp {
  readonly path: string;
  /** With its route domain and the length of its network: `10.1.0.5%2/24`. */
  readonly address: string;
  /** Full path of a VLAN or a tunnel. */
  readonly vlan: string;
  readonly trafficGroup: string;
  readonly allowService: unknown;
  readonly description?: string;
}

/** The traffic group of self IPs that stay on their unit. */
export const NOT_FLOATING = '/Common/traffic-group-local-only';

/** A static route. `mtu` is in bytes; 0: that of the interface. */
export interface Route {
  readonly path: string;
  /** `10.244.1.0%2/24`, or the canonical form of everything: `0.0.0.0%2/0`. */
  readonly network: string;
  readonly target: RouteTarget;
  readonly mtu: number;
  readonly description?: string;
}

/** Where packets go. */
export type RouteTarget =
  | { readonly gw: string }
  /** Full path of a VLAN or a tunnel. */
  | { readonly tmInterface: string }
  | { readonly blackhole: true };

/** A static ARP entry, or with IPv6 an NDP entry. */
export interface Neighbour {
  readonly path: string;
  readonly ipAddress: string;
  readonly macAddress: string;
  readonly description?: string;
}

/** A named table, which iRules read. Sluice keeps its journal of paths in some. */
export interface DataGroup {
  readonly path: string;
  readonly type: string;
  /** Data by name. */
  readonly records: ReadonlyMap<string, string>;
  readonly description?: string;
}

/** An address space of its own; addresses name it as `%id`. */
export interface RouteDomain {
  readonly path: string;
  readonly id: number;
  /** Full paths of VLANs and tunnels. */
  readonly vlans: readonly string[];
  readonly description?: string;
}

/** Objects by full path. */
export interface NetConfig {
  readonly vxlans: ReadonlyMap<string, VxlanProfile>;
  readonly tunnels: ReadonlyMap<string, Tunnel>;
  readonly selfIps: ReadonlyMap<string, SelfIp>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly arps: ReadonlyMap<string, Neighbour>;
  readonly ndps: ReadonlyMap<string, Neighbour>;
  readonly dataGroups: ReadonlyMap<string, DataGroup>;
  readonly routeDomains: ReadonlyMap<string, RouteDomain>;
}

/** All kinds of the network part. */
export const NET_KINDS = [
  'vxlans',
  'tunnels',
  'selfIps',
  'routes',
  'arps',
  'ndps',
  'dataGroups',
  'routeDomains',
] as const;

function profile(name: string, floodingType: string): readonly [string, VxlanProfile] {
  const path = `/Common/${name}`;
  return [path, { path, port: 4789, floodingType, encapsulationType: 'vxlan' }];
}

/** With the profiles that BIG-IP brings. */
export function emptyNet(): NetConfig {
  return {
    vxlans: new Map([profile('vxlan', 'multicast'), profile('vxlan-multipoint', 'multipoint')]),
    tunnels: new Map(),
    selfIps: new Map(),
    routes: new Map(),
    arps: new Map(),
    ndps: new Map(),
    dataGroups: new Map(),
    routeDomains: new Map([['/Common/0', { path: '/Common/0', id: 0, vlans: [] }]]),
  };
}
