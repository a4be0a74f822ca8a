/** The paths of one BIG-IP or pair, over iControl REST: single objects, never a list. */
import type { DeviceConfig } from '../../config/schema.ts';
import type {
  EntryWrite,
  MemberPlace,
  PathAccess,
  PathReading,
  PathUnit,
} from '../../device/paths.ts';
import { DeviceError } from '../../device/errors.ts';
import { withRouteDomain } from '../../domain/net/cluster-networks.ts';
import { entryInWords } from '../../domain/paths/entry.ts';
import { type LiveEntry, markInWords } from '../../domain/paths/live.ts';
import { devicePaths } from '../as3/names.ts';
import type { DeviceSession } from '../rest/session.ts';
import type { DeviceRequest } from '../rest/transport.ts';
import {
  FdbItem,
  fittingItems,
  MemberStats,
  NeighbourItem,
  RouteItem,
  TunnelItem,
} from './answers.ts';
import {
  entryName,
  liveNeighbour,
  liveRecord,
  liveRoute,
  plainAddress,
  type Place,
} from './entries.ts';
import { createJournals } from './journal.ts';
import { refusalOf } from './refusals.ts';
import { inOneStep } from './transaction.ts';
import { callsTo, find, type UnitCall } from './unit-calls.ts';

const NET = '/mgmt/tm/net';

/** In URLs, slashes of full paths are tildes. */
function inUrl(path: string): string {
  return path.replaceAll('/', '~').replaceAll('%', '%25');
}

function recordsPath(tunnel: string): string {
  return `${NET}/fdb/tunnel/${inUrl(tunnel)}/records`;
}

/** The device, for messages, and the place of entries, which are in one partition of their own. */
interface Scope extends Place {
  readonly device: string;
}

/** Tunnels of the configuration, and those that still have records of the journal. */
function tunnelsToRead(
  configured: Readonly<Record<string, string>>,
  journal: PathReading['journal'],
): readonly string[] {
  const records = 'unreadable' in journal ? [] : [...journal.records.values()];
  const left = records.flatMap(({ tunnel }) => tunnel ?? []);
  return [...new Set([...Object.values(configured), ...left])];
}

/** Routes are part of the configuration, which both units share, so they are read once. */
async function readRoutes(scope: Scope, call: UnitCall): Promise<readonly LiveEntry[]> {
  const look = { path: `${NET}/route`, kind: 'list' as const };
  const items = (await find(scope.device, call, look, fittingItems(RouteItem))) ?? [];
  return items.map((item) => liveRoute(scope, item));
}

/** ARP or NDP entries of one unit; those that cannot be read are left out. */
async function readNeighbours(
  kind: 'arp' | 'ndp',
  scope: Scope,
  call: UnitCall,
): Promise<readonly LiveEntry[]> {
  const look = { path: `${NET}/${kind}`, kind: 'list' as const };
  const items = (await find(scope.device, call, look, fittingItems(NeighbourItem))) ?? [];
  return items.map((item) => liveNeighbour(kind, scope, item));
}

/** 0 if the tunnel has no local address. */
async function domainOf(scope: Scope, call: UnitCall, tunnel: string): Promise<number | undefined> {
  const path = `${NET}/tunnels/tunnel/${inUrl(tunnel)}`;
  const found = await find(scope.device, call, { path }, TunnelItem);
  if (found === undefined) return undefined;
  return Number(/%(\d{1,5})$/.exec(found.localAddress)?.[1] ?? 0);
}

/** Nothing if the tunnel does not exist. */
async function readRecords(
  scope: Scope,
  call: UnitCall,
  tunnel: string,
): Promise<readonly LiveEntry[]> {
  const domain = await domainOf(scope, call, tunnel);
  if (domain === undefined) return [];
  const look = { path: recordsPath(tunnel), kind: 'list' as const };
  const items = (await find(scope.device, call, look, fittingItems(FdbItem))) ?? [];
  return items.map((item) => liveRecord(tunnel, domain, item));
}

/** What each unit has of its own. */
async function readTunnelled(
  scope: Scope,
  call: UnitCall,
  tunnels: readonly string[],
): Promise<readonly LiveEntry[]> {
  if (tunnels.length === 0) return [];
  const lists = await Promise.all([
    ...(['arp', 'ndp'] as const).map((kind) => readNeighbours(kind, scope, call)),
    ...tunnels.map((tunnel) => readRecords(scope, call, tunnel)),
  ]);
  return lists.flat();
}

type Body = Readonly<Record<string, string>>;

type Target = Pick<EntryWrite, 'entry' | 'mark'>;

/**
 * The POST for a route or a neighbour. Records of tunnels have no name and no description, see
 * `sendRecord`.
 */
function creation({ partition }: Scope, { entry, mark }: Target): DeviceRequest {
  const { kind, at, to } = entry;
  const about: Body =
    kind === 'route' ? { network: at, gw: to } : { ipAddress: at, macAddress: to };
  const body = { name: entryName(entry), partition, ...about, description: markInWords(mark) };
  return { method: 'POST', path: `${NET}/${kind}`, body };
}

