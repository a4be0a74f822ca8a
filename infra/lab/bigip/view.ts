import type { Device } from './device.ts';
import { nameOf, partitionOf, withPort } from './ltm/model.ts';
import type { Pool, Virtual } from './ltm/model.ts';
import { memberAvailability } from './ltm/stats.ts';
import type { Connections, Health, MonitorResult, Traffic } from './traffic.ts';

/** A member for people. */
export interface MemberView {
  /** `/T/10.0.0.1:80` */
  readonly path: string;
  readonly address: string;
  readonly port: number;
  readonly state: Health | 'user-down';
  readonly session: 'user-enabled' | 'user-disabled';
  /** Gets new connections, as far as administration (its own and its node's) is concerned. */
  readonly enabled: boolean;
  readonly ratio: number;
  readonly priorityGroup: number;
  readonly monitors: readonly MonitorResult[];
  readonly connections: Connections;
}

/** A pool for people. */
export interface PoolView {
  readonly path: string;
  readonly name: string;
  readonly balance: string;
  readonly members: readonly MemberView[];
}

/** A virtual server for people. */
export interface VirtualServerView {
  readonly path: string;
  readonly name: string;
  /** `172.16.100.195:32400` */
  readonly destination: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly pool: string | undefined;
  /** LTM policies, among them those that AS3 makes for WAF policies. */
  readonly policies: readonly string[];
  readonly enabled: boolean;
  readonly connections: Connections;
  readonly error: string | undefined;
}

/** What a partition serves. */
export interface PartitionView {
  readonly name: string;
  readonly virtualServers: readonly VirtualServerView[];
  readonly pools: readonly PoolView[];
}

/** The device for people: the demo and the console of the lab show it. */
export interface DeviceView {
  readonly hostname: string;
  readonly role: 'active' | 'standby';
  readonly partitions: readonly PartitionView[];
}

/** A copy of the present state. */
export function viewOf(device: Device, traffic: Traffic): DeviceView {
  const config = device.store.current();
  const of = <T extends { readonly path: string }>(
    map: ReadonlyMap<string, T>,
    name: string,
  ): readonly T[] => [...map.values()].filter((record) => partitionOf(record.path) === name);
  return {
    hostname: device.settings.hostname,
    role: device.condition.standby ? 'standby' : 'active',
    partitions: [...config.partitions].map((name) => ({
      name,
      virtualServers: of(config.virtuals, name).map((virtual) => virtualView(virtual, traffic)),
      pools: of(config.pools, name).map((pool) => poolView(device, pool, traffic)),
    })),
  };
}

function virtualView(virtual: Virtual, traffic: Traffic): VirtualServerView {
  const { path, address, port, protocol, pool, policies, enabled } = virtual;
  return {
    path,
    name: nameOf(path),
    destination: withPort(address, port),
    address,
    port,
    protocol,
    pool,
    policies,
    enabled,
    ...traffic.virtual(virtual),
  };
}

function poolView(device: Device, pool: Pool, traffic: Traffic): PoolView {
  return {
    path: pool.path,
    name: nameOf(pool.path),
    balance: pool.loadBalancingMode,
    members: pool.members.map((member) => {
      const seen = traffic.member(pool.path, member);
      return {
        path: member.path,
        address: member.address,
        port: member.port,
        state: member.state === 'user-down' ? 'user-down' : seen.health,
        session: member.session,
        enabled:
          memberAvailability(device.store.current(), pool, member, traffic).enabled &&
          member.state === 'user-up',
        ratio: member.ratio,
        priorityGroup: member.priorityGroup,
        monitors: seen.monitors,
        connections: seen.connections,
      };
    }),
  };
}
