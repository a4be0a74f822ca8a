/**
 * What a device needs once before it reaches pods, as each of its units has it. Only read, and
 * only for people: nothing is planned from it. Addresses are as the device shows them, with the
 * route domain: `192.0.2.4%2/24`.
 */

/** An address of the unit with the length of its network. */
export interface SelfIpFacts {
  readonly path: string;
  readonly address: string;
  /** VLAN or tunnel. */
  readonly link: string;
  /** It moves to the other unit with the traffic. */
  readonly isFloating: boolean;
}

/** A VXLAN tunnel. */
export interface TunnelFacts {
  readonly path: string;
  /** The VNI. */
  readonly key: number;
  readonly localAddress: string;
  /** An address that stays on the unit, from which it starts connections of its own. */
  readonly secondaryAddress: string;
  /** Bytes; 0: found out for each path. */
  readonly mtu: number;
  /** Undefined for a tunnel of another kind. */
  readonly vxlan?: { readonly port: number; readonly floodingType: string };
  /** Undefined if the device does not say it, or the configuration does not name the tunnel. */
  readonly mac?: string;
}

/** A route through a gateway or a link. */
export interface RouteFacts {
  /** Full path of the route. */
  readonly path: string;
  /** With length, and route domain if it is not 0. */
  readonly network: string;
  /** VLAN or tunnel; absent for a route with a gateway. */
  readonly link?: string;
}

/** One unit of a device. */
export interface UnitNetworks {
  /** Host name of the unit. */
  readonly name: string;
  readonly isActive: boolean;
  /** Floating ones are those of both units. */
  readonly selfIps: readonly SelfIpFacts[];
  readonly tunnels: readonly TunnelFacts[];
  readonly routes: readonly RouteFacts[];
  /** Full paths of static ARP entries. */
  readonly arps: readonly string[];
  /** Bytes of a frame, by VLAN. */
  readonly mtus: ReadonlyMap<string, number>;
}

/** The partition in `devices[].networks`. */
export interface PathPartitionFacts {
  readonly defaultRouteDomain: number;
  /** Undefined if its objects stay on the unit. */
  readonly deviceGroup?: string;
  /** It belongs to a declaration. */
  readonly isDeclared: boolean;
}

/** The networks of a device. */
export interface NetworkFacts {
  /** The active one first. */
  readonly units: readonly UnitNetworks[];
  /** Units that did not answer. */
  readonly silent: number;
  /** Undefined if it does not exist. */
  readonly partition: PathPartitionFacts | undefined;
  /** State of the config sync in the device's words; undefined for a single unit. */
  readonly sync: string | undefined;
  /** Roles of Sluice's account; undefined if the device does not know the account itself. */
  readonly roles: readonly string[] | undefined;
}
