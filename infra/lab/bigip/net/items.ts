/** Network objects and data groups in iControl REST format. */
import { createHash } from 'node:crypto';
import type { Json } from '../json.ts';
import { identityOf, kindOf, linkTo, toUrl } from '../ltm/paths.ts';
import { NOT_FLOATING } from './model.ts';
import type {
  DataGroup,
  FdbRecord,
  Neighbour,
  Route,
  RouteDomain,
  RouteTarget,
  SelfIp,
  Tunnel,
  VxlanProfile,
} from './model.ts';

/** `net/tunnels/tunnel` is `tm:net:tunnels:tunnel:tunnelstate`. */
function identity(collection: string, record: { path: string; description?: string }): Json {
  return {
    ...identityOf(`${kindOf(collection)}state`, collection, record.path),
    ...(record.description === undefined ? {} : { description: record.description }),
  };
}

/** A profile of VXLAN tunnels. */
export function vxlanItem(record: VxlanProfile): Json {
  const { port, floodingType, encapsulationType } = record;
  return {
    ...identity('net/tunnels/vxlan', record),
    encapsulationType,
    floodingType,
    port,
    ...(record.path !== '/Common/vxlan' && { defaultsFrom: '/Common/vxlan' }),
  };
}

/** Without its records, which have a path of their own. */
export function tunnelItem(record: Tunnel): Json {
  const { profile, key, localAddress, secondaryAddress, mtu, trafficGroup } = record;
  return {
    ...identity('net/tunnels/tunnel', record),
    autoLasthop: 'default',
    idleTimeout: 300,
    key,
    localAddress,
    mode: 'bidirectional',
    mtu,
    profile,
    profileReference: { link: linkTo(`net/tunnels/vxlan/${toUrl(profile)}`) },
    remoteAddress: 'any',
    secondaryAddress,
    tos: 'preserve',
    ...(trafficGroup !== undefined && { trafficGroup }),
    transparent: 'disabled',
    usePmtu: 'enabled',
  };
}

/** Each unit has a MAC of its own for the tunnel. */
export function tunnelMac(hostname: string, path: string): string {
  const digest = createHash('sha256').update(`${hostname} ${path}`).digest('hex').slice(0, 6);
  return ['00', '50', '56', ...(digest.match(/../g) ?? [])].join(':');
}

/** The MAC is shown for a host name. */
export function tunnelStatsBody(path: string, hostname: string | undefined): Json {
  const link = linkTo(`net/tunnels/tunnel/${toUrl(path)}/stats`);
  const entries = {
    tmName: { description: path },
    ...(hostname !== undefined && { macAddr: { description: tunnelMac(hostname, path) } }),
  };
  return {
    kind: 'tm:net:tunnels:tunnel:tunnelstats',
    selfLink: link,
    entries: { [link]: { nestedStats: { selfLink: link, entries } } },
  };
}

/** `floating` follows from its traffic group. */
export function selfItem(record: SelfIp): Json {
  const { address, vlan, trafficGroup, allowService } = record;
  const isFloating = trafficGroup !== NOT_FLOATING;
  return {
    ...identity('net/self', record),
    address,
    addressSource: 'from-user',
    floating: isFloating ? 'enabled' : 'disabled',
    inheritedTrafficGroup: 'false',
    trafficGroup,
    trafficGroupReference: { link: linkTo(`cm/traffic-group/${toUrl(trafficGroup)}`) },
    unit: isFloating ? 1 : 0,
    vlan,
    // A word, or a list.
    ...(allowService !== 'none' && { allowService }),
  };
}

/** The network of all addresses has a name. */
function networkText(network: string): string {
  const [, family, domain = ''] = /^(0\.0\.0\.0|::)(%\d+)?\/0$/.exec(network) ?? [];
  if (family === undefined) return network;
  return `${family === '::' ? 'default-inet6' : 'default'}${domain}`;
}

function targetItem(target: RouteTarget): Json {
  if (!('tmInterface' in target)) return { ...target };
  return {
    tmInterface: target.tmInterface,
    tmInterfaceReference: { link: linkTo(`net/vlan/${toUrl(target.tmInterface)}`) },
  };
}

/** With one of `gw`, `tmInterface` and `blackhole`. */
export function routeItem(record: Route): Json {
  return {
    ...identity('net/route', record),
    ...targetItem(record.target),
    mtu: record.mtu,
    network: networkText(record.network),
  };
}

/** A route domain with its VLANs and tunnels. */
export function domainItem(record: RouteDomain): Json {
  const { id, vlans } = record;
  return {
    ...identity('net/route-domain', record),
    id,
    strict: 'enabled',
    ...(vlans.length > 0 && { vlans }),
  };
}

/** `collection`: `net/arp` or `net/ndp`. */
export function neighbourItem(collection: string, record: Neighbour): Json {
  const { ipAddress, macAddress } = record;
  return { ...identity(collection, record), ipAddress, macAddress };
}

/** In the order of their names. */
export function dataGroupItem(record: DataGroup): Json {
  const records = [...record.records]
    .map(([name, data]) => ({ name, data }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...identity('ltm/data-group/internal', record),
    type: record.type,
    ...(records.length > 0 && { records }),
  };
}

function recordsPath({ path }: Tunnel): string {
  return `net/fdb/tunnel/${toUrl(path)}/records`;
}

/** A record has no partition. */
export function recordItem(tunnel: Tunnel, { mac, endpoint }: FdbRecord): Json {
  return {
    kind: 'tm:net:fdb:tunnel:records:recordsstate',
    name: mac,
    fullPath: mac,
    generation: 1,
    selfLink: linkTo(`${recordsPath(tunnel)}/${mac}`),
    endpoint,
  };
}

function recordItems(tunnel: Tunnel): Json {
  // An empty collection has no `items`.
  return tunnel.records.length === 0
    ? {}
    : { items: tunnel.records.map((one) => recordItem(tunnel, one)) };
}

/** All records of a tunnel, as its collection answers. */
export function recordList(tunnel: Tunnel): Json {
  return {
    kind: 'tm:net:fdb:tunnel:records:recordscollectionstate',
    selfLink: linkTo(recordsPath(tunnel)),
    ...recordItems(tunnel),
  };
}

/** The forwarding table of a tunnel, with its records only if the reader expands it. */
export function fdbItem(tunnel: Tunnel, expand: boolean): Json {
  return {
    ...identityOf('tm:net:fdb:tunnel:tunnelstate', 'net/fdb/tunnel', tunnel.path),
    recordsReference: {
      link: linkTo(recordsPath(tunnel)),
      isSubcollection: true,
      ...(expand && recordItems(tunnel)),
    },
  };
}
