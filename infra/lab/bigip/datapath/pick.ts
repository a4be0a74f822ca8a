import type { Device } from '../device.ts';
import type { LtmConfig, Member, Pool, Virtual } from '../ltm/model.ts';
import { choose, newBalanceState } from './balance.ts';
import type { Candidate, Tried, BalanceState } from './balance.ts';
import type { Cut, Members } from './members.ts';
import { obstacleTo } from './paths.ts';

/** The member for a connection. */
export interface Chosen {
  readonly member: Member;
  readonly port: number;
  /** False if no packet gets there. */
  readonly isReached: boolean;
  /** Number of other members to try after this one. */
  readonly reselectTries: number;
  /**
   * Counts a connection on the member until the returned function is called; `cut` ends it when the
   * member is removed.
   */
  open(cut: Cut): () => void;
}

/** Chooses members: persistence first, then the method of the pool. */
export interface Picker {
  /** The member for a new connection of this client; undefined if there is none. */
  pick(virtual: Virtual, client: string, tried?: Tried): Chosen | undefined;
}

const NONE: Tried = new Set();

/** Keeps the state of all pools and persistent clients. */
export function createPicker(device: Device, members: Members): Picker {
  const turns = new Map<string, BalanceState>();
  const persistent = new Map<string, string>();
  return {
    pick(virtual, client, tried = NONE): Chosen | undefined {
      const config = device.store.current();
      const pool = virtual.pool === undefined ? undefined : config.pools.get(virtual.pool);
      if (pool === undefined) return undefined;
      const running = turns.get(pool.path) ?? newBalanceState();
      turns.set(pool.path, running);
      const remembered = virtual.persist.includes('/Common/source_addr')
        ? `${virtual.path} ${client}`
        : undefined;
      const same = persisting(pool, members, config, persistent.get(remembered ?? ''));
      const member =
        same === undefined || tried.has(same.path)
          ? choose(pool, candidates(pool, members, config), running, tried)
          : same;
      if (member === undefined) return undefined;
      if (remembered !== undefined) persistent.set(remembered, member.path);
      const port = member.port === 0 ? virtual.port : member.port;
      return {
        member,
        port,
        isReached: obstacleTo(device, member) === undefined,
        reselectTries: pool.reselectTries,
        open: (cut) => opened(members, pool, member, cut),
      };
    },
  };
}

function opened(members: Members, pool: Pool, member: Member, cut: Cut): () => void {
  const runtime = members.runtime(pool.path, member);
  if (runtime === undefined) return () => undefined;
  runtime.total += 1;
  runtime.cuts.add(cut);
  return (): void => void runtime.cuts.delete(cut);
}

function isUp(pool: Pool, member: Member, members: Members, config: LtmConfig): boolean {
  if (member.state === 'user-down' || config.nodes.get(member.node)?.state === 'user-down')
    return false;
  const { health } = members.of(pool.path, member);
  return health === 'up' || health === 'unchecked';
}

/** A disabled member still accepts clients with persistence; a member that is down accepts none. */
function persisting(
  pool: Pool,
  members: Members,
  config: LtmConfig,
  path: string | undefined,
): Member | undefined {
  const member = path === undefined ? undefined : pool.members.find((m) => m.path === path);
  return member !== undefined && isUp(pool, member, members, config) ? member : undefined;
}

function candidates(pool: Pool, members: Members, config: LtmConfig): readonly Candidate[] {
  const byNode = pool.loadBalancingMode.endsWith('-node');
  return pool.members.flatMap((member) => {
    const node = config.nodes.get(member.node);
    const enabled = member.session === 'user-enabled' && node?.session !== 'user-disabled';
    const own = members.of(pool.path, member).connections.current;
    const full = member.connectionLimit > 0 && own >= member.connectionLimit;
    if (!enabled || full || !isUp(pool, member, members, config)) return [];
    return [
      {
        member,
        connections: byNode ? ofNode(member.node, members, config) : own,
        nodeRatio: node?.ratio ?? 1,
      },
    ];
  });
}

function ofNode(node: string, members: Members, config: LtmConfig): number {
  const all = [...config.pools.values()].flatMap((pool) =>
    pool.members
      .filter((member) => member.node === node)
      .map((member) => members.of(pool.path, member).connections.current),
  );
  return all.reduce((sum, one) => sum + one, 0);
}
