/** Which entries are needed, since when the others are not, and which of these may be removed. */
import { removalAllowance } from '../removal-allowance.ts';
import { entryKey } from './entry.ts';
import { clusterOf, type JournalRecord, type JournalRecords } from './journal.ts';
import { covers, type LiveEntries } from './live.ts';
import { leadingTo } from './preference.ts';

/** By cluster: addresses of members that BIG-IP must reach. */
export type Needed = ReadonlyMap<string, ReadonlySet<string>>;

/** What decides which entries are needed. */
export interface NeedRules {
  readonly needed: Needed;
  /** On the active unit. */
  readonly live: LiveEntries;
}

function isNeighbour({ kind }: JournalRecord): boolean {
  return kind === 'arp' || kind === 'ndp';
}

/** The MAC addresses that these ARP or NDP entries name, each in its cluster. */
function macsOf(neighbours: readonly JournalRecord[]): ReadonlySet<string> {
  return new Set(neighbours.map((one) => `${clusterOf(one)} ${one.to}`));
}

/** Whether the entry is the record of one of these MAC addresses. */
function isBehind(record: JournalRecord, macs: ReadonlySet<string>): boolean {
  return record.kind === 'fdb' && macs.has(`${clusterOf(record)} ${record.at}`);
}

/** The entries that lead to members, without the records behind ARP entries. */
function directEntries(
  standing: readonly JournalRecord[],
  { needed, live }: NeedRules,
): ReadonlySet<JournalRecord> {
  const isThere = (one: JournalRecord): boolean => live.get(entryKey(one))?.to === one.to;
  const byCluster = Map.groupBy(standing, clusterOf);
  const findAny = leadingTo(standing);
  const leading = [...needed].flatMap(([cluster, members]) => {
    const find = leadingTo(byCluster.get(cluster) ?? []);
    return [...members].flatMap((member) => {
      const own = find(member);
      const [best] = own;
      // The same route may be in the name of another cluster, which asked for it first.
      const [lent] = best === undefined ? findAny(member) : [];
      return [best, own.find(isThere) ?? findAny(member).find(isThere) ?? lent];
    });
  });
  return new Set(leading.flatMap((one) => one ?? []));
}

/**
 * Keys of the entries that members need: the best one, and while that is not on the device, also
 * the one that serves instead.
 */
export function neededKeys(records: JournalRecords, rules: NeedRules): ReadonlySet<string> {
  const standing = [...records.values()].filter(({ gone }) => gone === undefined);
  const direct = directEntries(standing, rules);
  const macs = macsOf([...direct].filter(isNeighbour));
  const behind = standing.filter((one) => isBehind(one, macs));
  return new Set([...direct, ...behind].map(entryKey));
}

/** Whether the entry leads to one of these members. */
export function leadsTo(
  { kind, at, members = [] }: JournalRecord,
  addresses: ReadonlySet<string>,
): boolean {
  if (kind === 'route') return [...addresses].some((one) => covers(at, one));
  return addresses.has(at) || members.some((one) => addresses.has(one));
}

/** Whether members of its own cluster need the entry, themselves or behind an ARP or NDP entry. */
export function servesOwn(
  records: JournalRecords,
  needed: Needed,
): (record: JournalRecord) => boolean {
  const membersOf = (record: JournalRecord): ReadonlySet<string> =>
    needed.get(clusterOf(record)) ?? new Set();
  const neighbours = [...records.values()].filter(
    (one) => isNeighbour(one) && one.gone === undefined && membersOf(one).has(one.at),
  );
  const macs = macsOf(neighbours);
  return (record) => leadsTo(record, membersOf(record)) || isBehind(record, macs);
}

/** Entries that are needed again are as if they had always been. */
export function withNeeds(records: JournalRecords, keys: ReadonlySet<string>): JournalRecords {
  return new Map(
    [...records].map(([key, record]) => {
      if (record.left === undefined || !keys.has(key)) return [key, record];
      const { left: _left, open: _open, ...rest } = record;
      return [key, rest];
    }),
  );
}

