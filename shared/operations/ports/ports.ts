/** Owners of addresses and ports, from the declarations of the devices. */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { Drain } from '../../domain/declared/owner-record.ts';
import { describeOverride } from '../../domain/plan/overrides.ts';
import { formatRevision } from '../../domain/revision.ts';
import { unansweredOf } from '../devices/declared-partitions.ts';
import type { DeclaredPartitionView, UnansweredPartition } from '../devices/declared-partitions.ts';
import type { OperationContext } from '../context.ts';

/** One owner of one exposure. */
export interface PortRow {
  readonly device: string;
  readonly partition: string;
  /** `address:port/protocol` */
  readonly exposure: string;
  readonly owner: string;
  readonly gateways: readonly string[];
  readonly members: number;
  /** Members that take no new connections. */
  readonly draining: number;
  /** Set if its cluster is out of rotation by an order or policy. */
  readonly drained?: Drain['mode'];
  readonly revision: string;
  /** Manual changes on the device that are kept. */
  readonly kept: readonly string[];
  /** Start of the ownership, RFC 3339. */
  readonly since: string;
}

/** Pure. */
export function portRows(declared: readonly DeclaredPartitionView[]): readonly PortRow[] {
  return declared.flatMap((d) => {
    if (!('state' in d)) return [];
    const { device, partition, state } = d;
    return Object.entries(state.exposures).flatMap(([exposure, e]) => {
      const override = state.overrides?.[exposure];
      const kept =
        override === undefined
          ? []
          : describeOverride(override).map((words) => `${words} since ${override.since}`);
      return e.contributions.map(({ owner, gateways, members, since }): PortRow => {
        const version = state.owners[owner]?.version;
        const drained = state.drains?.[parseOwner(owner).cluster]?.mode;
        const draining =
          drained === undefined
            ? members.filter((m) => m.availability === 'draining').length
            : members.length;
        return {
          device,
          partition,
          exposure,
          owner,
          gateways,
          members: members.length,
          draining,
          ...(drained === undefined ? {} : { drained }),
          revision: version === undefined ? '-' : formatRevision(version),
          kept,
          since,
        };
      });
    });
  });
}

/** The data of `sluice ports`. */
export interface PortList {
  /** Rows in which each search term matches device, partition, address, owner or gateway. */
  readonly rows: readonly PortRow[];
  /** Number of declared exposures, before filtering. */
  readonly declared: number;
  readonly unanswered: readonly UnansweredPartition[];
  /** Number of partitions that were read. */
  readonly asked: number;
}

/** Reads all devices and filters the rows. Each search term must occur in some column. */
export async function listPorts(
  { runtime, readPartitions }: Pick<OperationContext, 'runtime' | 'readPartitions'>,
  words: readonly string[],
): Promise<PortList> {
  const declared = await readPartitions(runtime.config.devices);
  const all = portRows(declared);
  const rows = all.filter((row) =>
    words.every((word) =>
      [row.device, row.partition, row.exposure, row.owner, ...row.gateways].some((text) =>
        text.includes(word),
      ),
    ),
  );
  return {
    rows,
    declared: all.length,
    unanswered: unansweredOf(declared),
    asked: declared.length,
  };
}
