/** Which entries the slices of a run ask for, and what becomes of the journal. */
import { compareVersions, type Version } from '../revision.ts';
import { entriesOf, type Entry, entryKey } from './entry.ts';
import { clusterOf, type JournalRecord, type JournalRecords, MAX_MEMBERS } from './journal.ts';
import { isOurs, type LiveEntries, type LiveEntry } from './live.ts';
import { leadsTo, type Needed } from './needs.ts';
import type { Path } from './path.ts';
import { isPreferred, leadingTo } from './preference.ts';

/** An entry that a slice asks for. */
export interface Wish extends Entry {
  readonly owner: string;
  readonly node: string;
  readonly version: Version;
  /** The members that need it. */
  readonly members: readonly string[];
  /** No other entry names the members. */
  readonly alone: boolean;
}

/** What a slice asks for. Paths through a tunnel need the tunnel of the cluster. */
export function wishesOf(
  {
    owner,
    version,
    paths = [],
  }: {
    readonly owner: string;
    readonly version: Version;
    readonly paths?: readonly Path[] | undefined;
  },
  tunnel: string | undefined,
): readonly Wish[] {
  return paths.flatMap((path) =>
    path.kind === 'vxlan' && tunnel === undefined
      ? []
      : entriesOf(path, tunnel ?? '').map((entry): Wish => ({
          ...entry,
          owner,
          node: path.node,
          version,
          members: entry.kind === 'arp' || entry.kind === 'ndp' ? [entry.at] : path.members,
          alone: path.kind === 'vxlan' && !path.neighbours,
        })),
  );
}

/** Wishes that another cluster stands in the way of. */
export interface Contested {
  readonly wish: Wish;
  /** The cluster that has the entry. */
  readonly cluster: string;
}

/** The newest first; of equal ones, always the same. */
function byVersion(a: Wish, b: Wish): number {
  return (
    compareVersions(b.version, a.version) || (`${a.owner} ${a.to}` < `${b.owner} ${b.to}` ? -1 : 1)
  );
}

/** What is known when wishes are granted. */
export interface WishRules {
  readonly live: LiveEntries;
  /** The clusters of this installation. */
  readonly clusters: ReadonlySet<string>;
  /** Absent if a partition cannot be read. */
  readonly needed?: Needed | undefined;
}

/**
 * The cluster that keeps a record against wishes of others. One of this installation gives up what
 * none of its members needs.
 */
function holderOf(
  record: JournalRecord | undefined,
  rivals: readonly Wish[],
  { clusters, needed }: WishRules,
): string {
  const [first, ...others] = rivals.toSorted((a, b) => (clusterOf(a) < clusterOf(b) ? -1 : 1));
  const next = first === undefined ? '' : clusterOf(first);
  if (record === undefined || record.gone !== undefined) return next;
  const holder = clusterOf(record);
  if (!clusters.has(holder) || [first, ...others].some((one) => one && clusterOf(one) === holder))
    return holder;
  const isFree = needed !== undefined && !leadsTo(record, needed.get(holder) ?? new Set());
  return record.left !== undefined || isFree ? next : holder;
}

/** The newest wish for each entry. Of several clusters, the one that has it keeps it. */
function winners(
  records: JournalRecords,
  wishes: readonly Wish[],
  rules: WishRules,
): { readonly won: readonly Wish[]; readonly contested: readonly Contested[] } {
  const won: Wish[] = [];
  const contested: Contested[] = [];
  for (const [key, rivals] of Map.groupBy(wishes, entryKey)) {
    const holder = holderOf(records.get(key), rivals, rules);
    const own = rivals.filter((one) => clusterOf(one) === holder);
    const [newest] = own.toSorted(byVersion);
    if (newest !== undefined) {
      const members = [...new Set(own.flatMap((one) => one.members))].toSorted();
      won.push({ ...newest, members });
    }
    for (const wish of rivals)
      if (clusterOf(wish) !== holder) contested.push({ wish, cluster: holder });
  }
  return { won, contested };
}

/** The members of the wish and, as far as there is room, those that were known before. */
function withMore(wished: readonly string[], before: readonly string[]): string[] {
  return [...new Set([...wished, ...before])].slice(0, MAX_MEMBERS).toSorted();
}

function created({ members, alone, ...wish }: Wish): JournalRecord {
  const { kind, at, tunnel, to, owner, node, version } = wish;
  return {
    kind,
    at,
    ...(tunnel !== undefined && { tunnel }),
    to,
    owner,
    node,
    version,
    ...(alone && { members: withMore(members, []) }),
  };
}

