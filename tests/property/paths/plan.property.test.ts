import { describe, test } from '@jest/globals';
import * as fc from 'fast-check';
import { entriesToWrite } from '../../../shared/domain/paths/changes.ts';
import { type Entry, entryKey } from '../../../shared/domain/paths/entry.ts';
import {
  journalLines,
  type JournalRecord,
  type JournalRecords,
  readJournal,
} from '../../../shared/domain/paths/journal.ts';
import { covers, isOurs, type LiveEntries, routeIndex } from '../../../shared/domain/paths/live.ts';
import { dueRemovals, neededKeys, withLeaving } from '../../../shared/domain/paths/needs.ts';
import {
  type EntryRequest,
  withEntryRequests as applyRequests,
} from '../../../shared/domain/paths/entry-requests.ts';
import { expectEqual } from './support.ts';
import { live, record, records, table, versionOf, request } from '../../unit/paths/support.ts';

const pods = ['10.244.1.5', '10.244.1.6', '10.244.2.5', '10.244.2.5%2', 'fd00::5'];
const networks = [
  '10.244.1.0/24',
  '10.244.2.0/24',
  '10.244.1.5/32',
  '10.244.2.0%2/24',
  'fd00::/64',
];
const macs = ['0a:00:00:00:00:01', '0a:00:00:00:00:02'];
const nodes = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
const owners = ['east/a/b', 'east/a/c', 'west/a/b'];

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    kind: fc.constant('route' as const),
    at: fc.constantFrom(...networks),
    to: fc.constantFrom(...nodes),
  }),
  fc.record({
    kind: fc.constant('fdb' as const),
    at: fc.constantFrom(...macs),
    tunnel: fc.constantFrom('/Common/east', '/Common/west'),
    to: fc.constantFrom(...nodes),
  }),
  fc.record({
    kind: fc.constant('arp' as const),
    at: fc.constantFrom(...pods.filter((pod) => !pod.includes(':'))),
    to: fc.constantFrom(...macs),
  }),
);
const owner = fc.constantFrom(...owners);
const version = fc.nat({ max: 4 }).map(versionOf);
const membersOf = (one: Entry): readonly string[] => {
  if (one.kind === 'route') return pods.filter((pod) => covers(one.at, pod));
  return one.kind === 'fdb' ? [] : [one.at];
};
const requests: fc.Arbitrary<readonly EntryRequest[]> = fc.array(
  fc
    .tuple(entry, owner, version)
    .map(([one, by, v]) => request(one, membersOf(one), { owner: by, version: v })),
  { maxLength: 8 },
);
const about: fc.Arbitrary<Partial<JournalRecord>> = fc.record(
  {
    owner,
    version,
    left: fc.nat({ max: 99 }),
    open: fc.constant(true as const),
    found: fc.constant(true as const),
  },
  { requiredKeys: ['owner', 'version'] },
);
const journal: fc.Arbitrary<JournalRecords> = fc
  .array(
    fc.tuple(entry, about).map(([one, over]) => record(one, over)),
    { maxLength: 8 },
  )
  .map((list) => records(...list));
const device: fc.Arbitrary<LiveEntries> = fc
  .array(fc.tuple(entry, fc.boolean()), { maxLength: 8 })
  .map((list) =>
    table(...list.map(([one, own]) => live(one, own || one.kind === 'fdb' ? undefined : 'theirs'))),
  );

const CLUSTERS = new Set(['east', 'west']);
const withRequests = (
  all: JournalRecords,
  asked: readonly EntryRequest[],
  there: LiveEntries,
): ReturnType<typeof applyRequests> =>
  applyRequests(all, asked, { live: there, clusters: CLUSTERS });

/** The device after the writes. */
function written(all: JournalRecords, before: LiveEntries): LiveEntries {
  const after = new Map(before);
  for (const change of entriesToWrite(all, before))
    if (change.kind !== 'remove') after.set(change.key, live(change.record));
  return after;
}

describe('for any journal, device and slices', () => {
  test('the journal is read as it was written', () => {
    fc.assert(
      fc.property(journal, (all) => expectEqual(readJournal(journalLines(all)), { records: all })),
    );
  });

  test('the order of slices does not matter, and nothing is left to do the second time', () => {
    fc.assert(
      fc.property(journal, requests, device, (all, asked, there) => {
        const first = withRequests(all, asked, there).records;
        expectEqual(withRequests(all, asked.toReversed(), there).records, first);
        const after = written(first, there);
        expectEqual(entriesToWrite(first, after), []);
        expectEqual(withRequests(first, asked, after).records, first);
      }),
    );
  });

  test('nothing of others is written, and nothing changes that another cluster needs', () => {
    fc.assert(
      fc.property(journal, requests, device, (all, asked, there) => {
        const next = withRequests(all, asked, there).records;
        for (const change of entriesToWrite(next, there))
          if (change.kind === 'change') expectEqual(isOurs(change.live, change.record), true);
        for (const [key, before] of all) {
          const cluster = before.owner.split('/')[0]!;
          if (before.left !== undefined) continue;
          expectEqual(next.get(key)?.owner.startsWith(`${cluster}/`), true);
          if (!asked.some((one) => one.owner.startsWith(`${cluster}/`)))
            expectEqual(next.get(key)?.to, before.to);
        }
      }),
    );
  });

  test('no entry that leads to a member is removed, unless another one on the device leads there', () => {
    fc.assert(
      fc.property(
        journal,
        device,
        fc.subarray(pods),
        fc.nat({ max: 1_000 }),
        (all, there, members, now) => {
          const needed = new Map(['east', 'west'].map((one) => [one, new Set(members)]));
          const keys = neededKeys(all, { needed, live: there });
          const next = withLeaving(all, keys, { now, busy: new Set() });
          const grace = {
            ofCluster: new Map([
              ['east', 10],
              ['west', 10],
            ]),
            open: 100,
          };
          const { going } = dueRemovals(next, grace, { now: now + 2_000, isApproved: () => true });
          for (const key of going) {
            const gone = all.get(key)!;
            if (gone.kind !== 'route') continue;
            const cluster = gone.owner.split('/')[0]!;
            for (const pod of members.filter((one) => covers(gone.at, one))) {
              const others = [...all].filter(
                ([other, one]) =>
                  !going.has(other) &&
                  one.owner.startsWith(`${cluster}/`) &&
                  ((one.kind === 'route' && covers(one.at, pod)) || one.at === pod),
              );
              expectEqual(others.length > 0, true);
              const isThere = there.get(key)?.to === gone.to;
              const served = others.some(([other, one]) => there.get(other)?.to === one.to);
              expectEqual(!isThere || served, true);
            }
          }
        },
      ),
    );
  });

  test('a lookup finds the same route as a scan of all, the longest first', () => {
    fc.assert(
      fc.property(fc.subarray(networks), fc.constantFrom(...pods), (some, pod) => {
        const all = some.map((at) => ({ kind: 'route' as const, at }));
        const bits = (at: string): number => Number(at.split('/')[1]);
        const slow = all
          .filter(({ at }) => covers(at, pod))
          .toSorted((a, b) => bits(b.at) - bits(a.at));
        expectEqual(routeIndex(all)(pod), slow);
        expectEqual(new Set(all.map((one) => entryKey(one))).size, all.length);
      }),
    );
  });
});
