/** Records in iControl REST format. */
import type { Json } from '../json.ts';
import type { Traffic } from '../traffic.ts';
import { partitionOf, withPort } from './model.ts';
import type {
  Member,
  Metadata,
  Monitor,
  MonitorRule,
  Node,
  Pool,
  SnatPool,
  Virtual,
  VirtualAddress,
} from './model.ts';
import { itemIdentity, toUrl } from './paths.ts';

function onOff(value: boolean): string {
  return value ? 'enabled' : 'disabled';
}

/** `enable` reads as `enabled`; `selective` and the others as themselves. */
function adjective(word: string): string {
  return word === 'enable' || word === 'disable' ? `${word}d` : word;
}

function maskOf(address: string): string {
  return address.includes(':') ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255';
}

function described(record: {
  readonly description?: string;
  readonly metadata?: readonly Metadata[];
}): Json {
  return {
    ...(record.description === undefined ? {} : { description: record.description }),
    ...(record.metadata === undefined || record.metadata.length === 0
      ? {}
      : {
          metadata: record.metadata.map((m) => ({
            name: m.name,
            value: m.value,
            persist: String(m.persist),
          })),
        }),
  };
}

/** A monitor rule in mcpd's form: `/Common/tcp and /Common/http`, `min 1 of { … }`. */
export function ruleText(rule: MonitorRule): string {
  return rule.minimum === 'all'
    ? rule.monitors.join(' and ')
    : `min ${rule.minimum} of { ${rule.monitors.join(' ')} }`;
}

function collection(path: string, name: string, items: readonly Json[] | undefined): Json {
  const link = `https://localhost/mgmt/tm/ltm/${path}/${name}?ver=17.1.1`;
  // An empty expanded collection has no `items`.
  return {
    link,
    isSubcollection: true,
    ...(items === undefined || items.length === 0 ? {} : { items }),
  };
}

/** Profiles and policies, which are subcollections. */
function attachedTo({ path, profiles, policies }: Virtual, expand: boolean): Json {
  const at = `virtual/${toUrl(path)}`;
  const itemOf = (name: string, one: string): Json => ({
    ...itemIdentity(`virtual:${name}:${name}state`, `${at}/${name}`, one),
  });
  const listOf = (name: string, items: readonly Json[]): Json =>
    collection(at, name, expand ? items : undefined);
  return {
    profilesReference: listOf(
      'profiles',
      profiles.map((one) => ({ ...itemOf('profiles', one.path), context: one.context })),
    ),
    policiesReference: listOf(
      'policies',
      policies.map((one) => itemOf('policies', one)),
    ),
  };
}

/** AS3's words for the last hop, as iControl REST shows them. */
const LAST_HOPS: Readonly<Record<string, string>> = { auto: 'enabled', disable: 'disabled' };

/** `expand`: with profiles and policies in place of references to them. */
export function virtualItem(virtual: Virtual, expand: boolean): Json {
  const { mode, list } = virtual.vlans;
  return {
    ...itemIdentity('virtual:virtualstate', 'virtual', virtual.path),
    ...described(virtual),
    destination: `/${partitionOf(virtual.virtualAddress)}/${withPort(virtual.virtualAddress.split('/').at(-1) ?? virtual.address, virtual.port)}`,
    [onOff(virtual.enabled)]: true,
    ipProtocol: virtual.protocol,
    mask: maskOf(virtual.address),
    source: virtual.source,
    connectionLimit: virtual.connectionLimit,
    rateLimit: virtual.rateLimit === 0 ? 'disabled' : String(virtual.rateLimit),
    mirror: onOff(virtual.mirror),
    autoLasthop: LAST_HOPS[virtual.lastHop] ?? virtual.lastHop,
    serviceDownImmediateAction: virtual.serviceDownImmediateAction,
    ...virtual.plain,
    ...(virtual.pool === undefined
      ? {}
      : {
          pool: virtual.pool,
          poolReference: {
            link: `https://localhost/mgmt/tm/ltm/pool/${toUrl(virtual.pool)}?ver=17.1.1`,
          },
        }),
    ...(virtual.rules.length === 0 ? {} : { rules: virtual.rules }),
    ...(virtual.persist.length === 0
      ? {}
      : {
          persist: virtual.persist.map((path, index) => ({
            name: path.split('/').at(-1),
            partition: partitionOf(path),
            fullPath: path,
            tmDefault: index === 0 ? 'yes' : 'no',
          })),
        }),
    sourceAddressTranslation: {
      type: virtual.snat.type,
      ...(virtual.snat.pool === undefined ? {} : { pool: virtual.snat.pool }),
    },
    translateAddress: onOff(virtual.translateAddress),
    translatePort: onOff(virtual.translatePort),
    ...(mode === 'allow' ? { vlansEnabled: true } : { vlansDisabled: true }),
    ...(list.length === 0 ? {} : { vlans: list }),
    ...attachedTo(virtual, expand),
  };
}

