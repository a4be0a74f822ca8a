/**
 * The journal of paths: the entries that Sluice wrote to a device, or is about to write. It is kept
 * on the device and written before the entries, so that none is ever without an owner.
 */
import * as z from 'zod';
import { Version } from '../revision.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import { Entry, entryKey } from './entry.ts';

/** Codes of entries that are not on the device although they are wanted. */
export const RefusalCode = z.enum(['BIP470', 'BIP471', 'BIP472', 'BIP473', 'BIP477']);
export type RefusalCode = z.infer<typeof RefusalCode>;

const Time = z.int().nonnegative();
const Word = z.string().regex(/^[^\s=]{1,512}$/);

/** Members that one record names at most. */
export const MAX_MEMBERS = 1_000;

/** One entry with what is known of it. */
export const JournalRecord = Entry.extend({
  /** The ingress whose slice asked for it last: `cluster/namespace/service`. */
  owner: z.string().regex(/^[^/\s=]+\/[^/\s=]+\/[^/\s=]+$/),
  node: Word,
  /** Version of that slice. An older slice does not change the entry. */
  version: Version,
  /** Members that need it; only if no other entry names them. */
  members: z.array(Word).max(MAX_MEMBERS).exactOptional(),
  /** Since when no declared member needs it; milliseconds since 1970. */
  left: Time.exactOptional(),
  /** The last members that left had open connections. */
  open: z.literal(true).exactOptional(),
  /** When it was removed. A write that comes late may create it again, so it stays a while. */
  gone: Time.exactOptional(),
  /** Somebody else made the same entry, so it is never removed. */
  found: z.literal(true).exactOptional(),
  /** Why it is not on the device. */
  refused: RefusalCode.exactOptional(),
});
export type JournalRecord = Readonly<z.infer<typeof JournalRecord>>;

/** By `entryKey`. */
export type JournalRecords = ReadonlyMap<string, JournalRecord>;

/** A journal. Each one that is written has the next number. */
export interface Journal {
  /** 0 if there is none. */
  readonly number: number;
  readonly records: JournalRecords;
}

/** A journal follows another one. A number so far above the others was made by hand. */
const LONGEST_STEP = 1_000_000_000;

/** The numbers of journals that count, in ascending order. */
export function plausibleNumbers(numbers: readonly number[]): readonly number[] {
  let last = 0;
  return numbers
    .toSorted((a, b) => a - b)
    .filter((number) => {
      const isNext = number - last <= LONGEST_STEP;
      if (isNext) last = number;
      return isNext;
    });
}

/** A device on which Sluice has not written a path yet. */
export const NO_JOURNAL: Journal = { number: 0, records: new Map() };

/** More records than any device has use for; a longer journal is not read. */
export const MAX_RECORDS = 20_000;

/** The cluster of an entry. */
export function clusterOf({ owner }: Pick<JournalRecord, 'owner'>): string {
  return parseOwner(owner).cluster;
}

/** The records of these clusters. All others are of another installation. */
export function recordsOf(records: JournalRecords, clusters: ReadonlySet<string>): JournalRecords {
  return new Map([...records].filter(([, record]) => clusters.has(clusterOf(record))));
}

/** A record as a device keeps it: two texts without quotes, so that every tool shows it as it is. */
export interface JournalLine {
  readonly name: string;
  readonly data: string;
}

function versionInWords({ epoch, counter, generation }: Version): string {
  return `${epoch}.${counter}.${generation}`;
}

/** Sorted by name. */
export function journalLines(records: JournalRecords): readonly JournalLine[] {
  const lines = [...records].map(([name, record]): JournalLine => {
    const { to, owner, node, version, members, left, open, gone, found, refused } = record;
    const words = {
      to,
      owner,
      node,
      version: versionInWords(version),
      members: members?.join(','),
      left,
      open: open && 'yes',
      gone,
      found: found && 'yes',
      refused,
    };
    const given = Object.entries(words).filter(([, value]) => value !== undefined);
    return { name, data: given.map(([key, value]) => `${key}=${value}`).join(' ') };
  });
  return lines.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

/** What a line says, not yet checked. */
function unchecked({ name, data }: JournalLine): Record<string, unknown> {
  const [kind, ...rest] = name.split(' ');
  const [at, tunnel] = rest.toReversed();
  const words = new Map<string, string>();
  for (const word of data.split(' ')) {
    const cut = word.indexOf('=');
    words.set(word.slice(0, cut), word.slice(cut + 1));
  }
  const [epoch, counter, generation] = (words.get('version') ?? '').split('.').map(numberIn);
  const flag = (key: string): true | string => (words.get(key) === 'yes' ? true : 'no');
  const value = (key: string): unknown => {
    if (key === 'version') return { epoch, counter, generation };
    if (key === 'members') return words.get(key)?.split(',');
    if (key === 'left' || key === 'gone') return numberIn(words.get(key));
    return key === 'open' || key === 'found' ? flag(key) : words.get(key);
  };
  return {
    kind,
    at,
    ...(tunnel !== undefined && { tunnel }),
    ...Object.fromEntries([...words.keys()].map((key) => [key, value(key)])),
  };
}

/** The records, or why they cannot be used. */
export function readJournal(
  lines: readonly JournalLine[],
): { readonly records: JournalRecords } | { readonly fault: string } {
  if (lines.length > MAX_RECORDS)
    return { fault: `it has ${lines.length} records, more than ${MAX_RECORDS}` };
  const records = new Map<string, JournalRecord>();
  for (const line of lines) {
    const read = JournalRecord.safeParse(unchecked(line));
    if (!read.success) {
      const [issue] = read.error.issues;
      return {
        fault: `record "${line.name}" has a wrong ${issue?.path[0]?.toString() ?? 'field'}`,
      };
    }
    if (entryKey(read.data) !== line.name)
      return { fault: `record "${line.name}" does not name an entry` };
    records.set(line.name, read.data);
  }
  return { records };
}