/** The request that creates the entry, or changes where it leads. */
async function send(scope: Scope, call: UnitCall, write: EntryWrite): Promise<void> {
  const { entry, live, mark } = write;
  if (entry.kind === 'fdb') return sendRecord(scope, call, write);
  if (live === undefined) {
    await call(creation(scope, write));
    return;
  }
  const goal: Body = entry.kind === 'route' ? { gw: entry.to } : { macAddress: entry.to };
  const body = { ...goal, description: markInWords(mark) };
  await call({ method: 'PATCH', path: `${NET}/${entry.kind}/${inUrl(live.name)}`, body });
}

/** The endpoint needs the route domain that the tunnel has on this unit. */
async function sendRecord(
  scope: Scope,
  call: UnitCall,
  { entry: { at, to, tunnel = '' }, live }: EntryWrite,
): Promise<void> {
  const domain = (await domainOf(scope, call, tunnel)) ?? 0;
  const endpoint = withRouteDomain(to, domain);
  const path = recordsPath(tunnel);
  await (live === undefined
    ? call({ method: 'POST', path, body: { name: at, endpoint } })
    : call({ method: 'PATCH', path: `${path}/${at}`, body: { endpoint } }));
}

/** Records have their MAC as a name, below their tunnel; everything else has a full path. */
function removal({ kind, at, tunnel = '', name }: LiveEntry): DeviceRequest {
  const path = kind === 'fdb' ? `${recordsPath(tunnel)}/${at}` : `${NET}/${kind}/${inUrl(name)}`;
  return { method: 'DELETE', path };
}

/**
 * Empty without a second unit or without tunnels; `away` if the unit does not answer, which must
 * not stop the work on the active one.
 */
async function readPeer(
  scope: Scope,
  config: Pick<DeviceConfig, 'peer'>,
  call: UnitCall,
  tunnels: readonly string[],
): Promise<Pick<PathReading, 'peer'>> {
  if (config.peer === undefined || tunnels.length === 0) return {};
  const peer = await readTunnelled(scope, call, tunnels).catch((error: unknown) => {
    if (error instanceof DeviceError) return 'away' as const;
    throw error;
  });
  return { peer };
}

/**
 * Current connections by address of the member, over all of its ports; empty if the pool does not
 * exist.
 */
async function memberConnections(
  device: string,
  call: UnitCall,
  { partition, ...place }: MemberPlace,
): Promise<ReadonlyMap<string, number>> {
  const { pool } = devicePaths(partition, place);
  const path = `/mgmt/tm/ltm/pool/${inUrl(pool)}/members/stats`;
  const stats = (await find(device, call, { path, kind: 'list' }, MemberStats)) ?? [];
  const counts = new Map<string, number>();
  for (const { address, connections } of stats) {
    const member = plainAddress(address);
    counts.set(member, (counts.get(member) ?? 0) + connections);
  }
  return counts;
}

/** `sync`: brings the configuration to the other unit; never rejects. */
export function createPathAccess(
  session: DeviceSession,
  config: DeviceConfig,
  sync: () => Promise<void>,
): PathAccess {
  const { partition } = config.networks;
  const scope: Scope = { device: session.device, partition };
  const journals = createJournals(session, partition);
  const calls: Readonly<Record<PathUnit, UnitCall>> = {
    active: callsTo(session, 'active'),
    peer: callsTo(session, 'peer'),
  };
  const refusing = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw refusalOf(session.device, what, error);
    }
  };
  return {
    read: async () => {
      const [{ journal, strays }, routes] = await Promise.all([
        journals.read(),
        readRoutes(scope, calls.active),
      ]);
      const tunnels = tunnelsToRead(config.networks.tunnels, journal);
      const tunnelled = await readTunnelled(scope, calls.active, tunnels);
      const peer = await readPeer(scope, config, calls.peer, tunnels);
      return { journal, strays, active: [...routes, ...tunnelled], ...peer };
    },
    write: async (journal) => {
      const written = await journals.write(journal);
      // The other unit has no partition for ARP entries before it is synchronised.
      if (journal.number === 0 && config.peer !== undefined) await sync();
      return written;
    },
    put: (write) =>
      refusing(entryInWords(write.entry), () => send(scope, calls[write.unit], write)),
    takeOver: (write) =>
      refusing(entryInWords(write.entry), () =>
        inOneStep(session.device, calls[write.unit], [removal(write.live), creation(scope, write)]),
      ),
    remove: (live, unit) => refusing(entryInWords(live), () => calls[unit](removal(live), [404])),
    clear: (journal) => journals.clear(journal),
    settle: async () => {
      if (config.save)
        await session.call({
          method: 'POST',
          path: '/mgmt/tm/sys/config',
          body: { command: 'save' },
        });
      await sync();
    },
    connections: (place) => memberConnections(session.device, calls.active, place),
  };
}