/** Without its status, which is only in the statistics. */
export function virtualAddressItem(record: VirtualAddress): Json {
  return {
    ...itemIdentity('virtual-address:virtual-addressstate', 'virtual-address', record.path),
    ...record.plain,
    address: record.address,
    mask: maskOf(record.address),
    enabled: record.enabled ? 'yes' : 'no',
    arp: onOff(record.arp),
    icmpEcho: adjective(record.icmpEcho),
    routeAdvertisement: adjective(record.routeAdvertisement),
    spanning: onOff(record.spanning),
    trafficGroup:
      record.trafficGroup === 'default' ? '/Common/traffic-group-1' : record.trafficGroup,
  };
}

/** `expand`: with the members in place of a reference to them. */
export function poolItem(pool: Pool, traffic: Traffic, expand: boolean): Json {
  const members = pool.members.map((member) => memberItem(pool, member, traffic));
  return {
    ...itemIdentity('pool:poolstate', 'pool', pool.path),
    ...described(pool),
    allowNat: pool.allowNat ? 'yes' : 'no',
    allowSnat: pool.allowSnat ? 'yes' : 'no',
    loadBalancingMode: pool.loadBalancingMode,
    minActiveMembers: pool.minActiveMembers,
    ...pool.plain,
    ...(pool.monitor === undefined ? {} : { monitor: ruleText(pool.monitor) }),
    reselectTries: pool.reselectTries,
    serviceDownAction: pool.serviceDownAction,
    slowRampTime: pool.slowRampTime,
    membersReference: collection(
      `pool/${toUrl(pool.path)}`,
      'members',
      expand ? members : undefined,
    ),
  };
}

/** With the state that monitors found, which is no part of the configuration. */
export function memberItem(pool: Pool, member: Member, traffic: Traffic): Json {
  const { health } = traffic.member(pool.path, member);
  return {
    ...itemIdentity('pool:members:membersstate', `pool/${toUrl(pool.path)}/members`, member.path),
    ...described(member),
    ...member.plain,
    address: member.address,
    connectionLimit: member.connectionLimit,
    dynamicRatio: member.dynamicRatio,
    priorityGroup: member.priorityGroup,
    rateLimit: member.rateLimit === -1 ? 'disabled' : String(member.rateLimit),
    ratio: member.ratio,
    monitor: member.monitor === undefined ? 'default' : ruleText(member.monitor),
    session:
      member.session === 'user-enabled' && health !== 'unchecked'
        ? 'monitor-enabled'
        : member.session,
    state: member.state === 'user-down' ? 'user-down' : health,
  };
}

/** Session and state as they were set; statistics tell how it is. */
export function nodeItem(node: Node): Json {
  return {
    ...itemIdentity('node:nodestate', 'node', node.path),
    ...described(node),
    ...node.plain,
    address: node.address,
    ratio: node.ratio,
    session: node.session,
    state: node.state === 'user-down' ? 'user-down' : 'unchecked',
  };
}

/** Monitors that read nothing have nothing to reverse. */
const SILENT = new Set(['tcp-half-open', 'gateway-icmp']);

/** Fields depend on the type of the monitor. */
export function monitorItem(monitor: Monitor): Json {
  const port = monitor.targetPort === 0 ? '*' : String(monitor.targetPort);
  return {
    ...itemIdentity(
      `monitor:${monitor.type}:${monitor.type}state`,
      `monitor/${monitor.type}`,
      monitor.path,
    ),
    ...described(monitor),
    ...monitor.plain,
    destination: withPort(monitor.targetAddress === '' ? '*' : monitor.targetAddress, 0).replace(
      /0$/,
      port,
    ),
    interval: monitor.interval,
    timeout: monitor.timeout,
    timeUntilUp: monitor.timeUntilUp,
    upInterval: monitor.upInterval,
    ...(SILENT.has(monitor.type) ? {} : { reverse: onOff(monitor.reverse) }),
    transparent: onOff(monitor.transparent),
    ...(monitor.send === '' ? {} : { send: monitor.send }),
    ...(monitor.receive === '' ? {} : { recv: monitor.receive }),
    ...(monitor.receiveDown === '' ? {} : { recvDisable: monitor.receiveDown }),
  };
}

/** With the full paths of its addresses. */
export function snatPoolItem(pool: SnatPool): Json {
  return {
    ...itemIdentity('snatpool:snatpoolstate', 'snatpool', pool.path),
    members: pool.addresses.map((address) => `/${partitionOf(pool.path)}/${address}`),
  };
}
