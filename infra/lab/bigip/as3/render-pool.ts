import { withPort } from '../ltm/model.ts';
import type { AdminState, Member, Metadata, MonitorRule, Pool, Session } from '../ltm/model.ts';
import { PLAIN } from '../ltm/plain.ts';
import { Invalid } from './parse.ts';
import { pointerPath } from './pointers.ts';
import type { Rendering } from './render.ts';
import type { PoolClass as PoolItem, PoolMember } from './schema.ts';

/** Also adds the nodes of its members to what the partition should have. */
export function renderPool(rendering: Rendering, path: string, item: PoolItem): Pool {
  checkMembers(path, item.members);
  const monitor = monitorRule(rendering, path, item);
  const members = new Map<string, Member>();
  // The same address and port in two entries is accepted; the last one applies.
  for (const [index, entry] of item.members.entries()) {
    if (!entry.enable) continue;
    for (const address of entry.serverAddresses ?? []) {
      const member = renderMember(rendering, `${path}/members/${index}`, entry, address);
      members.set(member.path, member);
      rendering.desired.nodes.set(member.node, { path: member.node, address: member.address });
    }
  }
  return {
    path,
    loadBalancingMode: item.loadBalancingMode,
    minActiveMembers: item.minimumMembersActive,
    ...(monitor === undefined ? {} : { monitor }),
    serviceDownAction: item.serviceDownAction,
    reselectTries: item.reselectTries,
    slowRampTime: item.slowRampTime,
    allowNat: item.allowNATEnabled,
    allowSnat: item.allowSNATEnabled,
    ...(item.remark === undefined ? {} : { description: item.remark }),
    metadata: metadataList(item.metadata),
    plain: PLAIN.pools,
    members: [...members.values()],
  };
}

function checkMembers(path: string, members: readonly PoolMember[]): void {
  const seen = new Set<string>();
  for (const [index, member] of members.entries()) {
    const text = JSON.stringify(member);
    if (seen.has(text)) throw new Invalid(`${path}/members`, 'should NOT have duplicate items');
    seen.add(text);
    const addresses = member.serverAddresses ?? [];
    if (new Set(addresses).size !== addresses.length)
      throw new Invalid(
        `${path}/members/${index}/serverAddresses`,
        'should NOT have duplicate items',
      );
  }
}

const ADMIN: Record<PoolMember['adminState'], readonly [Session, AdminState]> = {
  enable: ['user-enabled', 'user-up'],
  disable: ['user-disabled', 'user-up'],
  offline: ['user-disabled', 'user-down'],
};

function renderMember(
  rendering: Rendering,
  path: string,
  entry: PoolMember,
  given: string,
): Member {
  const address = entry.routeDomain === undefined ? given : `${given}%${entry.routeDomain}`;
  const { node, foreign } = nodePath(rendering, path, address, entry.shareNodes);
  const [session, state] = ADMIN[entry.adminState];
  const monitor = monitorRule(rendering, path, {
    monitors: entry.monitors,
    minimumMonitors: entry.minimumMonitors ?? 1,
  });
  // A node that AS3 did not create is reused, as the member's remark says.
  const description = foreign ? `(replaces AS3 ${address})` : entry.remark;
  return {
    path: withPort(node, entry.servicePort),
    node,
    address,
    port: entry.servicePort,
    ratio: entry.ratio,
    dynamicRatio: entry.dynamicRatio,
    priorityGroup: entry.priorityGroup,
    connectionLimit: entry.connectionLimit,
    rateLimit: entry.rateLimit,
    session,
    state,
    ...(description === undefined ? {} : { description }),
    metadata: metadataList(entry.metadata),
    ...(monitor === undefined ? {} : { monitor }),
    plain: PLAIN.members,
    birth: 0,
  };
}

function nodePath(
  rendering: Rendering,
  path: string,
  address: string,
  share: boolean,
): { node: string; foreign: boolean } {
  const own = `/${rendering.tenant.name}/${address}`;
  const common = `/Common/${address}`;
  const shared = rendering.device.nodes.get(common);
  const foreign =
    shared !== undefined && !shared.metadata.some((entry) => entry.name === 'references');
  if (foreign) return { node: common, foreign };
  const wanted = share ? common : own;
  const conflict = (rendering.nodes.get(address) ?? []).find(
    (node) => node.path !== wanted && node.path !== own,
  );
  if (conflict !== undefined) {
    const members = path.slice(0, path.lastIndexOf('/'));
    throw new Invalid(
      members,
      conflict.path === common
        ? `The node ${own} conflicts with ${common}`
        : `pool member ${path} static address ${address} conflicts with bigip node ${conflict.path}`,
    );
  }
  return { node: wanted, foreign: false };
}

const BUILT_IN: Readonly<Record<string, string>> = {
  icmp: '/Common/gateway_icmp',
  'tcp-half-open': '/Common/tcp_half_open',
};

interface Monitored {
  readonly monitors?: PoolItem['monitors'];
  readonly minimumMonitors: number | 'all';
}

function monitorRule(
  { tenant, application }: Rendering,
  path: string,
  item: Monitored,
): MonitorRule | undefined {
  if (item.monitors === undefined || item.monitors.length === 0) return undefined;
  const monitors = item.monitors.map((monitor, index) =>
    typeof monitor === 'string'
      ? (BUILT_IN[monitor] ?? `/Common/${monitor}`)
      : pointerPath(monitor, ['Monitor'], {
          tenant,
          application,
          path: `${path}/monitors/${index}`,
        }),
  );
  // With a single monitor, one means all; the device has no other notation.
  return { monitors, minimum: monitors.length === 1 ? 'all' : item.minimumMonitors };
}

/** Metadata in the form of mcpd, in the order of the declaration. */
export function metadataList(metadata: PoolItem['metadata']): readonly Metadata[] {
  return Object.entries(metadata ?? {}).map(([name, { value, persist }]) => ({
    name,
    value,
    persist,
  }));
}
