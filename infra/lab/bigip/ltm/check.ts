import { isKnownProfile, KIND_NAMES, requireRouteDomain } from './common.ts';
import type { CommonObjects } from './common.ts';
import { McpError, missing } from './error.ts';
import { checkDomains } from '../net/domain-rules.ts';
import { checkNet } from '../net/rules.ts';
import { partitionOf } from './model.ts';
import type { LtmConfig, Pool, Virtual, Vlans } from './model.ts';

/**
 * mcpd's checks at the end of a transaction. Only changed records are checked, so that a large
 * device stays fast.
 */
export function checkConfig(before: LtmConfig, after: LtmConfig, common: CommonObjects): void {
  checkAddresses(before.nodes, after.nodes, { kind: 'Node', common, config: after });
  checkAddresses(before.virtualAddresses, after.virtualAddresses, {
    kind: 'Virtual Address',
    common,
    config: after,
  });
  const neighbours = Map.groupBy(after.virtuals.values(), placeOf);
  for (const [path, virtual] of after.virtuals) {
    if (before.virtuals.get(path) !== virtual)
      checkVirtual(virtual, neighbours.get(placeOf(virtual)) ?? [], { config: after, common });
  }
  for (const [path, pool] of after.pools) {
    if (before.pools.get(path) !== pool) checkPool(pool, after, common);
  }
  checkStillReferenced(before, after);
  checkNet(before, after, common);
  checkDomains(before, after);
}

interface Addressed {
  readonly path: string;
  readonly address: string;
}

function checkAddresses(
  before: ReadonlyMap<string, Addressed>,
  after: ReadonlyMap<string, Addressed>,
  { kind, ...known }: Parameters<typeof requireRouteDomain>[1] & { readonly kind: string },
): void {
  const fresh = [...after.values()].filter((record) => before.get(record.path) !== record);
  if (fresh.length === 0) return;
  for (const { address } of fresh) requireRouteDomain(address, known);
  const owner = new Map<string, string>();
  for (const { path, address } of after.values()) {
    if (owner.has(address))
      throw new McpError(
        409,
        '0107176c:3',
        `Invalid ${kind}, the IP address ${address} already exists.`,
      );
    owner.set(address, path);
  }
}

function requireCommon(
  kind: keyof CommonObjects,
  paths: readonly string[],
  common: CommonObjects,
): void {
  const absent = paths.find((path) => !common[kind].has(path));
  if (absent !== undefined) throw missing(KIND_NAMES[kind], absent);
}

function placeOf({ address, port }: Virtual): string {
  return `${address} ${port}`;
}

function checkVirtual(
  virtual: Virtual,
  neighbours: readonly Virtual[],
  { config, common }: { readonly config: LtmConfig; readonly common: CommonObjects },
): void {
  if (virtual.pool !== undefined && !config.pools.has(virtual.pool))
    throw missing('Pool', virtual.pool);
  requireCommon('iRules', virtual.rules, common);
  const profile = virtual.profiles.find(({ path }) => !isKnownProfile(common, path));
  if (profile !== undefined) throw missing(KIND_NAMES.profiles, profile.path);
  requireCommon('vlans', virtual.vlans.list, common);
  requireCommon('persistence', virtual.persist, common);
  const snatPool = virtual.snat.pool;
  if (snatPool !== undefined && !config.snatPools.has(snatPool))
    requireCommon('snatPools', [snatPool], common);
  const twin = neighbours.find((other) => other.path !== virtual.path && clash(virtual, other));
  if (twin !== undefined) {
    throw new McpError(
      400,
      '01070333:3',
      `Virtual Server ${virtual.path} illegally shares destination address, source ` +
        `address, service port, ip-protocol, and vlan with Virtual Server ${twin.path}.`,
    );
  }
}

function clash(a: Virtual, b: Virtual): boolean {
  return (
    a.address === b.address &&
    a.port === b.port &&
    a.protocol === b.protocol &&
    a.source === b.source &&
    vlansOverlap(a.vlans, b.vlans)
  );
}

function vlansOverlap(a: Vlans, b: Vlans): boolean {
  if (a.mode === 'allow' && b.mode === 'allow') return a.list.some((vlan) => b.list.includes(vlan));
  if (a.mode === 'allow' && b.mode === 'reject')
    return a.list.some((vlan) => !b.list.includes(vlan));
  if (a.mode === 'reject' && b.mode === 'allow') return vlansOverlap(b, a);
  return true;
}

/** They probe the address, not a port. */
const PORTLESS = new Set(['icmp', 'gateway-icmp']);

function checkPool(pool: Pool, config: LtmConfig, common: CommonObjects): void {
  const rules = [pool.monitor, ...pool.members.map((member) => member.monitor)];
  for (const path of new Set(rules.flatMap((rule) => rule?.monitors ?? []))) {
    const monitor = config.monitors.get(path);
    if (monitor === undefined && !common.monitors.has(path)) throw missing('monitor', path);
    const portless =
      monitor !== undefined && monitor.targetPort === 0 && !PORTLESS.has(monitor.type);
    const wildcard = pool.members.find((member) => member.port === 0);
    if (portless && wildcard !== undefined) {
      throw new McpError(
        400,
        '01070622:3',
        `The monitor ${path} has a wildcard destination service and cannot be associated ` +
          `with a node that has a zero service (${wildcard.path}).`,
      );
    }
  }
}

/** Deleting a referenced object is refused, wherever the reference is. */
function checkStillReferenced(before: LtmConfig, after: LtmConfig): void {
  for (const path of before.pools.keys()) {
    if (after.pools.has(path)) continue;
    const user = [...after.virtuals.values()].find((virtual) => virtual.pool === path);
    if (user !== undefined)
      throw new McpError(
        400,
        '01070265:3',
        `The Pool (${path}) cannot be deleted because it is in use by a Virtual Server (${user.path}).`,
      );
  }
  for (const path of before.virtualAddresses.keys()) {
    if (after.virtualAddresses.has(path)) continue;
    const user = [...after.virtuals.values()].find((virtual) => virtual.virtualAddress === path);
    if (user !== undefined)
      throw new McpError(
        400,
        '0107016c:3',
        `The Virtual Address (${path}) cannot be deleted because it is in use by a Virtual ` +
          `Server (${user.path} in partition ${partitionOf(user.path)}).`,
      );
  }
  for (const path of before.monitors.keys()) {
    if (after.monitors.has(path)) continue;
    const user = [...after.pools.values()].find((pool) => pool.monitor?.monitors.includes(path));
    if (user !== undefined)
      throw new McpError(400, '01070083:3', `Monitor ${path} is in use by pool ${user.path}.`);
  }
}
