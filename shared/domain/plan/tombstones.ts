/** Owners that want nothing any more are remembered for a while one by one, then all together by one floor for each cluster. */
import { parseOwner } from '../snapshot/snapshot.ts';
import type { Version } from '../revision.ts';
import { compareVersions } from '../revision.ts';
import type { DeclaredState } from '../declared/declared.ts';
import { sortedByKey } from '../declared/declared.ts';
import type { OwnerRecord } from '../declared/owner-record.ts';

/** Longer than any queue keeps a message (14 days), so that hardly a live event meets a floor. */
const REMEMBERED = 30 * 24 * 60 * 60_000;

/** Any event of these owners below the floor stays superseded; one of another owner is told so and comes again above it. */
export function foldTombstones(
  { owners, floors = {} }: Pick<DeclaredState, 'owners' | 'floors'>,
  declared: ReadonlySet<string>,
  now: number,
): Pick<DeclaredState, 'owners' | 'floors'> {
  const isOver = ([owner, record]: readonly [string, OwnerRecord]): boolean =>
    record.gone !== undefined &&
    !declared.has(owner) &&
    Date.parse(record.gone) + REMEMBERED <= now;
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
