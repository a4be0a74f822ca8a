import type { Json } from '../json.ts';
import type { Health, Traffic } from '../traffic.ts';
import type { LtmConfig, Member, Pool, Virtual } from './model.ts';
import { toUrl } from './paths.ts';

/** What the monitors say, or that nobody knows. */
export type Availability = 'available' | 'offline' | 'unknown';

const AVAILABILITY: Record<Health, Availability> = {
  up: 'available',
  down: 'offline',
  checking: 'unknown',
  unchecked: 'unknown',
};

/** Offline if somebody forced the member or its node down, whatever the monitors say. */
export function memberAvailability(
  config: LtmConfig,
  pool: Pool,
  member: Member,
  traffic: Traffic,
): { readonly state: Availability; readonly enabled: boolean } {
  const node = config.nodes.get(member.node);
  const forcedDown = member.state === 'user-down' || node?.state === 'user-down';
  return {
    state: forcedDown ? 'offline' : AVAILABILITY[traffic.member(pool.path, member).health],
    enabled: member.session === 'user-enabled' && node?.session !== 'user-disabled',
  };
}

/** Available with one member, offline if all are down. */
export function poolAvailability(config: LtmConfig, pool: Pool, traffic: Traffic): Availability {
  const states = pool.members.map(
    (member) => memberAvailability(config, pool, member, traffic).state,
  );
  if (states.includes('available')) return 'available';
  return states.length === 0 || states.includes('unknown') ? 'unknown' : 'offline';
}

function text(description: string): Json {
  return { description };
}

function number(value: number): Json {
  return { value };
}

function nested(entries: Readonly<Record<string, Json>>): Json {
  return {
    kind: 'tm:ltm:stats',
    selfLink: `https://localhost/mgmt/tm/ltm/stats?ver=17.1.1`,
    entries,
  };
}

function entry(link: string, entries: Json): readonly [string, Json] {
  return [
    `https://localhost/mgmt/tm/ltm/${link}/stats`,
    {
      nestedStats: { selfLink: `https://localhost/mgmt/tm/ltm/${link}/stats?ver=17.1.1`, entries },
    },
  ];
}

function status(availability: Availability, enabled: boolean, reason: string): Json {
  return {
    'status.availabilityState': text(availability),
    'status.enabledState': text(enabled ? 'enabled' : 'disabled'),
    'status.statusReason': text(reason),
  };
}

/** `nestedStats` of virtual servers, as `/mgmt/tm/ltm/virtual/stats` answers. */
export function virtualStats(
  config: LtmConfig,
  virtuals: readonly Virtual[],
  traffic: Traffic,
): Json {
  return nested(
    Object.fromEntries(
      virtuals.map((virtual) => {
        const { connections, error } = traffic.virtual(virtual);
        const pool = virtual.pool === undefined ? undefined : config.pools.get(virtual.pool);
        const availability =
          pool === undefined ? 'unknown' : poolAvailability(config, pool, traffic);
        const id = toUrl(virtual.path);
        return entry(`virtual/${id}/${id}`, {
          'clientside.curConns': number(connections.current),
          'clientside.totConns': number(connections.total),
          destination: text(`${virtual.address}:${virtual.port}`),
          ...status(
            availability,
            virtual.enabled,
            error ?? `The virtual server is ${availability}`,
          ),
          tmName: text(virtual.path),
        });
      }),
    ),
  );
}

/** `nestedStats` of pools, with the number of members that are up. */
export function poolStats(config: LtmConfig, pools: readonly Pool[], traffic: Traffic): Json {
  return nested(
    Object.fromEntries(
      pools.map((pool) => {
        const members = pool.members.map((member) => ({
          ...memberAvailability(config, pool, member, traffic),
          ...traffic.member(pool.path, member).connections,
        }));
        const id = toUrl(pool.path);
        const availability = poolAvailability(config, pool, traffic);
        return entry(`pool/${id}/${id}`, {
          activeMemberCnt: number(
            members.filter((member) => member.enabled && member.state !== 'offline').length,
          ),
          availableMemberCnt: number(
            members.filter((member) => member.state === 'available').length,
          ),
          memberCnt: number(members.length),
          'serverside.curConns': number(members.reduce((sum, member) => sum + member.current, 0)),
          'serverside.totConns': number(members.reduce((sum, member) => sum + member.total, 0)),
          ...status(availability, true, `The pool is ${availability}`),
          tmName: text(pool.path),
        });
      }),
    ),
  );
}

/** `nestedStats` of members, with their connections. */
export function memberStats(
  config: LtmConfig,
  pool: Pool,
  members: readonly Member[],
  traffic: Traffic,
): Json {
  return nested(
    Object.fromEntries(
      members.map((member) => {
        const { state, enabled } = memberAvailability(config, pool, member, traffic);
        const seen = traffic.member(pool.path, member);
        const id = toUrl(member.path);
        return entry(`pool/${toUrl(pool.path)}/members/${id}/${id}`, {
          addr: text(member.address),
          nodeName: text(member.node),
          poolName: text(pool.path),
          port: number(member.port),
          'serverside.curConns': number(seen.connections.current),
          'serverside.totConns': number(seen.connections.total),
          monitorStatus: text(seen.health),
          sessionStatus: text(member.session),
          ...status(
            state,
            enabled,
            seen.monitors
              .map(
                (result) =>
                  `${result.monitor}: ${result.health}${result.reason === '' ? '' : ` (${result.reason})`}`,
              )
              .join('; '),
          ),
        });
      }),
    ),
  );
}