/** The record after the wish. An older slice changes nothing. */
function updated(record: JournalRecord | undefined, wish: Wish): JournalRecord {
  if (record === undefined) return created(wish);
  // Versions of two clusters cannot be compared.
  if (clusterOf(record) !== clusterOf(wish))
    return record.gone === undefined ? { ...created(wish), ...claimOf(record) } : created(wish);
  if (compareVersions(wish.version, record.version) < 0) return record;
  if (record.gone !== undefined) return created(wish);
  if (record.to !== wish.to) return { ...created(wish), ...claimOf(record) };
  const more = wish.members.filter((one) => record.members?.includes(one) !== true);
  return record.members === undefined || more.length === 0
    ? record
    : { ...record, members: withMore(wish.members, record.members) };
}

/** What the record says about somebody else's entry. */
function claimOf({ found, refused }: JournalRecord): Pick<JournalRecord, 'found' | 'refused'> {
  return { ...(found && { found }), ...(refused === 'BIP471' && { refused }) };
}

/** Who has what the record is about: nobody, we, or somebody else with the same or another goal. */
function settled(record: JournalRecord, live: LiveEntry | undefined): JournalRecord {
  const { found: _found, refused, ...rest } = record;
  const kept = refused !== undefined && refused !== 'BIP471' ? { refused } : {};
  if (live === undefined) return { ...rest, ...kept };
  if (isOurs(live, record)) return { ...rest, ...kept };
  return live.to === record.to ? { ...rest, found: true } : { ...rest, refused: 'BIP471' };
}

/** What is on the device and was never ours is somebody else's. */
function begun(
  record: JournalRecord,
  before: JournalRecord | undefined,
  live: LiveEntry | undefined,
): JournalRecord {
  if (live === undefined || isOurs(live, before)) return record;
  return live.to === record.to ? { ...record, found: true } : { ...record, refused: 'BIP471' };
}

/** What carries our mark and is in no journal was written before the journal was lost. */
function recovered(
  records: JournalRecords,
  live: LiveEntries,
  clusters: ReadonlySet<string>,
): Map<string, JournalRecord> {
  const all = new Map(records);
  for (const [key, { kind, at, to, holder, mark }] of live)
    if (holder === 'ours' && mark !== undefined && clusters.has(clusterOf(mark)) && !all.has(key))
      all.set(key, { kind, at, to, ...mark });
  return all;
}

/**
 * The records that the wishes make of a journal, and what stands in their way. Records of other
 * clusters than these are of another installation, and stay as they are.
 */
export function withWishes(
  records: JournalRecords,
  wishes: readonly Wish[],
  rules: WishRules,
): { readonly records: JournalRecords; readonly contested: readonly Contested[] } {
  const { live, clusters } = rules;
  const all = recovered(records, live, clusters);
  const { won, contested } = winners(all, wishes, rules);
  for (const wish of won) {
    const key = entryKey(wish);
    const record = all.get(key);
    const next = updated(record, wish);
    const isNew = record === undefined || record.gone !== undefined;
    all.set(key, isNew && next !== record ? begun(next, record, live.get(key)) : next);
  }
  for (const [key, record] of all)
    if (record.gone === undefined && clusters.has(clusterOf(record)))
      all.set(key, settled(record, live.get(key)));
  return { records: withPreference(all, won), contested };
}

/** Whether members are only reached through the entry, and not by a further one. */
function isLast({ kind, alone }: Wish): boolean {
  return kind !== 'fdb' || alone;
}

/** What is asked for again, after something else was, has the newer version. */
function withPreference(records: JournalRecords, won: readonly Wish[]): JournalRecords {
  const all = new Map(records);
  const standing = [...all.values()].filter(({ gone }) => gone === undefined);
  const finders = new Map(
    [...Map.groupBy(standing, clusterOf)].map(([cluster, own]) => [cluster, leadingTo(own)]),
  );
  for (const wish of won.filter(isLast)) {
    const record = all.get(entryKey(wish));
    const find = finders.get(clusterOf(wish));
    if (record === undefined || find === undefined) continue;
    const isNewer = compareVersions(wish.version, record.version) > 0;
    if (isNewer && !isPreferred(record, wish.members, find))
      all.set(entryKey(wish), { ...record, version: wish.version, owner: wish.owner });
  }
  return all;
}
