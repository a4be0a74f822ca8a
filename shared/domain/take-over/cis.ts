/**
 * What F5 CIS left on a device: entries that Sluice may take over, and signs that CIS still writes.
 */
import * as z from 'zod';
import { type Entry, entryInWords, entryKey } from '../paths/entry.ts';
import type { JournalRecord, JournalRecords } from '../paths/journal.ts';
import type { LiveEntries, LiveEntry } from '../paths/live.ts';

/** An entry to take over, as it was shown: if it is another one by then, it stays. */
export const TakeOver = z.strictObject({
  /** Key of the entry: `route 10.244.3.0/24`. */
  key: z.string().min(1).max(800),
  /** What the device calls it: `/cis/k8s-n3-192.0.2.13`. */
  name: z.string().min(1).max(800),
  to: z.string().min(1).max(80),
  /** The unit that has it; absent: the active one. */
  peer: z.literal(true).exactOptional(),
});
export type TakeOver = Readonly<z.infer<typeof TakeOver>>;

/** An entry of CIS with what Sluice wants instead. */
export interface Inherited {
  /** Of the entry, as in the journal. */
  readonly key: string;
  /** As F5 CIS left it on the device. */
  readonly live: LiveEntry;
  /** What Sluice would have there. */
  readonly record: JournalRecord;
}

/** What of CIS is on one unit. */
export interface Inheritance {
  /** Wanted by the journal. */
  readonly take: readonly Inherited[];
  /** Wanted by nobody that Sluice knows. */
  readonly left: readonly LiveEntry[];
}

/** Objects that CIS takes as its own, by their full path. */
export function isNameOfCis(path: string): boolean {
  return /\/k8s[^/]*$/.test(path);
}

function isOfCis({ kind, name }: LiveEntry): boolean {
  return kind !== 'fdb' && isNameOfCis(name);
}

function isWanted(record: JournalRecord | undefined): record is JournalRecord {
  return record !== undefined && record.gone === undefined && record.left === undefined;
}

/** Records of tunnels have no name: those that others made where Sluice wants its own. */
function isClaimed({ kind, found, refused }: JournalRecord): boolean {
  return kind === 'fdb' && (found === true || refused === 'BIP471');
}

/** Sorted by key. */
export function inheritance(records: JournalRecords, live: LiveEntries): Inheritance {
  const take: Inherited[] = [];
  const left: LiveEntry[] = [];
  for (const [key, one] of [...live].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const record = records.get(key);
    if (isWanted(record) && (isOfCis(one) || isClaimed(record)))
      take.push({ key, live: one, record });
    else if (isOfCis(one)) left.push(one);
  }
  return { take, left };
}

/** `~ route 10.244.3.0/24 via 192.0.2.13 (now /cis/k8s-n3, via 192.0.2.12)` */
export function inheritedInWords({ live, record }: Inherited): string {
  const now = live.to === record.to ? live.name : `${live.name}, which leads to ${live.to}`;
  return `~ ${entryInWords(record)} (now ${now})`;
}

/** What of these entries is still as it was shown. */
export function asShown(
  { take }: Inheritance,
  shown: readonly TakeOver[],
): { readonly same: readonly Inherited[]; readonly other: readonly TakeOver[] } {
  const found = new Map(take.map((one) => [one.key, one]));
  const isSame = ({ key, name, to }: TakeOver): boolean => {
    const live = found.get(key)?.live;
    return live?.name === name && live.to === to;
  };
  return {
    same: shown.filter(isSame).flatMap(({ key }) => found.get(key) ?? []),
    other: shown.filter((one) => !isSame(one)),
  };
}

/** One reading of a unit. */
export interface UnitReading {
  readonly records: JournalRecords;
  readonly live: LiveEntries;
}

/** CIS writes everything anew at least this often, unless it is configured otherwise. */
export const CIS_INTERVAL_MS = 30_000;

/**
 * What only CIS does between two readings that are further apart than its interval: it writes its
 * entries, and it replaces the records of a tunnel, so that ours vanish. Sluice restores them only
 * when it has something to do for the device.
 */
export function signsOfCis(before: UnitReading, after: UnitReading): readonly string[] {
  const own = new Map([...before.live].filter(([, one]) => isOfCis(one)));
  const then = new Map([...after.live].filter(([, one]) => isOfCis(one)));
  const written = [...then].flatMap(([key, one]) =>
    isSameEntry(own.get(key), one) ? [] : [`${one.name} was written`],
  );
  const removed = [...own].flatMap(([key, one]) =>
    then.has(key) || !isWanted(after.records.get(key)) || after.live.has(key)
      ? []
      : [`${one.name} was removed`],
  );
  const vanished = [...before.records].flatMap(([key, record]) =>
    record.kind === 'fdb' &&
    record.found !== true &&
    record.gone === undefined &&
    after.records.get(key)?.gone === undefined &&
    before.live.get(key)?.to === record.to &&
    !after.live.has(key)
      ? [`${entryInWords(record)} vanished`]
      : [],
  );
  return [...written, ...removed, ...vanished];
}

function isSameEntry(a: LiveEntry | undefined, b: LiveEntry): boolean {
  return a !== undefined && a.name === b.name && a.to === b.to;
}

/** The journal in which these records of tunnels are Sluice's own. */
export function withoutClaims(
  records: JournalRecords,
  taken: readonly Inherited[],
): JournalRecords {
  const keys = new Set(taken.map(({ key }) => key));
  return new Map(
    [...records].map(([key, record]) => {
      const { found: _found, refused: _refused, ...rest } = record;
      return [key, keys.has(key) ? rest : record];
    }),
  );
}

/** The entry that Sluice makes instead. */
export function entryOf({ kind, at, tunnel, to }: JournalRecord): Entry {
  return { kind, at, ...(tunnel !== undefined && { tunnel }), to };
}

/** As it is shown to people, for the order. */
export function takeOverOf({ live }: Inherited, isPeer = false): TakeOver {
  const { name, to } = live;
  return { key: entryKey(live), name, to, ...(isPeer && { peer: true as const }) };
}
