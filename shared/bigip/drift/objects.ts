/** Reads everything on a device that a declaration decides. */
import * as z from 'zod';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { itemsOf, NodeItem, Pool, Virtual, VirtualAddress } from '../rest/answers.ts';
import type { LiveItem } from './row.ts';
import { lastPart } from '../state/member-differences.ts';
import type { Session } from '../rest/session.ts';

const Named = z.looseObject({ fullPath: z.string() });
type Named = z.infer<typeof Named>;
const AnyNode = NodeItem.loose();
const AnyAddress = VirtualAddress.loose();

/** The objects of a partition, with all their properties. */
export interface LiveObjects {
  /** By full path. */
  readonly virtuals: ReadonlyMap<string, Virtual & LiveItem>;
  /** By full path, with their members. */
  readonly pools: ReadonlyMap<string, Pool & LiveItem>;
  /** By path; only of the types that are declared. */
  readonly monitors: ReadonlyMap<string, LiveItem>;
  /** Virtual addresses of the partition itself. */
  readonly addresses: readonly (VirtualAddress & LiveItem)[];
  /** Nodes of the partition itself. */
  readonly nodes: readonly (NodeItem & LiveItem)[];
  /** In /Common, as far as the declaration uses them. */
  readonly common: {
    readonly nodes: readonly (NodeItem & LiveItem)[];
    readonly addresses: readonly (VirtualAddress & LiveItem)[];
  };
}

/** `icmp` is the type that AS3 calls so; on the device it has another name. */
export function monitorCollection(type: string): string {
  return type === 'icmp' ? 'gateway-icmp' : type;
}

/** Rejects if the device is unavailable. */
export async function readLive(
  session: Session,
  partition: string,
  state: DeclaredState,
): Promise<LiveObjects> {
  const list = <T>(kind: string, schema: z.ZodType<T>, where = partition): Promise<readonly T[]> =>
    session.read(
      {
        path: `/mgmt/tm/ltm/${kind}?$filter=partition+eq+${where}${EXPANDED.has(kind) ? '&expandSubcollections=true' : ''}`,
        kind: 'list',
      },
      itemsOf(schema),
    );
  const exposures = Object.values(state.exposures);
  const types = new Set(exposures.flatMap((e) => e.settings.monitors.map((m) => m.type)));
  const [virtuals, pools, addresses, nodes, ...monitors] = await Promise.all([
    list('virtual', Virtual.loose()),
    list('pool', Pool.loose()),
    list('virtual-address', AnyAddress),
    list('node', AnyNode),
    ...[...types].map((type) => list<Named>(`monitor/${monitorCollection(type)}`, Named)),
  ]);
  const isShared = virtuals.some(({ destination }) => destination.startsWith('/Common/'));
  const used = new Set(
    exposures.flatMap((e) => e.contributions.flatMap((c) => c.members.map((m) => m.address))),
  );
  const ends = new Set(virtuals.map(({ destination }) => placeOf(destination)));
  const [commonNodes, commonAddresses] = await Promise.all([
    state.shareNodes === true ? list('node', AnyNode, 'Common') : [],
    isShared ? list('virtual-address', AnyAddress, 'Common') : [],
  ]);
  return {
    virtuals: byPath(virtuals),
    pools: byPath(pools),
    monitors: byPath(monitors.flat()),
    addresses,
    nodes,
    common: {
      nodes: commonNodes.filter(({ address }) => used.has(address)),
      addresses: commonAddresses.filter(({ fullPath }) => ends.has(fullPath)),
    },
  };
}

/**
 * Collections whose items are read with their subcollections: profiles and policies of virtual
 * servers, members of pools.
 */
const EXPANDED: ReadonlySet<string> = new Set(['virtual', 'pool']);

/** `/Common/10.0.0.1:80` → `/Common/10.0.0.1` */
function placeOf(destination: string): string {
  const name = lastPart(destination);
  const end = name.split(':').length > 2 ? name.lastIndexOf('.') : name.lastIndexOf(':');
  return `${destination.slice(0, -name.length)}${name.slice(0, end)}`;
}

function byPath<T extends { readonly fullPath: string }>(
  items: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.fullPath, item]));
}
