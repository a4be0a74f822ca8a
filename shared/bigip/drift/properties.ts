/** Applies the table of properties to the objects of a partition. */
import { REDIRECT_PORT } from '../../domain/exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../../domain/declared/declared.ts';
import { devicePaths, redirectPath } from '../as3/names.ts';
import { renderApplication } from '../as3/render.ts';
import { readProperties, renderProperties } from '../as3/properties.ts';
import type { As3Monitor, As3Pool, As3Service } from '../as3/types.ts';
import type { Difference } from '../../device/difference.ts';
import { Patch } from './write-back.ts';
import { monitorCollection } from './objects.ts';
import type { LiveObjects } from './objects.ts';
import {
  compareRows,
  type DeclaredSettings,
  type DriftRow,
  type LiveItem,
  type PropertyDifference,
} from './row.ts';
import {
  ADDRESS_ROWS,
  type DeclaredPool,
  MEMBER_ROWS,
  MONITOR_ROWS,
  NODE_ROWS,
  OWN_ADDRESS_ROWS,
  POOL_ROWS,
  VIRTUAL_ROWS,
} from './rows.ts';
import { REDIRECT_ROWS, redirectService } from './redirect-rows.ts';
import { endpoint, lastPart } from '../state/member-differences.ts';

/** The differences that the table finds, on objects that exist. */
export function propertyDrift(
  partition: string,
  state: DeclaredState,
  live: LiveObjects,
): readonly Difference[] {
  const exposures = Object.values(state.exposures);
  const held = new Map(exposures.map((e) => [e.address, addressSettings(e)]));
  const used = new Set(
    exposures.flatMap((e) => e.contributions.flatMap((c) => c.members.map((m) => m.address))),
  );
  const declared = { held, used };
  return [
    ...exposures.flatMap((e) => ofExposure(partition, e, { state, live })),
    ...ofAddresses(declared, live),
    ...ofNodes(declared, live),
  ];
}

/** As they come back from the declaration. */
function addressSettings(e: DeclaredExposure): DeclaredSettings {
  return readProperties('address', renderProperties('address', e.settings));
}

/** An application of the declaration, by item; monitors are beside virtual server and pool. */
interface Rendered {
  readonly virtual: As3Service;
  readonly pool: As3Pool;
  readonly [item: string]: unknown;
}

/** Differences of the virtual server of an exposure, and of what belongs to it. */
function ofExposure(
  partition: string,
  e: DeclaredExposure,
  { state, live }: { readonly state: DeclaredState; readonly live: LiveObjects },
): readonly Difference[] {
  const { shareNodes = false, drains, overrides } = state;
  const options = { shareNodes, drains, overrides };
  const rendered = renderApplication(e, options) as unknown as Rendered;
  const paths = devicePaths(partition, e);
  const folder = paths.virtual.slice(0, paths.virtual.lastIndexOf('/'));
  const names = (rendered.pool.monitors ?? []).flatMap(({ use }) => use ?? []);
  const virtual = live.virtuals.get(paths.virtual);
  const redirect = live.virtuals.get(redirectPath(partition, e) ?? '');
  const pool = live.pools.get(paths.pool);
  const declared = {
    service: rendered.virtual,
    settings: readProperties('virtual', rendered.virtual),
    path: paths.virtual,
    isLong: e.address.includes(':'),
  };
  return [
    ...(virtual === undefined
      ? []
      : told('virtual', paths.virtual, compareRows(VIRTUAL_ROWS, declared, virtual))),
    ...(redirect === undefined ? [] : ofRedirect(e, rendered.virtual, redirect)),
    ...(pool === undefined
      ? []
      : ofPool(e, pool, {
          pool: rendered.pool,
          settings: readProperties('pool', rendered.pool),
          monitors: names.map((name) => `${folder}/${name}`),
        })),
    ...names.flatMap((name) =>
      ofMonitor(`${folder}/${name}`, rendered[name] as As3Monitor, live.monitors),
    ),
  ];
}

/** Differences of the virtual server that redirects from port 80. */
function ofRedirect(
  { address }: DeclaredExposure,
  declared: As3Service,
  item: NamedItem,
): readonly Difference[] {
  const service = redirectService(declared);
  const found = compareRows(
    REDIRECT_ROWS,
    {
      service,
      settings: readProperties('virtual', service),
      path: item.fullPath,
      isLong: address.includes(':'),
      destination: endpoint(address, REDIRECT_PORT),
    },
    item,
  );
  return told('virtual', item.fullPath, found);
}

