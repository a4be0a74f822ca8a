/** mcpd's checks of network objects at the end of a transaction. */
import { requireRouteDomain } from '../ltm/common.ts';
import type { CommonObjects } from '../ltm/common.ts';
import { McpError, missing } from '../ltm/error.ts';
import { inCidr } from '../../../../shared/domain/net/ip.ts';
import { maskedOf, networkOf, parseAddress, parseBlock } from './address.ts';
import type { Neighbour, NetConfig, Route, SelfIp, Tunnel } from './model.ts';

/** The device, as far as a check needs it. */
interface Checked {
  readonly config: NetConfig;
  readonly common: CommonObjects;
}

/**
 * Throws mcpd's error for the first object that is wrong. Objects that did not change are not
 * checked again.
 */
export function checkNet(before: NetConfig, after: NetConfig, common: CommonObjects): void {
  const checked = { config: after, common };
  for (const tunnel of fresh(before.tunnels, after.tunnels)) checkTunnel(tunnel, checked);
  for (const self of fresh(before.selfIps, after.selfIps)) checkSelf(self, checked);
  for (const kind of ['arps', 'ndps'] as const) {
    const changed = fresh(before[kind], after[kind]);
    if (changed.length > 0) checkNeighbours([...after[kind].values()], checked);
  }
  const routes = fresh(before.routes, after.routes);
  // A route may lose its gateway with a self IP.
  if (routes.length > 0) checkNetworks(routes, checked);
  if (differs(before.selfIps, after.selfIps)) checkRoutes([...after.routes.values()], checked);
  else checkRoutes(routes, checked);
  checkInUse(before, after);
}

/** Records that are new or changed. */
function fresh<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): readonly T[] {
  return [...after].flatMap(([path, record]) => (before.get(path) === record ? [] : [record]));
}

function differs<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): boolean {
  return before.size !== after.size || fresh(before, after).length > 0;
}

function configError(text: string): McpError {
  return new McpError(400, '01070734:3', `Configuration error: ${text}`);
}

function requireInterface(path: string, { config, common }: Checked): void {
  if (!common.vlans.has(path) && !config.tunnels.has(path)) throw missing('VLAN', path);
}

function checkTunnel(tunnel: Tunnel, { config, common }: Checked): void {
  if (!config.vxlans.has(tunnel.profile)) throw missing('tunnel profile', tunnel.profile);
  const local = parseAddress(tunnel.localAddress);
  requireRouteDomain(tunnel.localAddress, { config, common });
  for (const { mac, endpoint } of tunnel.records)
    if (local !== undefined && parseAddress(endpoint)?.domain !== local.domain)
      throw configError(
        `The IP address (${endpoint}) of the tunnel FDB record (${tunnel.path} ${mac}) and ` +
          `the tunnel local address (${tunnel.localAddress}) cannot be in different route ` +
          'domain.',
      );
}

function checkSelf(self: SelfIp, checked: Checked): void {
  requireRouteDomain(self.address, checked);
  requireInterface(self.vlan, checked);
}

function checkNeighbours(all: readonly Neighbour[], checked: Checked): void {
  const owners = new Map<string, string>();
  for (const { path, ipAddress } of all) {
    requireRouteDomain(ipAddress, checked);
    const owner = owners.get(ipAddress);
    if (owner !== undefined)
      throw configError(`the IP address ${ipAddress} already exists for ${owner}`);
    owners.set(ipAddress, path);
  }
}

/** A network has one route in its route domain, whatever its name and partition. */
function checkNetworks(changed: readonly Route[], checked: Checked): void {
  const owners = Map.groupBy(checked.config.routes.values(), ({ network }) => network);
  for (const { path, network } of changed) {
    requireRouteDomain(network, checked);
    const other = owners.get(network)?.find((one) => one.path !== path);
    const block = parseBlock(network);
    if (other !== undefined && block !== undefined)
      throw configError(
        `invalid static route, the dest/netmask pair ${maskedOf(block).join('/')} already exists for ${other.path}`,
      );
  }
}

function checkRoutes(routes: readonly Route[], checked: Checked): void {
  if (routes.length === 0) return;
  const connected = [...checked.config.selfIps.values()].flatMap(
    ({ address }) => parseBlock(address) ?? [],
  );
  const implied = new Map(connected.map((block) => [networkOf(block), block]));
  for (const { network, target } of routes) {
    const block = implied.get(network);
    if (block !== undefined)
      throw new McpError(
        400,
        '01070666:3',
        `Static route duplicates Self IP ${maskedOf(block).join(' / ')} implied route`,
      );
    if ('tmInterface' in target) requireInterface(target.tmInterface, checked);
    if (!('gw' in target)) continue;
    const gateway = parseAddress(target.gw);
    const domain = parseBlock(network)?.domain;
    const isConnected = connected.some(
      (one) =>
        gateway !== undefined &&
        gateway.domain === domain &&
        one.domain === domain &&
        inCidr(gateway.ip, one.cidr),
    );
    if (!isConnected)
      throw new McpError(
        400,
        '01070330:3',
        `Static route gateway ${target.gw} is not directly connected via an interface.`,
      );
  }
}

function checkInUse(before: NetConfig, after: NetConfig): void {
  for (const path of before.tunnels.keys()) {
    if (after.tunnels.has(path)) continue;
    const self = [...after.selfIps.values()].find(({ vlan }) => vlan === path);
    const route = [...after.routes.values()].find(
      ({ target }) => 'tmInterface' in target && target.tmInterface === path,
    );
    const user = self === undefined ? route && `route (${route.path})` : `self IP (${self.path})`;
    if (user !== undefined)
      throw new McpError(
        400,
        '01070265:3',
        `The tunnel (${path}) cannot be deleted because it is in use by a ${user}.`,
      );
  }
  for (const path of before.vxlans.keys()) {
    const user = after.vxlans.has(path)
      ? undefined
      : [...after.tunnels.values()].find(({ profile }) => profile === path);
    if (user !== undefined)
      throw new McpError(
        400,
        '01070265:3',
        `The tunnel profile (${path}) cannot be deleted because it is in use by a tunnel (${user.path}).`,
      );
  }
}
