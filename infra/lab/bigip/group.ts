/** A device group, whose configuration BIG-IP copies when it is told to. */
import type { Device } from './device.ts';
import type { Draft } from './ltm/draft.ts';
import { LOCAL_ONLY } from './ltm/draft.ts';
import { McpError } from './ltm/error.ts';
import { partitionOf } from './ltm/model.ts';
import type { LtmConfig } from './ltm/model.ts';
import { NOT_FLOATING } from './net/model.ts';

/** As `/mgmt/tm/cm/sync-status` answers. */
export interface SyncStatus {
  readonly status: 'In Sync' | 'Changes Pending' | 'Sync Failed';
  /** What a member of the group said. */
  readonly details: readonly string[];
}

/** Units that hold one configuration. */
export interface DeviceGroup {
  readonly name: string;
  /** Follows the changes of the unit from now on. */
  join(device: Device): void;
  /** Copies the configuration of this unit to the others; a unit takes all of it, or nothing. */
  sync(from: Device): void;
  status(): SyncStatus;
}

/** Without members; units join at their start. */
export function createDeviceGroup(name: string): DeviceGroup {
  const members = new Set<Device>();
  let status: SyncStatus = { status: 'In Sync', details: [] };
  let isCopying = false;
  return {
    name,
    join(device): void {
      members.add(device);
      device.store.onChange(() => {
        if (!isCopying) status = { status: 'Changes Pending', details: [] };
      });
    },
    sync(from): void {
      isCopying = true;
      const details = [...members].filter((to) => to !== from).flatMap((to) => copy(from, to));
      isCopying = false;
      status = { status: details.length === 0 ? 'In Sync' : 'Sync Failed', details };
    },
    status: () => status,
  };
}

function copy(from: Device, to: Device): readonly string[] {
  try {
    to.store.write((draft) => replaceShared(draft, from.store.current()));
  } catch (error) {
    if (!(error instanceof McpError)) throw error;
    return [
      `Sync error on ${to.settings.hostname}: Load failed from /Common/${from.settings.hostname} ${error.message}`,
    ];
  }
  // AS3 stores the declaration in the configuration.
  to.condition.stored = from.condition.stored;
  return [];
}

const COPIED = [
  'monitors',
  'pools',
  'nodes',
  'virtualAddresses',
  'virtuals',
  'snatPools',
  'vxlans',
  'dataGroups',
] as const;

function replaceShared(draft: Draft, from: LtmConfig): void {
  for (const kind of ['partitions', 'folders'] as const) {
    draft[kind].clear();
    for (const path of from[kind]) draft[kind].add(path);
  }
  for (const kind of COPIED) replace<unknown>(draft[kind], from[kind], () => false);
  replace(draft.routes, from.routes, ({ path }) => partitionOf(path) === LOCAL_ONLY);
  replace(draft.selfIps, from.selfIps, ({ trafficGroup }) => trafficGroup === NOT_FLOATING);
  // Each unit keeps its forwarding records, and its ARP and NDP entries.
  const records = new Map([...draft.tunnels].map(([path, tunnel]) => [path, tunnel.records]));
  replace(draft.tunnels, from.tunnels, () => false);
  for (const [path, tunnel] of draft.tunnels)
    draft.tunnels.set(path, { ...tunnel, records: records.get(path) ?? [] });
}

/** Records of the unit itself stay, and those of the other unit are not copied. */
function replace<T>(
  to: Map<string, T>,
  from: ReadonlyMap<string, T>,
  isOwn: (record: T) => boolean,
): void {
  for (const [path, record] of to) if (!isOwn(record)) to.delete(path);
  for (const [path, record] of from) if (!isOwn(record)) to.set(path, record);
}
