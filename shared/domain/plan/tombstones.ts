/**
 * Owners without exposures keep an individual record for some time, then share one floor per
 * cluster.
 */
import { parseOwner } from '../snapshot/snapshot.ts';
import type { Version } from '../revision.ts';
import { compareVersions } from '../revision.ts';
import type { DeclaredState } from '../declared/declared.ts';
import { sortedByKey } from '../declared/declared.ts';
import type { OwnerRecord } from '../declared/owner-record.ts';

/** Longer than the retention of any queue (14 days), so that events rarely meet a floor. */
const REMEMBERED_MS = 30 * 24 * 60 * 60_000;

/**
 * Events of these owners below the floor stay superseded; a new owner below it is told so and
 * continues above.
 */
export function foldTombstones(
  { owners, floors = {} }: Pick<DeclaredState, 'owners' | 'floors'>,
  declared: ReadonlySet<string>,
  now: number,
): Pick<DeclaredState, 'owners' | 'floors'> {
  const isOver = ([owner, record]: readonly [string, OwnerRecord]): boolean =>
    record.gone !== undefined &&
    !declared.has(owner) &&
    Date.parse(record.gone) + REMEMBERED_MS <= now;
  const entries = Object.entries(owners);
  const over = entries.filter(isOver);
  if (over.length === 0) return { owners, ...(Object.keys(floors).length === 0 ? {} : { floors }) };
  const raised: Record<string, Version> = { ...floors };
  for (const [owner, { version }] of over) {
    const { cluster } = parseOwner(owner);
    const floor = raised[cluster];
    if (!floor || compareVersions(version, floor) > 0) raised[cluster] = version;
  }
  return {
    owners: Object.fromEntries(entries.filter((entry) => !isOver(entry))),
    floors: sortedByKey(raised),
  };
}
