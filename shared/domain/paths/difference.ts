/** Where a device differs from its journal of paths and the members that it declares. */
import { entriesToRemove, entriesToWrite, ofEachUnit, writable } from './changes.ts';
import { entryInWords } from './entry.ts';
import { type JournalRecord, type JournalRecords, recordsOf } from './journal.ts';
import { isOurs, type LiveEntries, type LiveEntry } from './live.ts';
import {
  dueRemovals,
  type Grace,
  isDue,
  type Needed,
  neededKeys,
  type Removals,
  withNeeds,
} from './needs.ts';
import { withEntryRequests } from './entry-requests.ts';

/** One difference. */
export interface PathDifference {
  /** As of other objects. */
  readonly kind: 'missing' | 'differs' | 'orphan';
  readonly code: 'BIP471' | 'BIP475' | 'BIP490' | 'BIP491' | 'BIP492';
  /** The entry without its goal, and its unit if that is the standby. */
  readonly object: string;
  /** Begins with `-` (missing), `~` (changed) or `+` (left over). */
  readonly message: string;
  /** Whether the next run on the device removes it. */
  readonly repairable: boolean;
}

/** What a device has, and what it should have. */
export interface PathSight {
  /** The journal: what should be there. */
  readonly records: JournalRecords;
  /** Entries of the active unit. */
  readonly active: LiveEntries;
  /** Absent if there is no other unit, or it does not answer. */
  readonly peer?: LiveEntries;
  /** Members by cluster that need a path. */
  readonly needed: Needed;
  /** Whether all that is needed is known. If not, nothing counts as left over. */
  readonly isWhole: boolean;
  /** Of this installation; entries of others are not judged. */
  readonly clusters: ReadonlySet<string>;
  /** By cluster. */
  readonly tunnels: Readonly<Record<string, string>>;
  /** How long unneeded entries stay. */
  readonly grace: Grace;
  /** Milliseconds since 1970. */
  readonly now: number;
}

type Judged = Pick<PathSight, 'records' | 'grace' | 'now' | 'tunnels'> & {
  /** The journal, as the next run makes it. */
  readonly known: JournalRecords;
  readonly keys: ReadonlySet<string>;
  /** Decided once for both units, from all entries of a cluster. */
  readonly removals: Removals;
};

interface Place {
  readonly live: LiveEntries;
  /** Appended to the names of objects. */
  readonly suffix: '' | ' on the standby unit';
}

function isOver({ grace, now }: Judged): (key: string, record: JournalRecord) => boolean {
  return (_key, record) => isDue(record, grace, now);
}

/** What the next run writes: missing entries, and those that lead elsewhere. */
function toWrite(judged: Judged, { live, suffix }: Place): readonly PathDifference[] {
  const own = writable(judged.known, judged.tunnels);
  return entriesToWrite(own, live, isOver(judged)).flatMap((change): readonly PathDifference[] => {
    if (change.kind === 'remove') return [];
    const { key, record } = change;
    const about = { object: `${key}${suffix}`, repairable: true };
    const why =
      record.refused === undefined ? '' : `, because the device refuses it (${record.refused})`;
    const path = `${entryInWords(record)} (node ${record.node})`;
    return [
      change.kind === 'add'
        ? { ...about, kind: 'missing', code: 'BIP490', message: `- ${path} is not there${why}` }
        : {
            ...about,
            kind: 'differs',
            code: 'BIP491',
            message: `~ ${path} leads to ${change.live.to}${why}`,
          },
    ];
  });
}

/** What others put in the place of an entry, with another goal. */
function taken(judged: Judged, { live, suffix }: Place): readonly PathDifference[] {
  return [...judged.known].flatMap(([key, record]): readonly PathDifference[] => {
    const there = live.get(key);
    if (there === undefined || record.gone !== undefined || isOver(judged)(key, record)) return [];
    if (there.to === record.to || isOurs(there, record)) return [];
    return [
      {
        kind: 'differs',
        code: 'BIP471',
        object: `${key}${suffix}`,
        message: `~ ${entryInWords(record)} (node ${record.node}): ${there.name} of somebody else leads to ${there.to}`,
        repairable: false,
      },
    ];
  });
}

/** Whether the entry is as Sluice wrote it. */
function isAsWritten(there: LiveEntry, record: JournalRecord): boolean {
  return isOurs(there, record) && (there.holder !== 'unmarked' || there.to === record.to);
}

/** A difference about an entry that should not be on the device. */
function leftOver(
  there: LiveEntry,
  object: string,
  over: Pick<PathDifference, 'code' | 'repairable'> & { readonly why: string },
): PathDifference {
  const { why, ...rest } = over;
  return { kind: 'orphan', object, message: `+ ${entryInWords(there)} ${why}`, ...rest };
}

const GOES = { code: 'BIP492', repairable: true } as const;

/** What is there although no member needs it any more. */
function leftOvers(judged: Judged, { live, suffix }: Place): readonly PathDifference[] {
  const { known, records, keys } = judged;
  const { going, held } = judged.removals;
  const back = new Set(entriesToRemove(known, live).map(({ key }) => key));
  return [...known].flatMap(([key, record]): readonly PathDifference[] => {
    const there = live.get(key);
    if (there === undefined) return [];
    const object = `${key}${suffix}`;
    if (back.has(key))
      return [leftOver(there, object, { ...GOES, why: 'was removed, and is there again' })];
    if (record.gone !== undefined || !isAsWritten(there, record)) return [];
    if (going.has(key))
      return [leftOver(there, object, { ...GOES, why: 'is there, and no member needs it' })];
    if (held.has(key)) {
      const why = `is there, and no member needs it; its removal waits for "sluice approve ${record.owner}"`;
      return [leftOver(there, object, { code: 'BIP475', repairable: false, why })];
    }
    if (records.has(key) || keys.has(key)) return [];
    const why = 'has the mark of Sluice, but is not in the journal, and no member needs it';
    return [leftOver(there, object, { ...GOES, why })];
  });
}

/**
 * All differences, by unit. Entries of other installations, and those that wait for the end of
 * their grace, are none.
 */
export function pathDifferences(sight: PathSight): readonly PathDifference[] {
  const { records, active, peer, needed, clusters, grace, now } = sight;
  const rules = { live: active, clusters };
  const own = recordsOf(withEntryRequests(records, [], rules).records, clusters);
  const keys = neededKeys(own, { needed, live: active });
  const known = withNeeds(own, keys);
  const removals = dueRemovals(known, grace, { now, isApproved: () => false });
  const of = (judged: Judged, place: Place): readonly PathDifference[] => [
    ...toWrite(judged, place),
    ...taken(judged, place),
    ...(sight.isWhole ? leftOvers(judged, place) : []),
  ];
  return [
    ...of({ ...sight, known, keys, removals }, { live: active, suffix: '' }),
    ...(peer === undefined
      ? []
      : of(
          { ...sight, known: ofEachUnit(known), keys, removals },
          { live: peer, suffix: ' on the standby unit' },
        )),
  ];
}