/** Begins the grace of entries that nobody needs now. `busy`: members that left with connections. */
export function withLeaving(
  records: JournalRecords,
  keys: ReadonlySet<string>,
  { now, busy }: { readonly now: number; readonly busy: ReadonlySet<string> },
): JournalRecords {
  return new Map(
    [...withNeeds(records, keys)].map(([key, record]) => {
      if (keys.has(key) || record.left !== undefined || record.gone !== undefined)
        return [key, record];
      return [key, { ...record, left: now, ...(leadsTo(record, busy) && { open: true }) }];
    }),
  );
}

/** From so many members on, a record forgets those that left: with each one, it would be a write. */
const MANY_MEMBERS = 500;

/** Entries that name their members without those that left, so that there is room for new ones. */
export function withoutLeft(records: JournalRecords, needed: Needed): JournalRecords {
  return new Map(
    [...records].map(([key, record]) => {
      const { members = [] } = record;
      if (members.length <= MANY_MEMBERS) return [key, record];
      const own = needed.get(clusterOf(record));
      const staying = members.filter((one) => own?.has(one) === true);
      return [key, staying.length === 0 ? record : { ...record, members: staying }];
    }),
  );
}

/** How long entries stay that nobody needs; milliseconds. */
export interface Grace {
  /** By cluster; at least the time in which its members drain. */
  readonly ofCluster: ReadonlyMap<string, number>;
  /** Added if the last members left with open connections. */
  readonly open: number;
}

/** Grace of a cluster that is not configured any more. */
const LONGEST_GRACE_MS = 3_600_000;

/** Whether the grace of the entry is over. */
export function isDue(record: JournalRecord, grace: Grace, now: number): boolean {
  const { left, open, gone } = record;
  if (left === undefined || gone !== undefined) return false;
  const usual = grace.ofCluster.get(clusterOf(record)) ?? LONGEST_GRACE_MS;
  return now - left >= usual + (open === true ? grace.open : 0);
}

/** Removals that are due: what goes now, and what waits for an approval. */
export interface Removals {
  readonly going: ReadonlySet<string>;
  readonly held: ReadonlySet<string>;
}

/**
 * As for exposures: up to the allowance of a cluster, all that is due goes; above it, nothing does
 * but what was approved. `isApproved` says so for an entry.
 */
export function dueRemovals(
  records: JournalRecords,
  grace: Grace,
  {
    now,
    isApproved,
  }: {
    readonly now: number;
    readonly isApproved: (key: string, record: JournalRecord) => boolean;
  },
): Removals {
  const going = new Set<string>();
  const held = new Set<string>();
  const standing = [...records].filter(([, { gone }]) => gone === undefined);
  for (const own of Map.groupBy(standing, ([, record]) => clusterOf(record)).values()) {
    const due = own.filter(([, record]) => isDue(record, grace, now));
    const approved = due.filter(([key, record]) => isApproved(key, record));
    const others = due.filter((one) => !approved.includes(one));
    const isMany = others.length > removalAllowance(own.length);
    for (const [key] of approved) going.add(key);
    for (const [key] of others) (isMany ? held : going).add(key);
  }
  return { going, held };
}

/** How long a removed entry stays in the journal; milliseconds. Longer than any write takes. */
const REMEMBERED_MS = 600_000;

/**
 * The journal in which these entries are removed. An entry that never was ours on the device just
 * leaves it. `isThere`: whether any unit has the entry, or may have it.
 */
export function withoutRemoved(
  records: JournalRecords,
  going: ReadonlySet<string>,
  { now, isThere }: { readonly now: number; readonly isThere: (key: string) => boolean },
): JournalRecords {
  return new Map(
    [...records].flatMap(([key, record]): readonly (readonly [string, JournalRecord])[] => {
      if (going.has(key))
        return record.found === true || record.refused === 'BIP471'
          ? []
          : [[key, { ...record, gone: now }]];
      const isOver = record.gone !== undefined && now - record.gone >= REMEMBERED_MS;
      return isOver && !isThere(key) ? [] : [[key, record]];
    }),
  );
}
