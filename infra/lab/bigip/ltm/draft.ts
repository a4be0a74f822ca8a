import { McpError } from './error.ts';
import { checkConfig } from './check.ts';
import type { CommonObjects } from './common.ts';
import { nameOf, partitionOf } from './model.ts';
import type {
  LtmConfig,
  Member,
  Metadata,
  Monitor,
  Node,
  Pool,
  SnatPool,
  Virtual,
  VirtualAddress,
} from './model.ts';
import { NET_KINDS } from '../net/model.ts';
import type { NetConfig } from '../net/model.ts';
import { PLAIN } from './plain.ts';

type DraftOfNet = {
  readonly [K in keyof NetConfig]: NetConfig[K] extends ReadonlyMap<string, infer V>
    ? Map<string, V>
    : never;
};

/** A configuration that is being written. mcpd checks it as a whole before it becomes current. */
export interface Draft extends DraftOfNet {
  readonly partitions: Set<string>;
  readonly folders: Set<string>;
  readonly defaultDomains: Map<string, number>;
  readonly monitors: Map<string, Monitor>;
  readonly pools: Map<string, Pool>;
  readonly nodes: Map<string, Node>;
  readonly virtualAddresses: Map<string, VirtualAddress>;
  readonly virtuals: Map<string, Virtual>;
  readonly snatPools: Map<string, SnatPool>;
  readonly birth: () => number;
}

function draftOf(config: LtmConfig, birth: () => number): Draft {
  return {
    partitions: new Set(config.partitions),
    folders: new Set(config.folders),
    defaultDomains: new Map(config.defaultDomains),
    monitors: new Map(config.monitors),
    pools: new Map(config.pools),
    nodes: new Map(config.nodes),
    virtualAddresses: new Map(config.virtualAddresses),
    virtuals: new Map(config.virtuals),
    snatPools: new Map(config.snatPools),
    vxlans: new Map(config.vxlans),
    tunnels: new Map(config.tunnels),
    selfIps: new Map(config.selfIps),
    routes: new Map(config.routes),
    arps: new Map(config.arps),
    ndps: new Map(config.ndps),
    dataGroups: new Map(config.dataGroups),
    routeDomains: new Map(config.routeDomains),
    birth,
  };
}

/** One transaction: the whole edit, or mcpd's error and no change. */
export function transact(
  config: LtmConfig,
  context: { readonly common: CommonObjects; readonly birth: () => number },
  edit: (draft: Draft) => void,
): LtmConfig {
  const { birth, ...next } = draftOf(config, context.birth);
  edit({ ...next, birth });
  checkConfig(config, next, context.common);
  return next;
}

/** The kinds of objects that have a path. */
export type Kind =
  'monitors' | 'pools' | 'nodes' | 'virtualAddresses' | 'virtuals' | 'snatPools' | keyof NetConfig;

/** mcpd's word for each kind, in its messages. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  monitors: 'monitor',
  pools: 'Pool',
  nodes: 'Node',
  virtualAddresses: 'Virtual Address',
  virtuals: 'Virtual Server',
  snatPools: 'SNAT Pool',
  vxlans: 'VXLAN profile',
  tunnels: 'tunnel',
  selfIps: 'self IP',
  routes: 'route',
  arps: 'ARP entry',
  ndps: 'NDP entry',
  dataGroups: 'value list',
  routeDomains: 'route domain',
};

/** mcpd's 404 for an object that is not there. */
export function objectNotFound(kind: string, path: string): McpError {
  return new McpError(404, '01020036:3', `The requested ${kind} (${path}) was not found.`);
}

/** 409, as BIG-IP says it. */
export function objectExists(kind: string, path: string): McpError {
  return new McpError(
    409,
    '01020066:3',
    `The requested ${kind} (${path}) already exists in partition ${partitionOf(path)}.`,
  );
}

/** The folder of each device for what its group does not share; it is no partition. */
export const LOCAL_ONLY = 'LOCAL_ONLY';

/** Throws 409 if the path is taken. */
export function createObject<K extends Kind>(
  draft: Draft,
  kind: K,
  record: Draft[K] extends Map<string, infer V> ? V : never,
): void {
  const map = draft[kind] as Map<string, unknown>;
  const { path } = record as { path: string };
  if (map.has(path)) throw objectExists(KIND_WORDS[kind], path);
  const partition = partitionOf(path);
  if (partition !== LOCAL_ONLY && !draft.partitions.has(partition))
    throw objectNotFound('folder', `/${partition}`);
  map.set(path, record);
}

