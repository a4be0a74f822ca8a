/** Another client of the same device, with objects of its own that nobody else may touch. */
import { type Exposure, exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import type { LiveEntry } from '../../../shared/domain/paths/live.ts';
import type { AddressHolder } from '../../../shared/domain/plan/foreign.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';
import { livePartition, type LivePartition, placeIn } from '../../fixtures/live-partition.ts';
import { ADDRESSES } from './sites.ts';

/** A declaration in a partition of its own, and objects that it makes without one. */
export type RivalObject = 'tenant' | 'node' | 'server' | 'address' | 'route' | 'record';

export interface Rival {
  /** Adds, changes or removes an object. A server that Sluice has already is refused. */
  write(what: RivalObject, n: number, isThere: boolean): void;
  /** Gives up the servers and routes that clusters may want. */
  yield(): void;
  /** Writes all again: another unit has older objects, or none. */
  restore(): void;
  /** Everything on the device is, byte for byte, as it was written last. */
  isIntact(): boolean;
}

/** Begins with one object of each kind, none of which is in the way. */
export function createRival(device: MemoryDevice, partitions: readonly string[]): Rival {
  const ports = new Set([1]);
  const nodes = new Set([1]);
  const servers = new Set<number>();
  const addresses = new Set([1]);
  const routes = new Set([1]);
  const records = new Set([1]);
  let writes = 0;
  let wrote = '';
  const isTaken = (port: number): boolean =>
    device.held ||
    partitions.some((one) => exposureKey(serverOf(port)) in device.state(one).exposures);
  const put = (): void => {
    writes += 1;
    device.partitions.set('theirs', tenantOf(ports, writes));
    device.partitions.set('Common', commonOf(nodes, writes));
    device.holders.splice(
      0,
      Infinity,
      ...[...servers].map(serverOf),
      ...[...addresses].map(addressOf),
    );
    const { active } = device.paths.units;
    for (const [key, { name }] of active) if (name.startsWith('/theirs/')) active.delete(key);
    for (const n of routes) putEntry(active, routeOf(n));
    for (const n of records) for (const one of recordsOf(n)) putEntry(active, one);
    wrote = textOf(device);
  };
  put();
  const sets: Readonly<Record<RivalObject, Set<number>>> = {
    tenant: ports,
    node: nodes,
    server: servers,
    address: addresses,
    route: routes,
    record: records,
  };
  const isRouted = (n: number): boolean => {
    const there = device.paths.units.active.get(entryKey(routeOf(n)));
    return there !== undefined && there.holder !== 'theirs';
  };
  return {
    write: (what, n, isThere) => {
      if (!isThere) sets[what].delete(n);
      else if (!(what === 'server' && isTaken(n)) && !(what === 'route' && isRouted(n)))
        sets[what].add(n);
      put();
    },
    yield: () => {
      servers.clear();
      routes.delete(CONTESTED);
      put();
    },
    restore: () => {
      for (const port of servers) if (isTaken(port)) servers.delete(port);
      for (const n of routes) if (isRouted(n)) routes.delete(n);
      put();
    },
    isIntact: () => textOf(device) === wrote,
  };
}

function textOf({ partitions, holders, paths }: MemoryDevice): string {
  const entries = [...paths.units.active.values()].filter(({ name }) =>
    name.startsWith('/theirs/'),
  );
  const theirs = [partitions.get('theirs'), partitions.get('Common'), holders, entries];
  return JSON.stringify(theirs, (_key, value: unknown) =>
    value instanceof Map ? [...value] : value,
  );
}

/** What another installation of Sluice declares. */
function tenantOf(ports: ReadonlySet<number>, writes: number): LivePartition {
  const live = { ...livePartition(), key: `rival-${writes}` };
  const owner = 'other/istio-system/istio-ingressgateway';
  const version = { epoch: 1, counter: writes, generation: 1 };
  const exposures = [...ports].map((port) => ({
    address: '172.16.100.9',
    port,
    protocol: 'tcp' as const,
    settings: SETTINGS,
    contributions: [
      {
        owner,
        gateways: ['apps/theirs'],
        since: '2026-01-01T00:00:00Z',
        members: [{ address: `10.1.1.${port}`, port, availability: 'ready' as const }],
      },
    ],
  }));
  placeIn(live, declaredState({ [owner]: { version, clusterUid: 'other' } }, exposures));
  return live;
}

/** Nodes with the addresses of pods. */
function commonOf(nodes: ReadonlySet<number>, writes: number): LivePartition {
  const live = { ...livePartition(), key: `rival-${writes}` };
  for (const n of nodes) {
    const address = `10.1.1.${n}`;
    live.nodes.set(address, { name: `theirs-${n}`, address, availability: 'draining', limit: n });
  }
  return live;
}

function serverOf(port: number): AddressHolder & Pick<Exposure, 'port' | 'protocol'> {
  return {
    path: `/Common/theirs-${port}`,
    partition: 'Common',
    address: ADDRESSES[0],
    port,
    protocol: 'tcp',
  };
}

function addressOf(n: number): AddressHolder {
  const address = `172.16.100.${n}`;
  return { path: `/theirs/${address}`, partition: 'theirs', address };
}

/** This route is to the pods of a node of the first cluster. */
const CONTESTED = 3;

function routeOf(n: number): LiveEntry {
  const at = n === CONTESTED ? '10.1.2.0/24' : `10.9.${n}.0/24`;
  return { kind: 'route', at, to: '192.0.2.199', name: `/theirs/route-${n}`, holder: 'theirs' };
}

/** A record in the tunnel of a cluster, and an ARP entry that leads to it. */
function recordsOf(n: number): readonly LiveEntry[] {
  const mac = `0e:00:00:00:00:0${n}`;
  return [
    {
      kind: 'fdb',
      at: mac,
      tunnel: '/Common/east',
      to: `192.0.2.${200 + n}`,
      name: `/theirs/${mac}`,
      holder: 'unmarked',
    },
    { kind: 'arp', at: `10.9.1.${n}`, to: mac, name: `/theirs/arp-${n}`, holder: 'theirs' },
  ];
}

function putEntry(entries: Map<string, LiveEntry>, entry: LiveEntry): void {
  entries.set(entryKey(entry), entry);
}
