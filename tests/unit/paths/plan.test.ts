import { describe, expect, test } from '@jest/globals';
import {
  changeInWords,
  entriesToRemove,
  entriesToWrite,
} from '../../../shared/domain/paths/changes.ts';
import type { JournalRecord, JournalRecords } from '../../../shared/domain/paths/journal.ts';
import type { LiveEntries, LiveEntry } from '../../../shared/domain/paths/live.ts';
import {
  dueRemovals,
  neededKeys,
  withLeaving,
  withNeeds,
  withoutRemoved,
} from '../../../shared/domain/paths/needs.ts';
import { unreached } from '../../../shared/domain/paths/waiting.ts';
import {
  entryRequests,
  withEntryRequests as applyRequests,
  type EntryRequest,
} from '../../../shared/domain/paths/entry-requests.ts';
import {
  arp,
  fdb,
  live,
  OWNER,
  record,
  records,
  route,
  table,
  TUNNEL,
  versionOf,
  request,
} from './support.ts';

const NET = '10.244.3.0/24';
const POD = '10.244.3.5';
const [A, B] = ['192.0.2.13', '192.0.2.14'];
const [MAC, NEW_MAC] = ['0a:0a:c0:00:02:0d', '0a:0a:c0:00:02:0e'];
const NOTHING: JournalRecords = new Map();
const EMPTY: LiveEntries = new Map();

const CLUSTERS = new Set(['east', 'west']);
const withRequests = (
  all: JournalRecords,
  asked: readonly EntryRequest[],
  there: LiveEntries,
): ReturnType<typeof applyRequests> =>
  applyRequests(all, asked, { live: there, clusters: CLUSTERS });

const writes = (all: JournalRecords, there: LiveEntries): readonly string[] =>
  entriesToWrite(all, there).map(changeInWords);

describe('a path that slices ask for', () => {
  test('is written if there is none', () => {
    const { records: next } = withRequests(NOTHING, [request(route(NET, A), [POD])], EMPTY);
    expect(writes(next, EMPTY)).toEqual([`+ route ${NET} via ${A}`]);
  });

  test('through a node with a new name is not written again, and messages have the new name', () => {
    const before = records(record(route(NET, A), { left: 5, members: [POD] }));
    const renamed = request(route(NET, A), [POD], { node: 'n9', version: versionOf(2) });
    const there = table(live(route(NET, A)));
    const { records: next } = withRequests(before, [renamed], there);
    expect([...next.values()]).toEqual([
      record(route(NET, A), { left: 5, members: [POD], node: 'n9', version: versionOf(2) }),
    ]);
    expect(writes(next, there)).toEqual([]);
    const older = { ...renamed, node: 'n1', version: versionOf(1) };
    expect(withRequests(next, [older], there).records).toEqual(next);
  });

  test('is a record for each node and an entry for each pod, records first', () => {
    const path = {
      kind: 'vxlan' as const,
      mac: MAC,
      endpoint: A,
      neighbours: true,
      node: 'n1',
      source: 'flannel' as const,
      members: [POD, 'fd00::5'],
    };
    const asked = entryRequests({ owner: OWNER, version: versionOf(1), paths: [path] }, TUNNEL);
    const { records: next } = withRequests(NOTHING, asked, EMPTY);
    expect(writes(next, EMPTY)).toEqual([
      `+ fdb ${MAC} at ${A} on ${TUNNEL}`,
      `+ arp ${POD} at ${MAC}`,
      `+ ndp fd00::5 at ${MAC}`,
    ]);
    expect(
      entryRequests({ owner: OWNER, version: versionOf(1), paths: [path] }, undefined),
    ).toEqual([]);
  });

  test('changes the target of an entry, without removing it', () => {
    const { records: next } = withRequests(
      records(record(route(NET, A))),
      [request(route(NET, B), [POD], { version: versionOf(2) })],
      table(live(route(NET, A))),
    );
    expect(writes(next, table(live(route(NET, A))))).toEqual([
      `~ route ${NET} via ${B} (before: ${A})`,
    ]);
  });

  test('changes nothing if the slice is older than the entry', () => {
    const before = records(record(route(NET, A), { version: versionOf(5) }));
    const { records: next } = withRequests(before, [request(route(NET, B), [POD])], EMPTY);
    expect(next).toEqual(before);
  });

  test('does not change the journal if it is there already', () => {
    const before = records(record(route(NET, A)));
    const there = table(live(route(NET, A)));
    const asked = [request(route(NET, A), [POD], { version: versionOf(9) })];
    expect(withRequests(before, asked, there).records).toEqual(before);
    expect(writes(before, there)).toEqual([]);
  });

  test('is what the newest of two ingresses says, in any order', () => {
    const asked = [
      request(route(NET, A), [POD], { version: versionOf(1) }),
      request(route(NET, B), [POD], { version: versionOf(2), owner: 'east/istio-system/other' }),
    ];
    for (const order of [asked, asked.toReversed()])
      expect([...withRequests(NOTHING, order, EMPTY).records.values()]).toMatchObject([{ to: B }]);
  });

  test('stops a removal that has begun', () => {
    const before = records(record(route(NET, A), { left: 1, gone: 2 }));
    const { records: next } = withRequests(before, [request(route(NET, A), [POD])], EMPTY);
    expect(next).toEqual(records(record(route(NET, A))));
  });

  test('is the one that was asked for last', () => {
    const own = route('10.244.3.5/32', A);
    const before = records(record(own), record(route(NET, A), { version: versionOf(2) }));
    const there = table(live(own), live(route(NET, A)));
    const asked = [request(own, [POD], { version: versionOf(3) })];
    const { records: next } = withRequests(before, asked, there);
    const needed = new Map([['east', new Set([POD])]]);
    expect([...neededKeys(next, { needed, live: there })]).toEqual(['route 10.244.3.5/32']);
  });
});

