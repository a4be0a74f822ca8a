/** Members that wait, because there is no path to them. */
import { entryKey } from './entry.ts';
import { clusterOf, type JournalRecords, type RefusalCode } from './journal.ts';
import { isReached, type LiveEntries } from './live.ts';
import type { EntryRequest } from './entry-requests.ts';

/** Why an entry is not on the device. */
export interface Refusal {
  readonly code: RefusalCode;
  /** With the words of the device, or the holder. */
  readonly reason: string;
}

/** A member without a path. `key`: the entry that is missing; absent if no path is known. */
export interface Unreached {
  readonly address: string;
  readonly key?: string;
}

/** What one slice needs. */
export interface AskedPaths {
  readonly requests: readonly EntryRequest[];
  /** Members for which no path was found. */
  readonly pathless: readonly string[];
}

/** The entry leads on the device to where the newest slice of the cluster wants it. */
function isPlaced(request: EntryRequest, records: JournalRecords, live: LiveEntries): boolean {
  const key = entryKey(request);
  const record = records.get(key);
  const isOwn = record !== undefined && clusterOf(record) === clusterOf(request);
  return live.get(key)?.to === (isOwn ? record.to : request.to);
}

/** The members that BIG-IP does not reach; `live`: after everything was written. */
export function unreached(
  { requests, pathless }: AskedPaths,
  records: JournalRecords,
  live: LiveEntries,
): readonly Unreached[] {
  const needs = Map.groupBy(
    requests.flatMap((request) => request.members.map((address) => ({ address, request }))),
    ({ address }) => address,
  );
  const lacking = [...needs].flatMap(([address, all]): readonly Unreached[] => {
    const missing = all.find(({ request }) => !isPlaced(request, records, live));
    if (missing === undefined) return [];
    const keys = new Set(all.map(({ request }) => entryKey(request)));
    return isReached(live, address, keys) ? [] : [{ address, key: entryKey(missing.request) }];
  });
  const unknown = pathless
    .filter((address) => !needs.has(address) && !isReached(live, address))
    .map((address) => ({ address }));
  return [...lacking, ...unknown];
}
