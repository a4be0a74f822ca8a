/**
 * Detects declarations that are older than expected, and asks the watchers for a full resync.
 *
 * A unit that takes over without being in sync, or a device restored from a backup, has older
 * versions than were reached before; old events would pass its fences until newer snapshots arrive.
 * After a configuration change every owner must be mapped again, and not one by one as something
 * changes in its cluster.
 */
import type { OwnerKey } from '../../domain/snapshot/snapshot.ts';
import type { OwnerRecord } from '../../domain/declared/declared.ts';
import type { FencesBehind } from '../../device/device.ts';
import { compareVersions } from '../../domain/revision.ts';

type Owners = Readonly<Record<string, OwnerRecord>>;

/** The configuration of this process. */
export interface Configured {
  readonly generation: number;
  readonly owners: ReadonlySet<OwnerKey>;
}

/** Metadata of a reading. */
export interface ReadingInfo {
  readonly owners: Owners;
  /** Name of the unit that made the declaration; undefined if it is not recorded. */
  readonly declaredBy: string | undefined;
  /** Name of the unit that was read. */
  readonly unit: string | undefined;
}

/** Compares readings with the newest known versions. */
export interface FenceWatch {
  /**
   * Reports outdated fences; rejects if the report could not be sent, so that the next reading
   * repeats it.
   */
  check(
    partition: string,
    seen: ReadingInfo,
    others: () => Promise<readonly Owners[]>,
  ): Promise<void>;
  /** Records the owners that this process declared, as the expected state. */
  declared(partition: string, owners: Owners): void;
}

interface Known {
  /** Versions that were declared last, by owner. */
  readonly owners: Owners;
  /** The unit that was active then. */
  readonly unit: string | undefined;
  readonly declaredBy: string | undefined;
}

/**
 * Remembers the versions that this process saw in each partition. `report` is awaited before the
 * state is used; if it rejects, the read fails.
 */
export function createFenceWatch(
  device: string,
  report: (behind: FencesBehind) => Promise<void>,
  configured?: Configured,
): FenceWatch {
  const known = new Map<string, Known>();
  return {
    check: async (partition, seen, others) => {
      const before = known.get(partition);
      const reason =
        takenOver(seen, before) ??
        behindMemory(seen, before) ??
        (await behindOthers(seen, before, others));
      if (reason !== undefined) await report({ device, partition, code: 'BIP442', reason });
      // Once per process: its own declarations use its configuration.
      const old =
        reason === undefined && before === undefined && configured
          ? underOlder(seen, configured)
          : undefined;
      if (old !== undefined) await report({ device, partition, code: 'GW162', reason: old });
      known.set(partition, seen);
    },
    declared: (partition, owners) => {
      const before = known.get(partition);
      known.set(partition, { owners, unit: before?.unit, declaredBy: before?.unit });
    },
  };
}

/**
 * Whether the new unit was in sync cannot be determined from it alone; asking costs one round of
 * snapshots.
 */
function takenOver(
  { declaredBy, unit }: ReadingInfo,
  before: Known | undefined,
): string | undefined {
  if (declaredBy === undefined || unit === undefined || declaredBy === unit) return undefined;
  if (before?.unit === unit && before.declaredBy === declaredBy) return undefined;
  return `${unit} is active now, but ${declaredBy} made the last declaration`;
}

/** The reason, if configured owners are declared under an older configuration. */
function underOlder(
  { owners }: ReadingInfo,
  { generation, owners: configured }: Configured,
): string | undefined {
  const late = Object.entries(owners).filter(
    ([owner, { gone, version }]) =>
      gone === undefined && configured.has(owner) && version.generation < generation,
  );
  const [first] = late;
  if (first === undefined) return undefined;
  const more = late.length === 1 ? '' : `, and ${late.length - 1} more`;
  return (
    `${first[0]} is declared with configuration generation ${first[1].version.generation}, ` +
    `but generation ${generation} is in use${more}`
  );
}

function behindMemory(seen: ReadingInfo, before: Known | undefined): string | undefined {
  return before === undefined ? undefined : behind(seen.owners, before.owners, 'was seen earlier');
}

/**
 * On the first reading of a unit, compares with its peers that answer: after a failback the standby
 * may have newer versions.
 */
async function behindOthers(
  seen: ReadingInfo,
  before: Known | undefined,
  others: () => Promise<readonly Owners[]>,
): Promise<string | undefined> {
  if (before !== undefined && before.unit === seen.unit) return undefined;
  return (await others())
    .map((other) => behind(seen.owners, other, 'is declared on its peer'))
    .find((reason) => reason !== undefined);
}

/** The reason, if owners are declared at an older version than was seen before. */
function behind(now: Owners, then: Owners, says: string): string | undefined {
  const late = Object.entries(then).filter(([owner, record]) => {
    const present = now[owner];
    return present === undefined || compareVersions(present.version, record.version) < 0;
  });
  const [first] = late;
  if (first === undefined) return undefined;
  const [owner, { version }] = first;
  const present = now[owner]?.version;
  const more = late.length === 1 ? '' : `, and ${late.length - 1} more`;
  return (
    `${owner} is declared at ` +
    `${present === undefined ? 'no version' : `${present.epoch}.${present.counter}`}, ` +
    `but ${version.epoch}.${version.counter} ${says}${more}`
  );
}