describe('an entry of others', () => {
  const asked = [request(route(NET, A), [POD])];

  test('is enough if it leads to the same place, and is never changed or removed', () => {
    const theirs = table(live(route(NET, A), 'theirs'));
    const { records: next } = withRequests(NOTHING, asked, theirs);
    expect(writes(next, theirs)).toEqual([]);
    const key = `route ${NET}`;
    const after = withoutRemoved(next, new Set([key]), { now: 9, isThere: () => true });
    expect(entriesToRemove(after, theirs)).toEqual([]);
    expect(after.size).toBe(0);
  });

  test('is left to them if it leads elsewhere', () => {
    const theirs = table(live(route(NET, B), 'theirs'));
    const { records: next } = withRequests(NOTHING, asked, theirs);
    expect(writes(next, theirs)).toEqual([]);
    expect([...next.values()]).toMatchObject([{ refused: 'BIP471' }]);
  });

  test('is replaced by ours once it vanishes', () => {
    const theirs = table(live(fdb(MAC, A)));
    const first = withRequests(NOTHING, [request(fdb(MAC, A), [POD])], theirs).records;
    expect([...first.values()]).toMatchObject([{ found: true }]);
    const later = withRequests(first, [], EMPTY).records;
    expect(writes(later, EMPTY)).toEqual([`+ fdb ${MAC} at ${A} on ${TUNNEL}`]);
  });

  test('stays theirs if the node moves: a record without a mark is not changed', () => {
    const theirs = table(live(fdb(MAC, A)));
    const first = withRequests(NOTHING, [request(fdb(MAC, A), [POD])], theirs).records;
    const moved = [request(fdb(MAC, B), [POD], { version: versionOf(2) })];
    const later = withRequests(first, moved, theirs).records;
    expect(writes(later, theirs)).toEqual([]);
    expect([...later.values()]).toMatchObject([{ refused: 'BIP471', to: B }]);
  });

  test('goes to the cluster that asks for it once the present one needs it no longer', () => {
    const own = record(route(NET, A), { left: 5 });
    const west = request(route(NET, B), [POD], { owner: 'west/istio-system/gateway' });
    const { records: next, contested } = withRequests(records(own), [west], table(live(own)));
    expect([...next.values()]).toMatchObject([{ owner: west.owner, to: B }]);
    expect([...next.values()][0]).not.toHaveProperty('left');
    expect(contested).toEqual([]);
    const other = records(record(route(NET, A), { left: 5, owner: 'elsewhere/a/b' }));
    expect(withRequests(other, [west], EMPTY)).toMatchObject({ records: other });
  });

  test.each([
    ['arp', arp(POD, MAC), [POD], false],
    ['ndp', { kind: 'ndp', at: 'fd00::5', to: MAC } as const, ['fd00::5'], false],
    ['arp of a pod that is gone', arp(POD, MAC), [], true],
  ])('stays while an entry behind it is needed: %s', (_what, neighbour, members, isFree) => {
    const before = records(record(fdb(MAC, A)), record(neighbour));
    const west = request(fdb(MAC, B), [POD], { owner: 'west/istio-system/gateway' });
    const needed = new Map([
      ['east', new Set(members)],
      ['west', new Set([POD, 'fd00::5'])],
    ]);
    const rules = { live: EMPTY, clusters: CLUSTERS, needed };
    const { contested } = applyRequests(before, [west], rules);
    expect(contested).toEqual(isFree ? [] : [{ request: west, cluster: 'east' }]);
  });

  test('is named with the cluster that has it', () => {
    const before = records(record(route(NET, A)));
    const west = request(route(NET, B), [POD], { owner: 'west/istio-system/gateway' });
    const { records: next, contested } = withRequests(before, [west], EMPTY);
    expect(next).toEqual(before);
    expect(contested).toEqual([{ request: west, cluster: 'east' }]);
  });

  test('is ours if it has our mark, although the journal was lost', () => {
    const there = table(live(route(NET, B)));
    const { records: next } = withRequests(NOTHING, [], there);
    expect([...next.values()]).toEqual([record(route(NET, B))]);
  });
});

