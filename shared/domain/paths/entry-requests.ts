/** Which entries the slices of a run ask for, and what becomes of the journal. */
import { compareVersions, type Version } from '../revision.ts';
import { entriesOf, type Entry, entryKey } from './entry.ts';
import { clusterOf, type JournalRecord, type JournalRecords, MAX_MEMBERS } from './journal.ts';
import { isOurs, type LiveEntries, type LiveEntry } from './live.ts';
import { type Needed, servesOwn } from './needs.ts';
import type { Path } from './path.ts';
import { isPreferred, leadingTo } from './preference.ts';

/** An entry that a slice asks for. */
export interface EntryRequest extends Entry {
  /** `cluster/namespace/service`; its cluster decides who may have the entry. */
  readonly owner: string;
  /** The node that the entry leads to, for messages. */
  readonly node: string;
  /** Of the slice; the newest request for an entry decides. */
  readonly version: Version;
  /** The members that need it. */
  readonly members: readonly string[];
  /** No other entry names the members. */
  readonly alone: boolean;
}

/** What a slice asks for. Paths through a tunnel need the tunnel of the cluster. */
export function entryRequests(
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
): readonly EntryRequest[] {
  return paths.flatMap((path) =>
    path.kind === 'vxlan' && tunnel === undefined
      ? []
      : entriesOf(path, tunnel ?? '').map((entry): EntryRequest => ({
          ...entry,
          owner,
          node: path.node,
          version,
          members: entry.kind === 'arp' || entry.kind === 'ndp' ? [entry.at] : path.members,
          alone: path.kind === 'vxlan' && !path.neighbours,
        })),
  );
}

/** Requests that another cluster stands in the way of. */
export interface ContestedRequest {
  /** Not granted; its members wait, or go another way. */
  readonly request: EntryRequest;
  /** The cluster that has the entry. */
  readonly cluster: string;
}

/** The newest first; of equal ones, always the same. */
function byVersion(a: EntryRequest, b: EntryRequest): number {
  return (
    compareVersions(b.version, a.version) || (`${a.owner} ${a.to}` < `${b.owner} ${b.to}` ? -1 : 1)
  );
}

/** What is known when requests are granted. */
export interface WishRules {
  /** Entries on the active unit, by key. */
  readonly live: LiveEntries;
  /** The clusters of this installation. */
  readonly clusters: ReadonlySet<string>;
  /** Absent if a partition cannot be read. */
  readonly needed?: Needed | undefined;
}

type RecordTest = (record: JournalRecord) => boolean;

/**
 * The cluster that keeps a record against requests of others. One of this installation gives up what
 * none of its members needs.
 */
function holderOf(
  record: JournalRecord | undefined,
  rivals: readonly EntryRequest[],
  { clusters, isFree }: Pick<WishRules, 'clusters'> & { readonly isFree: RecordTest },
): string {
  const [first, ...others] = rivals.toSorted((a, b) => (clusterOf(a) < clusterOf(b) ? -1 : 1));
  const next = first === undefined ? '' : clusterOf(first);
  if (record === undefined || record.gone !== undefined) return next;
  const holder = clusterOf(record);
  if (!clusters.has(holder) || [first, ...others].some((one) => one && clusterOf(one) === holder))
    return holder;
  return record.left !== undefined || isFree(record) ? next : holder;
}

/** The newest request for each entry. Of several clusters, the one that has it keeps it. */
function winners(
  records: JournalRecords,
  requests: readonly EntryRequest[],
  rules: WishRules,
): { readonly won: readonly EntryRequest[]; readonly contested: readonly ContestedRequest[] } {
  const { clusters, needed } = rules;
  const serves = needed && servesOwn(records, needed);
  const isFree: RecordTest = (record) => serves?.(record) === false;
  const won: EntryRequest[] = [];
  const contested: ContestedRequest[] = [];
  for (const [key, rivals] of Map.groupBy(requests, entryKey)) {
    const holder = holderOf(records.get(key), rivals, { clusters, isFree });
    const own = rivals.filter((one) => clusterOf(one) === holder);
    const [newest] = own.toSorted(byVersion);
    if (newest !== undefined) {
      const members = [...new Set(own.flatMap((one) => one.members))].toSorted();
      won.push({ ...newest, members });
    }
    for (const request of rivals)
      if (clusterOf(request) !== holder) contested.push({ request, cluster: holder });
  }
  return { won, contested };
}

