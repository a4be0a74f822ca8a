/** Members that wait, because there is no path to them. */
import { entryKey } from './entry.ts';
import { clusterOf, type JournalRecords, type RefusalCode } from './journal.ts';
import { isReached, type LiveEntries } from './live.ts';
import type { Wish } from './wishes.ts';

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
  readonly wishes: readonly Wish[];
  /** Members for which no path was found. */
  readonly pathless: readonly string[];
}

/** The entry leads on the device to where the newest slice of the cluster wants it. */
function isPlaced(wish: Wish, records: JournalRecords, live: LiveEntries): boolean {
  const key = entryKey(wish);
  const record = records.get(key);
  const isOwn = record !== undefined && clusterOf(record) === clusterOf(wish);
  return live.get(key)?.to === (isOwn ? record.to : wish.to);
}

/** The members that BIG-IP does not reach; `live`: after everything was written. */
export function unreached(
  { wishes, pathless }: AskedPaths,
  records: JournalRecords,
  live: LiveEntries,
): readonly Unreached[] {
  const needs = Map.groupBy(
    wishes.flatMap((wish) => wish.members.map((address) => ({ address, wish }))),
    ({ address }) => address,
  );
  const lacking = [...needs].flatMap(([address, all]): readonly Unreached[] => {
    const missing = all.find(({ wish }) => !isPlaced(wish, records, live));
    if (missing === undefined) return [];
    const keys = new Set(all.map(({ wish }) => entryKey(wish)));
    return isReached(live, address, keys) ? [] : [{ address, key: entryKey(missing.wish) }];
  });
  const unknown = pathless
    .filter((address) => !needs.has(address) && !isReached(live, address))
    .map((address) => ({ address }));
  return [...lacking, ...unknown];
}