describe('which entries are needed', () => {
  const needed = new Map([['east', new Set([POD])]]);

  test('the one that leads to a member, and its record', () => {
    const all = records(
      record(fdb(MAC, A)),
      record(arp(POD, MAC)),
      record(fdb(NEW_MAC, A)),
      record(arp('10.244.3.9', MAC)),
    );
    const there = table(live(fdb(MAC, A)), live(arp(POD, MAC)));
    expect([...neededKeys(all, { needed, live: there })]).toEqual([
      `arp ${POD}`,
      `fdb ${TUNNEL} ${MAC}`,
    ]);
  });

  test('the old one, as long as its successor is not on the device', () => {
    const all = records(
      record(route(NET, A)),
      record(fdb(MAC, A), { version: versionOf(2), members: [POD] }),
    );
    const only = (...there: readonly LiveEntry[]): readonly string[] => [
      ...neededKeys(all, { needed, live: table(...there) }),
    ];
    expect(only(live(route(NET, A)))).toEqual([`fdb ${TUNNEL} ${MAC}`, `route ${NET}`]);
    expect(only(live(route(NET, A)), live(fdb(MAC, A)))).toEqual([`fdb ${TUNNEL} ${MAC}`]);
  });

  test('not those of another route domain', () => {
    const all = records(record(route('10.244.3.0%2/24', A)));
    expect(neededKeys(all, { needed, live: EMPTY }).size).toBe(0);
  });

  test('those of another cluster, if its own has none that serve', () => {
    const lent = record(route('10.244.0.0/16', A), { owner: 'west/a/b' });
    const all = (own: Partial<JournalRecord>): JournalRecords =>
      records(lent, record(route(NET, A), own));
    const there = table(live(lent), live(route(NET, A)));
    const keys = (list: JournalRecords, at: LiveEntries): readonly string[] => [
      ...neededKeys(list, { needed, live: at }),
    ];
    expect(keys(records(lent), EMPTY)).toEqual(['route 10.244.0.0/16']);
    expect(keys(all({}), table(live(lent)))).toEqual([`route ${NET}`, 'route 10.244.0.0/16']);
    expect(keys(all({}), there)).toEqual([`route ${NET}`]);
  });
});

