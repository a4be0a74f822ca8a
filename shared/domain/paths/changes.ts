/** What has to be written so that a device has the entries of its journal. */
import { entryInWords } from './entry.ts';
import { clusterOf, type JournalRecord, type JournalRecords } from './journal.ts';
import { isOurs, type LiveEntries, type LiveEntry } from './live.ts';

/** One write to one unit. */
export type EntryChange =
  | { readonly kind: 'add'; readonly key: string; readonly record: JournalRecord }
  | {
      readonly kind: 'change';
      readonly key: string;
      readonly record: JournalRecord;
      readonly live: LiveEntry;
    }
  | { readonly kind: 'remove'; readonly key: string; readonly live: LiveEntry };

/** `+ route 10.244.3.0/24 via 192.0.2.13` */
export function changeInWords(change: EntryChange): string {
  switch (change.kind) {
    case 'add':
      return `+ ${entryInWords(change.record)}`;
    case 'change':
      return `~ ${entryInWords(change.record)} (before: ${change.live.to})`;
    case 'remove':
      return `- ${entryInWords(change.live)}`;
  }
}

/** A record must exist before the ARP entry that leads to it, and longer. */
const ORDER = ['fdb', 'route', 'arp', 'ndp'] as const;

function rank({ kind }: { readonly kind: JournalRecord['kind'] }): number {
  return ORDER.indexOf(kind);
}

/**
 * What is missing or leads elsewhere; `isOver`: entries that are about to be removed are not
 * restored. What is held by others is left to them.
 */
export function entriesToWrite(
  records: JournalRecords,
  live: LiveEntries,
  isOver: (key: string, record: JournalRecord) => boolean = () => false,
): readonly EntryChange[] {
  const found = [...records].flatMap(([key, record]): readonly EntryChange[] => {
    if (record.gone !== undefined || record.refused === 'BIP471' || isOver(key, record)) return [];
    const there = live.get(key);
    // What somebody else made on the active unit may be missing on the other one.
    if (there === undefined) return [{ kind: 'add', key, record }];
    if (there.to === record.to || !isOurs(there, record)) return [];
    return [{ kind: 'change', key, record, live: there }];
  });
  return found.toSorted((a, b) =>
    'record' in a && 'record' in b ? rank(a.record) - rank(b.record) : 0,
  );
}

/** What is on the device although it was removed: as it was written, or with our mark. */
export function entriesToRemove(
  records: JournalRecords,
  live: LiveEntries,
): readonly EntryChange[] {
  const found = [...records].flatMap(([key, record]): readonly EntryChange[] => {
    const there = live.get(key);
    if (record.gone === undefined || there === undefined || !isOurs(there, record)) return [];
    return there.holder === 'unmarked' && there.to !== record.to
      ? []
      : [{ kind: 'remove', key, live: there }];
  });
  return found.toSorted((a, b) => ('live' in a && 'live' in b ? rank(b.live) - rank(a.live) : 0));
}

/** What may be written. What is left in a tunnel that is not configured any more is only removed. */
export function writable(
  records: JournalRecords,
  tunnels: Readonly<Record<string, string>>,
): JournalRecords {
  return new Map(
    [...records].filter(([, record]) => {
      const tunnel = tunnels[clusterOf(record)];
      if (record.kind === 'route') return true;
      return tunnel !== undefined && (record.tunnel ?? tunnel) === tunnel;
    }),
  );
}

/** Without routes, which are synchronised. */
export function ofEachUnit(records: JournalRecords): JournalRecords {
  return new Map([...records].filter(([, { kind }]) => kind !== 'route'));
}

/** What may be written at the same time: changes of records and routes, or of ARP entries. */
export function inPhases(changes: readonly EntryChange[]): readonly (readonly EntryChange[])[] {
  const phases: EntryChange[][] = [];
  let last: boolean | undefined;
  for (const change of changes) {
    const { kind } = change.kind === 'remove' ? change.live : change.record;
    const isNeighbour = kind === 'arp' || kind === 'ndp';
    if (isNeighbour !== last) phases.push([]);
    phases.at(-1)?.push(change);
    last = isNeighbour;
  }
  return phases;
}