/** Differences of a pool and its members. */
function ofPool(
  e: DeclaredExposure,
  item: LiveItem & { readonly fullPath: string },
  declared: DeclaredPool,
): readonly Difference[] {
  // With a declared minimum, placing.ts compares it.
  const rows = POOL_ROWS.filter(
    ({ field }) => field !== 'minActiveMembers' || e.minimumActive === undefined,
  );
  const wanted = new Set(
    e.contributions.flatMap((c) => c.members.map((m) => endpoint(m.address, m.port))),
  );
  const members = membersOf(item).filter(({ fullPath }) => wanted.has(lastPart(fullPath)));
  return [
    ...told('pool', item.fullPath, compareRows(rows, declared, item)),
    ...members.flatMap((member) =>
      compareRows(MEMBER_ROWS, undefined, member).map((found) => ({
        ...difference(`pool/${inUrl(item.fullPath)}/members`, member.fullPath, found),
        path: item.fullPath,
        message: `${found.message} on member ${lastPart(member.fullPath)}`,
      })),
    ),
  ];
}

type NamedItem = LiveItem & { readonly fullPath: string };

function membersOf({ membersReference }: LiveItem): readonly NamedItem[] {
  return (membersReference as { items?: readonly NamedItem[] } | undefined)?.items ?? [];
}

/** Differences of a monitor; a missing one is a difference, too. */
function ofMonitor(
  path: string,
  declared: As3Monitor,
  monitors: LiveObjects['monitors'],
): readonly Difference[] {
  const there = monitors.get(path);
  const { monitorType } = declared;
  if (there === undefined)
    return [
      {
        kind: 'missing',
        path,
        message: `is a declared monitor of type ${monitorType} that does not exist`,
        heal: 'declare',
      },
    ];
  const collection = `monitor/${monitorCollection(monitorType)}`;
  return told(collection, path, compareRows(MONITOR_ROWS, declared, there));
}

interface Declared {
  /** By address; of several exposures AS3 uses the last. */
  readonly held: ReadonlyMap<string, DeclaredSettings>;
  /** Addresses of all declared members; nodes without a member are orphans, not differences. */
  readonly used: ReadonlySet<string>;
}

/** Differences of virtual addresses. */
function ofAddresses(
  { held }: Declared,
  { addresses, common }: LiveObjects,
): readonly Difference[] {
  return [
    ...addresses.flatMap((item) => {
      const declared = held.get(item.address);
      return declared === undefined
        ? []
        : told('virtual-address', item.fullPath, compareRows(OWN_ADDRESS_ROWS, declared, item));
    }),
    ...common.addresses.flatMap((item) =>
      outside(compareRows(ADDRESS_ROWS, {}, item), item.fullPath),
    ),
  ];
}

/** Differences of nodes that members use. */
function ofNodes({ used }: Declared, { nodes, common }: LiveObjects): readonly Difference[] {
  return [
    ...nodes
      .filter(({ address }) => used.has(address))
      .flatMap((item) =>
        told('node', String(item['fullPath']), compareRows(NODE_ROWS, used, item)),
      ),
    ...common.nodes.flatMap((item) =>
      outside(
        compareRows([...NODE_ROWS, ...COMMON_NODE_ROWS], undefined, item),
        `/Common/${item.name}`,
      ),
    ),
  ];
}

/** Sluice does not drain shared nodes, so another client did. */
const COMMON_NODE_ROWS: readonly DriftRow<unknown>[] = [
  {
    field: 'session',
    words: 'session',
    heal: 'told',
    wanted: () => 'user-enabled',
    live: ({ session, state }) =>
      state === 'user-down' || session === 'user-disabled' ? 'user-disabled' : 'user-enabled',
  },
];

/** In /Common, where Sluice never writes. */
function outside(found: readonly PropertyDifference[], path: string): readonly Difference[] {
  return found.map(({ message }) => ({
    kind: 'differs',
    path,
    message: `${message}; it is outside the partitions of Sluice, so change it there`,
    heal: 'told',
  }));
}

/** Differences in an object of this collection of `ltm`, which is part of the URL of a PATCH. */
function told(
  collection: string,
  path: string,
  found: readonly PropertyDifference[],
): readonly Difference[] {
  return found.map((one) => difference(collection, path, one));
}

/** A difference with the write that heals it, if one does. */
function difference(
  collection: string,
  path: string,
  { field, message, heal, wanted }: PropertyDifference,
): Difference {
  return {
    kind: 'differs',
    path,
    message,
    heal,
    ...(heal === 'patch' && {
      write: new Patch(`/mgmt/tm/ltm/${collection}/${inUrl(path)}`, { [field]: wanted }),
    }),
  };
}

/** In URLs, folders are separated by tildes, and route domains are written as `%1`. */
function inUrl(path: string): string {
  return path.replaceAll('/', '~').replaceAll('%', '%25');
}
