/** Reads what a device needs once before it reaches pods, from each of its units. */
import type * as z from 'zod';
import type { DeviceConfig } from '../../config/schema.ts';
import type {
  NetworkFacts,
  PathPartitionFacts,
  TunnelFacts,
  UnitNetworks,
} from '../../device/network-facts.ts';
import { readAs, Stats, UnitName } from '../rest/answers.ts';
import type { DeviceSession, ReadRequest } from '../rest/session.ts';
import type { DeviceRequest } from '../rest/transport.ts';
import {
  AuthPartition,
  Folder,
  Paths,
  Routes,
  SelfIps,
  Tunnels,
  User,
  Vlans,
  VxlanProfiles,
} from './facts-answers.ts';

/** Reads from one unit; rejects if it does not answer as expected. */
type Read = <T>(look: ReadRequest, schema: z.ZodType<T>) => Promise<T>;

/** What a name in the configuration leads to. */
interface Scope {
  readonly config: Pick<DeviceConfig, 'networks' | 'username' | 'peer'>;
  /** Whether a partition belongs to a declaration. */
  readonly isDeclared: (partition: string) => Promise<boolean>;
}

/** Rejects if the active unit does not answer. */
export async function readNetworkFacts(
  session: DeviceSession,
  { config, isDeclared }: Scope,
): Promise<NetworkFacts> {
  const { networks, username, peer } = config;
  const tunnels = Object.values(networks.tunnels);
  const isPair = peer !== undefined;
  const [active, standby, partition, sync, roles] = await Promise.all([
    readUnit((look, schema) => session.read(look, schema), tunnels, true),
    isPair ? readUnit(readerOfOther(session), tunnels, false).catch(() => undefined) : undefined,
    readPartition(session, networks.partition, isDeclared),
    isPair ? readSync(session) : undefined,
    session.find({ path: `/mgmt/tm/auth/user/${encodeURIComponent(username)}` }, User),
  ]);
  return {
    units: [active, ...(standby === undefined ? [] : [standby])],
    silent: isPair && standby === undefined ? 1 : 0,
    partition,
    sync,
    roles,
  };
}

/** The standby unit of a pair. */
function readerOfOther(session: DeviceSession): Read {
  return async (look, schema) => {
    const request: DeviceRequest = { method: 'GET', ...look };
    const [answer] = await session.askOthers(request);
    if (answer === undefined) throw new Error(`no answer to ${look.path}`);
    return readAs(schema, { device: session.device, request }, answer);
  };
}

/**
 * All lists at once, with only the fields that are looked at; the MAC only of tunnels that the
 * configuration names.
 */
async function readUnit(
  read: Read,
  named: readonly string[],
  isActive: boolean,
): Promise<UnitNetworks> {
  const list = <T>(path: string, schema: z.ZodType<T>): Promise<T> =>
    read({ path: `/mgmt/tm/net/${path}`, kind: 'list' }, schema);
  const [{ hostname }, selfIps, tunnels, profiles, routes, arps, vlans] = await Promise.all([
    read({ path: '/mgmt/tm/sys/global-settings?$select=hostname' }, UnitName),
    list('self?$select=fullPath,address,vlan,trafficGroup', SelfIps),
    list('tunnels/tunnel?$select=fullPath,profile,key,localAddress,secondaryAddress,mtu', Tunnels),
    list('tunnels/vxlan?$select=fullPath,port,floodingType', VxlanProfiles),
    list('route?$select=fullPath,network,tmInterface', Routes),
    list('arp?$select=fullPath', Paths),
    list('vlan?$select=fullPath,mtu', Vlans),
  ]);
  const vxlans = new Map(profiles.map(({ fullPath, ...vxlan }) => [fullPath, vxlan]));
  const found = tunnels.map(async ({ fullPath, profile, ...tunnel }): Promise<TunnelFacts> => {
    const vxlan = vxlans.get(profile);
    const mac = named.includes(fullPath) ? await readMac(read, fullPath) : undefined;
    return { path: fullPath, ...tunnel, ...(vxlan && { vxlan }), ...(mac && { mac }) };
  });
  return {
    name: hostname ?? (isActive ? 'the active unit' : 'the standby unit'),
    isActive,
    selfIps,
    tunnels: await Promise.all(found),
    routes,
    arps,
    mtus: new Map(vlans.map(({ fullPath, mtu }) => [fullPath, mtu])),
  };
}

/** Undefined if the unit does not say it, which is no reason to report nothing at all. */
async function readMac(read: Read, tunnel: string): Promise<string | undefined> {
  const path = `/mgmt/tm/net/tunnels/tunnel/${tunnel.replaceAll('/', '~')}/stats?options=all-properties`;
  const stats = await read({ path }, Stats).catch(() => undefined);
  return stats?.['macAddr']?.description?.toLowerCase();
}

/** Undefined if it does not exist. */
async function readPartition(
  session: DeviceSession,
  name: string,
  isDeclared: Scope['isDeclared'],
): Promise<PathPartitionFacts | undefined> {
  const [found, folder, declared] = await Promise.all([
    session.find({ path: `/mgmt/tm/auth/partition/${name}` }, AuthPartition),
    session.find({ path: `/mgmt/tm/sys/folder/~${name}` }, Folder),
    isDeclared(name),
  ]);
  if (found === undefined) return undefined;
  const { deviceGroup = 'none' } = folder ?? {};
  return { ...found, isDeclared: declared, ...(deviceGroup !== 'none' && { deviceGroup }) };
}

/** In BIG-IP's words, such as `In Sync`. */
async function readSync(session: DeviceSession): Promise<string> {
  const entries = await session.read({ path: '/mgmt/tm/cm/sync-status' }, Stats);
  return entries['status']?.description ?? 'unknown';
}
