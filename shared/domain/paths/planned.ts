/** What slices would change in the paths of a device, if they arrived now. Pure. */
import {
  changeInWords,
  type EntryChange,
  entriesToWrite,
  ofEachUnit,
  writable,
} from './changes.ts';
import { type Entry, entryInWords, entryKey } from './entry.ts';
import { type JournalRecord, type JournalRecords, recordsOf } from './journal.ts';
import { isOurs, type LiveEntries } from './live.ts';
import { dueRemovals, isDue, neededKeys, type Removals, withLeaving } from './needs.ts';
import type { PathSight } from './difference.ts';
import { type ContestedRequest, type EntryRequest, withEntryRequests } from './entry-requests.ts';

/** One change, or why there is none. */
export interface PlannedPath extends Entry {
  /** `refused`: it is wanted, or not needed any more, and stays as it is for the reason of the code. */
  readonly change: 'add' | 'change' | 'remove' | 'refused';
  readonly node: string;
  /** The standby unit; absent: the active one. */
  readonly unit?: 'standby';
  readonly code?: 'BIP471' | 'BIP475';
  /** `+ route 10.244.3.0/24 via 192.0.2.13` */
  readonly message: string;
}

/** The device as it is, with the members as they would be declared. */
export type PlannedSight = Omit<PathSight, 'isWhole'> & {
  readonly requests: readonly EntryRequest[];
};

function entryOf({ kind, at, tunnel, to }: Entry): Entry {
  return { kind, at, ...(tunnel !== undefined && { tunnel }), to };
}

/**
 * An entry that would be written or changed. Removals come from another place, because they depend
 * on the grace.
 */
function ofChange(change: EntryChange): readonly PlannedPath[] {
  if (change.kind === 'remove') return [];
  const { kind, record } = change;
  return [{ ...entryOf(record), change: kind, node: record.node, message: changeInWords(change) }];
}

/** A path that the device or another client prevents, with its code. */
function ofRefusal(
  record: JournalRecord | EntryRequest,
  code: NonNullable<PlannedPath['code']>,
  why: string,
): PlannedPath {
  const message = `! ${entryInWords(record)}: ${why}`;
  return { ...entryOf(record), change: 'refused', node: record.node, code, message };
}

/**
 * Paths whose place is taken: by an entry of another client, or by another cluster of this
 * installation (BIP471).
 */
function taken(
  own: JournalRecords,
  active: LiveEntries,
  contested: readonly ContestedRequest[],
): readonly PlannedPath[] {
  const foreign = [...own].flatMap(([key, record]) => {
    const there = active.get(key);
    if (there === undefined || record.gone !== undefined || there.to === record.to) return [];
    return isOurs(there, record)
      ? []
      : [ofRefusal(record, 'BIP471', `${there.name} has it, and leads to ${there.to}`)];
  });
  // Another cluster's entry with the same goal serves as well.
  const rivals = contested
    .filter(({ request }) => active.get(entryKey(request))?.to !== request.to)
    .map(({ request, cluster }) => ofRefusal(request, 'BIP471', `cluster ${cluster} has it`));
  return [...foreign, ...rivals];
}

/** What no member would need any more: it goes when its grace is over. */
function leaving(
  known: JournalRecords,
  live: LiveEntries,
  { going, held }: Removals,
): readonly PlannedPath[] {
  return [...known].flatMap(([key, record]) => {
    const there = live.get(key);
    if (there === undefined || !isOurs(there, record)) return [];
    if (held.has(key)) {
      const why = `no member needs it; its removal waits for "sluice approve ${record.owner}"`;
      return [ofRefusal(record, 'BIP475', why)];
    }
    if (!going.has(key)) return [];
    const message = changeInWords({ kind: 'remove', key, live: there });
    return [{ ...entryOf(there), change: 'remove' as const, node: record.node, message }];
  });
}

/** Additions, changes and removals on both units, and what stays although it should not. */
export function plannedPaths(sight: PlannedSight): readonly PlannedPath[] {
  const { requests, active, peer, needed, clusters, tunnels, grace, now } = sight;
  const requested = withEntryRequests(sight.records, requests, { live: active, clusters, needed });
  const own = recordsOf(requested.records, clusters);
  const keys = neededKeys(own, { needed, live: active });
  const known = withLeaving(own, keys, { now, busy: new Set() });
  const end = { now: Number.MAX_SAFE_INTEGER, isApproved: () => false };
  const removals = dueRemovals(known, grace, end);
  const on = (records: JournalRecords, live: LiveEntries): readonly PlannedPath[] => [
    ...entriesToWrite(writable(records, tunnels), live, (_, one) => isDue(one, grace, now)).flatMap(
      ofChange,
    ),
    ...leaving(records, live, removals),
  ];
  const standby = peer === undefined ? [] : on(ofEachUnit(known), peer);
  return [
    ...on(known, active),
    ...taken(own, active, requested.contested),
    ...standby.map((one) => ({ ...one, unit: 'standby' as const })),
  ];
}