/** The members of the request and, as far as there is room, those that were known before. */
function withMore(requested: readonly string[], before: readonly string[]): string[] {
  return [...new Set([...requested, ...before])].slice(0, MAX_MEMBERS).toSorted();
}

/**
 * A first record. Only an entry that no other one names lists its members, because others are found
 * by their addresses.
 */
function created({ members, alone, ...request }: EntryRequest): JournalRecord {
  const { kind, at, tunnel, to, owner, node, version } = request;
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

/** The record after the request. An older slice changes nothing. */
function updated(record: JournalRecord | undefined, request: EntryRequest): JournalRecord {
  if (record === undefined) return created(request);
  // Versions of two clusters cannot be compared.
  if (clusterOf(record) !== clusterOf(request))
    return record.gone === undefined
      ? { ...created(request), ...claimOf(record) }
      : created(request);
  if (compareVersions(request.version, record.version) < 0) return record;
  if (record.gone !== undefined) return created(request);
  if (record.to !== request.to) return { ...created(request), ...claimOf(record) };
  const more = request.members.filter((one) => record.members?.includes(one) !== true);
  const all = record.members && more.length > 0 && withMore(request.members, record.members);
  const known = all ? { ...record, members: all } : record;
  // A node with another name: only messages have it, so nothing is written to the device.
  return record.node === request.node
    ? known
    : { ...known, node: request.node, owner: request.owner, version: request.version };
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
 * The records that the requests make of a journal, and what stands in their way. Records of other
 * clusters than these are of another installation, and stay as they are.
 */
export function withEntryRequests(
  records: JournalRecords,
  requests: readonly EntryRequest[],
  rules: WishRules,
): { readonly records: JournalRecords; readonly contested: readonly ContestedRequest[] } {
  const { live, clusters } = rules;
  const all = recovered(records, live, clusters);
  const { won, contested } = winners(all, requests, rules);
  for (const request of won) {
    const key = entryKey(request);
    const record = all.get(key);
    const next = updated(record, request);
    const isNew = record === undefined || record.gone !== undefined;
    all.set(key, isNew && next !== record ? begun(next, record, live.get(key)) : next);
  }
  for (const [key, record] of all)
    if (record.gone === undefined && clusters.has(clusterOf(record)))
      all.set(key, settled(record, live.get(key)));
  return { records: withPreference(all, won), contested };
}

/** Whether members are only reached through the entry, and not by a further one. */
function isLast({ kind, alone }: EntryRequest): boolean {
  return kind !== 'fdb' || alone;
}

/** What is asked for again, after something else was, has the newer version. */
function withPreference(records: JournalRecords, won: readonly EntryRequest[]): JournalRecords {
  const all = new Map(records);
  const standing = [...all.values()].filter(({ gone }) => gone === undefined);
  const finders = new Map(
    [...Map.groupBy(standing, clusterOf)].map(([cluster, own]) => [cluster, leadingTo(own)]),
  );
  for (const request of won.filter(isLast)) {
    const record = all.get(entryKey(request));
    const find = finders.get(clusterOf(request));
    if (record === undefined || find === undefined) continue;
    const isNewer = compareVersions(request.version, record.version) > 0;
    if (isNewer && !isPreferred(record, request.members, find))
      all.set(entryKey(request), { ...record, version: request.version, owner: request.owner });
  }
  return all;
}