/** Throws 404 if it is not there. What refers to it is found at the end of the transaction. */
export function remove(draft: Draft, kind: Kind, path: string): void {
  if (!draft[kind].delete(path)) throw objectNotFound(KIND_WORDS[kind], path);
}

/** The pool, or 404. */
export function poolOf(draft: Pick<Draft, 'pools'>, path: string): Pool {
  const pool = draft.pools.get(path);
  if (pool === undefined) throw objectNotFound('Pool', path);
  return pool;
}

function ensureNode(draft: Draft, member: Omit<Member, 'birth'>): void {
  if (draft.nodes.has(member.node)) return;
  createObject(draft, 'nodes', newNode(member.node, member.address));
}

/** Enabled and up, as mcpd creates nodes. */
export function newNode(path: string, address: string, metadata: readonly Metadata[] = []): Node {
  return {
    path,
    address,
    session: 'user-enabled',
    state: 'user-up',
    ratio: 1,
    metadata,
    plain: PLAIN.nodes,
  };
}

/**
 * Creates the node if there is none with this address. Throws 409 for a member that the pool has.
 */
export function addMember(draft: Draft, pool: string, member: Omit<Member, 'birth'>): void {
  const current = poolOf(draft, pool);
  if (current.members.some((m) => m.path === member.path)) {
    throw new McpError(
      409,
      '01020066:3',
      `The requested Pool Member (${pool} ${member.node} ${member.port}) already exists ` +
        `in partition ${partitionOf(pool)}.`,
    );
  }
  ensureNode(draft, member);
  draft.pools.set(pool, {
    ...current,
    members: [...current.members, { ...member, birth: draft.birth() }],
  });
}

/** mcpd's 404 for a member of a pool. */
export function memberNotFound(pool: string, memberPath: string): McpError {
  return objectNotFound('Pool Member', `${pool} ${memberPath}`);
}

/** Removes the member; its node stays, as with mcpd. */
export function removeMember(draft: Draft, pool: string, memberPath: string): void {
  const current = poolOf(draft, pool);
  if (!current.members.some((m) => m.path === memberPath)) throw memberNotFound(pool, memberPath);
  draft.pools.set(pool, {
    ...current,
    members: current.members.filter((m) => m.path !== memberPath),
  });
}

export function changeMember(
  draft: Draft,
  pool: string,
  memberPath: string,
  change: (member: Member) => Member,
): void {
  const current = poolOf(draft, pool);
  if (!current.members.some((m) => m.path === memberPath)) throw memberNotFound(pool, memberPath);
  draft.pools.set(pool, {
    ...current,
    members: current.members.map((m) => (m.path === memberPath ? change(m) : m)),
  });
}

export function poolsUsing(config: Pick<LtmConfig, 'pools'>, node: string): readonly string[] {
  return [...config.pools.values()]
    .filter((pool) => pool.members.some((m) => m.node === node))
    .map((pool) => pool.path);
}

/** Throws 400 if a pool still has a member on it. */
export function removeNode(draft: Draft, path: string): void {
  const [user] = poolsUsing(draft, path);
  if (user !== undefined)
    throw new McpError(
      400,
      '01070110:3',
      `Node address '${path}' is referenced by a member of pool '${user}'.`,
    );
  remove(draft, 'nodes', path);
}

/** Throws 400 unless the partition is empty. */
export function removePartition(draft: Draft, partition: string): void {
  const kinds = [
    'pools',
    'nodes',
    'virtualAddresses',
    'virtuals',
    'monitors',
    'snatPools',
    ...NET_KINDS,
  ] as const;
  const left = kinds
    .flatMap((kind) => [...draft[kind].keys()])
    .find((path) => partitionOf(path) === partition);
  if (left !== undefined) {
    throw new McpError(
      400,
      '0107082a:3',
      `All objects must be removed from a partition (${partition}) before the partition ` +
        `may be removed; ${nameOf(left)} is left.`,
    );
  }
  draft.partitions.delete(partition);
  draft.defaultDomains.delete(partition);
  for (const folder of [...draft.folders].filter((f) => partitionOf(f) === partition))
    draft.folders.delete(folder);
}