describe('a path that nobody needs', () => {
  const key = `route ${NET}`;
  const grace = { ofCluster: new Map([['east', 100]]), open: 1_000 };
  const none = { now: 50, busy: new Set<string>() };
  const due = (all: JournalRecords, now: number, approved = false): object =>
    dueRemovals(all, grace, { now, isApproved: () => approved });

  test('stays for its grace period, and longer if connections were open', () => {
    const idle = withLeaving(records(record(route(NET, A))), new Set(), none);
    expect(due(idle, 149)).toEqual({ going: new Set(), held: new Set() });
    expect(due(idle, 150)).toEqual({ going: new Set([key]), held: new Set() });
    const busy = { now: 50, busy: new Set([POD]) };
    const open = withLeaving(records(record(route(NET, A))), new Set(), busy);
    expect(due(open, 1_149)).toMatchObject({ going: new Set() });
    expect(due(open, 1_150)).toMatchObject({ going: new Set([key]) });
  });

  test('is kept if it is needed again', () => {
    const left = withLeaving(records(record(route(NET, A))), new Set(), none);
    expect(withNeeds(left, new Set([key]))).toEqual(records(record(route(NET, A))));
  });

  test('waits for an approval if it is one of many', () => {
    const nets = Array.from({ length: 10 }, (_, i) => `10.244.${i}.0/24`);
    const all = records(...nets.map((net, i) => record(route(net, A), i < 4 ? { left: 0 } : {})));
    const keys = new Set(nets.slice(0, 4).map((net) => `route ${net}`));
    expect(due(all, 100)).toEqual({ going: new Set(), held: keys });
    expect(due(all, 100, true)).toEqual({ going: keys, held: new Set() });
    const fewer = new Map([...all].filter(([one]) => one !== 'route 10.244.0.0/24'));
    expect(due(fewer, 100)).toMatchObject({ held: new Set() });
  });

  test('is removed, entries before their record, and stays in the journal until no delayed write is possible', () => {
    const all = records(record(fdb(MAC, A)), record(arp(POD, MAC)));
    const going = new Set(all.keys());
    const there = table(live(fdb(MAC, A)), live(arp(POD, MAC)));
    const after = withoutRemoved(all, going, { now: 5, isThere: () => true });
    expect(writes(after, EMPTY)).toEqual([]);
    expect(entriesToRemove(after, there).map(changeInWords)).toEqual([
      `- arp ${POD} at ${MAC}`,
      `- fdb ${MAC} at ${A} on ${TUNNEL}`,
    ]);
    const size = (now: number, isThere: boolean): number =>
      withoutRemoved(after, new Set(), { now, isThere: () => isThere }).size;
    expect([size(600_004, false), size(600_005, true), size(600_005, false)]).toEqual([2, 2, 0]);
  });

  test('is not removed if it is not as Sluice wrote it and has no mark', () => {
    const gone = records(record(fdb(MAC, A), { gone: 5 }));
    expect(entriesToRemove(gone, table(live(fdb(MAC, B))))).toEqual([]);
  });
});

describe('members that wait', () => {
  const asked = { requests: [request(route(NET, A), [POD])], pathless: [] };
  const all = records(record(route(NET, A)));

  test('are those whose entry is not on the device', () => {
    expect(unreached(asked, all, EMPTY)).toEqual([{ address: POD, key: `route ${NET}` }]);
    expect(unreached(asked, all, table(live(route(NET, A))))).toEqual([]);
  });

  test('are those that would be led elsewhere', () => {
    expect(unreached(asked, all, table(live(route(NET, B))))).toHaveLength(1);
  });

  test('are not those that another route reaches; the default route reaches nothing for sure', () => {
    const others = (at: string): LiveEntries => table(live(route(at, B), 'theirs'));
    expect(unreached(asked, all, others('10.244.0.0/16'))).toEqual([]);
    expect(unreached(asked, all, others('0.0.0.0/0'))).toHaveLength(1);
  });

  test('are those without any path', () => {
    const lost = { requests: [], pathless: [POD] };
    expect(unreached(lost, NOTHING, EMPTY)).toEqual([{ address: POD }]);
    expect(unreached(lost, NOTHING, table(live(fdb(MAC, A)), live(arp(POD, MAC))))).toEqual([]);
    expect(unreached(lost, NOTHING, table(live(arp(POD, MAC))))).toHaveLength(1);
  });
});
