/** Entries, records and requests of tests. */
import type { Entry } from '../../../shared/domain/paths/entry.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import type { JournalRecord, JournalRecords } from '../../../shared/domain/paths/journal.ts';
import {
  liveEntries,
  type LiveEntries,
  type LiveEntry,
} from '../../../shared/domain/paths/live.ts';
import type { EntryRequest } from '../../../shared/domain/paths/entry-requests.ts';

export const OWNER = 'east/istio-system/gateway';
export const TUNNEL = '/Common/east';

export const versionOf = (counter: number): EntryRequest['version'] => ({
  epoch: 1,
  counter,
  generation: 1,
});

export const route = (at: string, to: string): Entry => ({ kind: 'route', at, to });
export const fdb = (at: string, to: string): Entry => ({ kind: 'fdb', at, tunnel: TUNNEL, to });
export const arp = (at: string, to: string): Entry => ({ kind: 'arp', at, to });

export function request(
  entry: Entry,
  members: readonly string[],
  over: Partial<EntryRequest> = {},
): EntryRequest {
  return {
    ...entry,
    owner: OWNER,
    node: 'n1',
    version: versionOf(1),
    members,
    alone: false,
    ...over,
  };
}

export function record(entry: Entry, over: Partial<JournalRecord> = {}): JournalRecord {
  return { ...entry, owner: OWNER, node: 'n1', version: versionOf(1), ...over };
}

export function records(...list: readonly JournalRecord[]): JournalRecords {
  return new Map(list.map((one) => [entryKey(one), one]));
}

/** Routes and ARP entries are ours unless said otherwise; records of tunnels have no mark. */
export function live(entry: Entry, holder?: LiveEntry['holder']): LiveEntry {
  const held = holder ?? (entry.kind === 'fdb' ? 'unmarked' : 'ours');
  return {
    ...entry,
    name: `/sluice-net/${entry.at}`,
    holder: held,
    ...(held === 'ours' && { mark: { owner: OWNER, node: 'n1', version: versionOf(1) } }),
  };
}

export function table(...list: readonly LiveEntry[]): LiveEntries {
  return liveEntries(list);
}
