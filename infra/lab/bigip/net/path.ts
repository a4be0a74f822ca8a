/** How the device reaches an address: connected networks, static routes and tunnels. */
import { inCidr } from '../../../../shared/domain/net/ip.ts';
import { type Block, formatAddress, parseAddress, parseBlock, type Placed } from './address.ts';
import type { NetConfig, RouteTarget, Tunnel } from './model.ts';

/** Where the packets for an address go first. Interfaces are full paths. */
export type Hop =
  | { readonly kind: 'direct'; readonly vlan: string }
  | { readonly kind: 'gateway'; readonly gateway: string; readonly vlan: string }
  | {
      readonly kind: 'tunnel';
      readonly tunnel: string;
      /** The VNI. */
      readonly key: number;
      /** Undefined if nobody was asked for it: the frame is flooded. */
      readonly mac: string | undefined;
      /** Without route domains. */
      readonly endpoints: readonly string[];
    };

/** What is beyond the device's own configuration. */
export interface Networks {
  /** Whether the other end takes packets for the address; by default it does. */
  readonly delivers?: (hop: Hop, address: string) => boolean;
}

interface Entry extends Block {
  readonly target: RouteTarget;
  readonly isConnected: boolean;
}

interface Table {
  /** The longest network first; of equal ones the connected one. */
  readonly entries: readonly Entry[];
  /** MAC addresses by IP address. */
  readonly neighbours: ReadonlyMap<string, string>;
}

const tables = new WeakMap<NetConfig, Table>();

/** The table of a configuration, which never changes. */
function tableOf(config: NetConfig): Table {
  const known = tables.get(config);
  if (known !== undefined) return known;
  const connected = [...config.selfIps.values()].flatMap(({ address, vlan }) =>
    entryOf(address, { tmInterface: vlan }, true),
  );
  const routes = [...config.routes.values()].flatMap(({ network, target }) =>
    entryOf(network, target, false),
  );
  const table = {
    entries: [...connected, ...routes].toSorted((a, b) => b.cidr.bits - a.cidr.bits),
    neighbours: new Map(
      [...config.arps.values(), ...config.ndps.values()].map((one) => [
        one.ipAddress,
        one.macAddress,
      ]),
    ),
  };
  tables.set(config, table);
  return table;
}

function entryOf(text: string, target: RouteTarget, isConnected: boolean): readonly Entry[] {
  const block = parseBlock(text);
  return block === undefined ? [] : [{ ...block, target, isConnected }];
}

function entryFor({ entries }: Table, { ip, domain }: Placed): Entry | undefined {
  return entries.find((one) => one.domain === domain && inCidr(ip, one.cidr));
}

/** The interface, and the next address on it. */
interface Link {
  readonly name: string;
  readonly next: Placed;
  readonly isGateway: boolean;
}

/** A reason is a text. */
function linkTo(table: Table, to: Placed): Link | string {
  const entry = entryFor(table, to);
  if (entry === undefined) return `no route to ${formatAddress(to)}`;
  const { target } = entry;
  if ('blackhole' in target) return `a route drops packets to ${formatAddress(to)}`;
  if ('tmInterface' in target) return { name: target.tmInterface, next: to, isGateway: false };
  const gateway = parseAddress(target.gw);
  const connected = gateway && entryFor(table, gateway);
  if (gateway === undefined || connected?.isConnected !== true)
    return `gateway ${target.gw} is not connected`;
  return 'tmInterface' in connected.target
    ? { name: connected.target.tmInterface, next: gateway, isGateway: true }
    : `gateway ${target.gw} is not connected`;
}

/** The hop, or a text that says why there is none. */
export function hopTo(config: NetConfig, address: string): Hop | string {
  const to = parseAddress(address);
  if (to === undefined) return `${address} is no address`;
  const table = tableOf(config);
  const link = linkTo(table, to);
  if (typeof link === 'string') return link;
  const tunnel = config.tunnels.get(link.name);
  if (tunnel !== undefined) return throughTunnel(config, tunnel, link.next);
  return link.isGateway
    ? { kind: 'gateway', gateway: formatAddress(link.next), vlan: link.name }
    : { kind: 'direct', vlan: link.name };
}

/** With flooding to all endpoints, the device can ask for addresses and learn where they are. */
function throughTunnel(config: NetConfig, tunnel: Tunnel, next: Placed): Hop | string {
  const { path, key, profile, records } = tunnel;
  const floods = config.vxlans.get(profile)?.floodingType === 'multipoint';
  const table = tableOf(config);
  const mac = table.neighbours.get(formatAddress(next));
  const known = records.filter((record) => record.mac === mac);
  if (mac === undefined && !floods) return `no ARP entry for ${formatAddress(next)} on ${path}`;
  if (known.length === 0 && !floods) return `no forwarding record for ${mac} on ${path}`;
  const chosen = known.length > 0 ? known : records;
  const ends = chosen.flatMap(({ endpoint }) => parseAddress(endpoint) ?? []);
  const reached = ends.filter((end) => isOutside(config, table, end));
  if (reached.length === 0)
    return ends.length === 0
      ? `no forwarding records on ${path}`
      : `no route to endpoint ${ends.map(formatAddress).join(', ')} of ${path}`;
  return {
    kind: 'tunnel',
    tunnel: path,
    key,
    mac: known.length > 0 ? mac : undefined,
    endpoints: reached.map((end) => formatAddress({ ...end, domain: 0 })),
  };
}

/** Whether packets of the tunnel itself go through a VLAN. */
function isOutside(config: NetConfig, table: Table, end: Placed): boolean {
  const link = linkTo(table, end);
  return typeof link !== 'string' && !config.tunnels.has(link.name);
}
