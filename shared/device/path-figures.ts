/** Figures about the paths of one device, from its journal. Pure. */
import type { JournalRecords } from '../domain/paths/journal.ts';
import { dueRemovals, type Grace } from '../domain/paths/needs.ts';

/** Numbers of entries: routes, records of tunnels, ARP and NDP entries. */
export interface PathFigures {
  /** Declared members need them. */
  readonly wanted: number;
  /** Of these, those that are not on the device, because it refuses them or others have them. */
  readonly refused: number;
  /** No declared member needs them any more; they go when their grace is over. */
  readonly stale: number;
  /** Of these, those whose removal waits for "sluice approve". */
  readonly held: number;
  /** Seconds since the last member left the stale entry that is there for longest; 0 if none is. */
  readonly oldestStaleSeconds: number;
}

/** `now` in milliseconds since 1970. */
export function pathFigures(records: JournalRecords, grace: Grace, now: number): PathFigures {
  const standing = [...records.values()].filter(({ gone }) => gone === undefined);
  const left = standing.flatMap((record) => record.left ?? []);
  const wanted = standing.filter((record) => record.left === undefined);
  const { held } = dueRemovals(records, grace, { now, isApproved: () => false });
  return {
    wanted: wanted.length,
    refused: wanted.filter(({ refused }) => refused !== undefined).length,
    stale: left.length,
    held: held.size,
    oldestStaleSeconds: left.length === 0 ? 0 : Math.round((now - Math.min(...left)) / 1_000),
  };
}
