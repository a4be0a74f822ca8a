/** What operations know about the paths of a device, from its journal. */
import { hasPaths } from '../../config/path-checks.ts';
import { pathGrace } from '../../config/path-grace.ts';
import type { DeviceConfig, SluiceConfig } from '../../config/schema.ts';
import type { Device } from '../../device/device.ts';
import { pathFigures, type PathFigures } from '../../device/path-figures.ts';
import { withoutRouteDomain } from '../../domain/net/cluster-networks.ts';
import { entryInWords } from '../../domain/paths/entry.ts';
import { clusterOf, type JournalRecord, type JournalRecords } from '../../domain/paths/journal.ts';

/** An entry that is not on the device although members need it. */
export interface RefusedPath {
  /** `cluster/namespace/service` */
  readonly owner: string;
  readonly node: string;
  /** `route 10.244.3.0/24 via 192.0.2.13` */
  readonly entry: string;
  readonly code: string;
}

/** The paths of a device. */
export interface PathView {
  readonly figures: PathFigures;
  readonly refused: readonly RefusedPath[];
  /** Node by cluster and address of a member, without route domain. */
  readonly nodes: ReadonlyMap<string, string>;
}

/** Key of `PathView.nodes`. */
export function memberKey(cluster: string, address: string): string {
  return `${cluster} ${address}`;
}

/** Undefined if the device has no paths of Sluice, or does not say it. */
export async function readPaths(
  site: SluiceConfig,
  config: DeviceConfig,
  device: Pick<Device, 'paths'>,
  now: number,
): Promise<PathView | undefined> {
  if (!hasPaths(site, config)) return undefined;
  const reading = await device.paths.read().catch(() => undefined);
  if (reading === undefined || 'unreadable' in reading.journal) return undefined;
  const { records } = reading.journal;
  const standing = [...records.values()].filter(
    ({ gone, left }) => gone === undefined && left === undefined,
  );
  return {
    figures: pathFigures(records, pathGrace(site), now),
    refused: standing.flatMap((record) =>
      record.refused === undefined
        ? []
        : [
            {
              owner: record.owner,
              node: record.node,
              entry: entryInWords(record),
              code: record.refused,
            },
          ],
    ),
    nodes: nodesIn(records),
  };
}

/** Members that entries name: an ARP or NDP entry is for one member. */
function membersOf({ kind, at, members = [] }: JournalRecord): readonly string[] {
  return kind === 'arp' || kind === 'ndp' ? [at, ...members] : members;
}

/**
 * Node of each member, by cluster and address. The journal has both, so no cluster has to be asked.
 */
function nodesIn(records: JournalRecords): ReadonlyMap<string, string> {
  return new Map(
    [...records.values()].flatMap((record) =>
      membersOf(record).map((address) => [
        memberKey(clusterOf(record), withoutRouteDomain(address)),
        record.node,
      ]),
    ),
  );
}
