import { isDeepStrictEqual } from 'node:util';
import type { Device } from '../device.ts';
import type { LtmConfig, Member, Monitor, Pool } from '../ltm/model.ts';
import type { Health, MemberTraffic } from '../traffic.ts';
import { combine, watch } from './monitor.ts';
import type { HealthCheck } from './monitor.ts';
import { obstacleTo } from './paths.ts';

/** Ends a connection at once. */
export type Cut = () => void;

/**
 * What the data path knows of a member: connections and monitors. A member that is removed and
 * added again has a new one.
 */
export interface Runtime {
  readonly birth: number;
  readonly cuts: Set<Cut>;
  total: number;
  watches: ReadonlyMap<string, { readonly monitor: Monitor; readonly watch: HealthCheck }>;
  minimum: number | 'all';
}

/** Health and connections of pool members. A member that was deleted and re-added starts anew. */
export interface Members {
  refresh(config: LtmConfig): void;
  of(pool: string, member: Member): MemberTraffic;
  runtime(pool: string, member: Member): Runtime | undefined;
  close(): void;
}

function keyOf(pool: string, member: Member): string {
  return `${pool} ${member.path}`;
}

/** Starts and stops monitors as the configuration changes. */
export function createMembers(device: Device): Members {
  const runtimes = new Map<string, Runtime>();
  const end = (key: string, runtime: Runtime): void => {
    for (const { watch: running } of runtime.watches.values()) running.stop();
    for (const cut of runtime.cuts) cut();
    runtimes.delete(key);
  };
  const keep = (config: LtmConfig, pool: Pool, member: Member): void => {
    const key = keyOf(pool.path, member);
    const known = runtimes.get(key);
    if (known !== undefined && known.birth !== member.birth) end(key, known);
    const runtime = runtimes.get(key) ?? {
      birth: member.birth,
      cuts: new Set<Cut>(),
      total: 0,
      watches: new Map(),
      minimum: 'all',
    };
    runtimes.set(key, runtime);
    watchMember(device, { config, pool, member, runtime });
    cutWithoutPath(device, member, runtime);
  };
  const of = (pool: string, member: Member): MemberTraffic => {
    const runtime = runtimes.get(keyOf(pool, member));
    const results = [...(runtime?.watches ?? [])].map(([monitor, { watch: running }]) => ({
      monitor,
      health: running.health(),
      reason: running.reason(),
    }));
    return {
      health:
        told(device, member) ??
        (results.length === 0
          ? 'unchecked'
          : combine(
              results.map((r) => r.health),
              runtime?.minimum ?? 'all',
            )),
      monitors: results,
      connections: { current: runtime?.cuts.size ?? 0, total: runtime?.total ?? 0 },
    };
  };
  return {
    refresh(config): void {
      const alive = new Set<string>();
      for (const pool of config.pools.values()) {
        for (const member of pool.members) {
          alive.add(keyOf(pool.path, member));
          keep(config, pool, member);
        }
      }
      for (const [key, runtime] of runtimes) if (!alive.has(key)) end(key, runtime);
    },
    of,
    runtime: (pool, member) => runtimes.get(keyOf(pool, member)),
    close(): void {
      for (const [key, runtime] of runtimes) end(key, runtime);
    },
  };
}

/** A health that a test or the console set, for the port or for all ports of the address. */
export function told(device: Device, member: Member): Health | undefined {
  return (
    device.condition.health.get(`${member.address}:${member.port}`) ??
    device.condition.health.get(member.address)
  );
}

/** Nothing more arrives; the lab does not wait until both ends give up. */
function cutWithoutPath(device: Device, member: Member, { cuts }: Runtime): void {
  if (cuts.size > 0 && obstacleTo(device, member) !== undefined) for (const cut of cuts) cut();
}

interface Watching {
  readonly config: LtmConfig;
  readonly pool: Pool;
  readonly member: Member;
  readonly runtime: Runtime;
}

/** Keeps running monitors that still apply; a changed monitor starts from the known health. */
function watchMember(device: Device, { config, pool, member, runtime }: Watching): void {
  const rule = member.monitor ?? pool.monitor;
  const monitors = (rule?.monitors ?? []).flatMap((path) => config.monitors.get(path) ?? []);
  const known =
    runtime.watches.size === 0
      ? 'checking'
      : combine(
          [...runtime.watches.values()].map((entry) => entry.watch.health()),
          runtime.minimum,
        );
  const next = new Map(
    monitors.map((monitor) => {
      const running = runtime.watches.get(monitor.path);
      if (running !== undefined && isDeepStrictEqual(running.monitor, monitor))
        return [monitor.path, running] as const;
      const started = watch({
        monitor,
        address: member.address,
        port: member.port,
        cap: () => device.timings.monitorInterval,
        obstacle: () => obstacleTo(device, member),
        initial: known,
      });
      return [monitor.path, { monitor, watch: started }] as const;
    }),
  );
  for (const [path, running] of runtime.watches)
    if (next.get(path) !== running) running.watch.stop();
  runtime.watches = next;
  runtime.minimum = rule?.minimum ?? 'all';
}
