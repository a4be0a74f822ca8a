import { describe, expect, test } from '@jest/globals';
import type { Entry } from '../../../shared/domain/paths/entry.ts';
import type { JournalRecord } from '../../../shared/domain/paths/journal.ts';
import type { LiveEntry } from '../../../shared/domain/paths/live.ts';
import {
  asShown,
  inheritance,
  inheritedInWords,
  signsOfCis,
  takeOverOf,
} from '../../../shared/domain/take-over/cis.ts';
import { arp, fdb, live, record, records, route, table } from '../paths/support.ts';

const NET = '10.244.3.0/24';
const MAC = '0a:0a:c0:00:02:0d';
const ofCis = (entry: Entry, name = 'k8s-n3'): LiveEntry => ({
  ...live(entry, 'theirs'),
  name: `/cis/${name}`,
});
const wanted = (entry: Entry, over: Partial<JournalRecord> = {}): JournalRecord =>
  record(entry, over);

describe('what F5 CIS left', () => {
  test.each([
    ['a route', route(NET, '192.0.2.13')],
    ['an ARP entry', arp('10.244.3.5', MAC)],
  ])('%s that members need is taken over', (_what, entry) => {
    const found = inheritance(records(wanted(entry, { found: true })), table(ofCis(entry)));
    expect(found.take).toMatchObject([{ live: { name: '/cis/k8s-n3' }, record: entry }]);
    expect(found.left).toEqual([]);
  });

  test('a route that leads elsewhere is taken over, and both targets are reported', () => {
    const mine = wanted(route(NET, '192.0.2.13'), { refused: 'BIP471' });
    const { take } = inheritance(records(mine), table(ofCis(route(NET, '192.0.2.12'))));
    expect(take.map(inheritedInWords)).toEqual([
      `~ route ${NET} via 192.0.2.13 (now /cis/k8s-n3, which leads to 192.0.2.12)`,
    ]);
  });

  test.each([
    ['is in no journal', []],
    ['no member needs any more', [wanted(route(NET, '192.0.2.13'), { left: 7 })]],
    ['was removed', [wanted(route(NET, '192.0.2.13'), { gone: 7 })]],
  ])('a route that %s stays, and is reported', (_what, journal) => {
    const theirs = ofCis(route(NET, '192.0.2.13'));
    expect(inheritance(records(...journal), table(theirs))).toEqual({ take: [], left: [theirs] });
  });

  test.each([
    ['of another client', { ...ofCis(route(NET, '192.0.2.13')), name: '/Common/router' }],
    ['in a folder k8s', { ...ofCis(route(NET, '192.0.2.13')), name: '/k8s/router' }],
    ['of Sluice', live(route(NET, '192.0.2.13'))],
  ])('an entry %s is none', (_what, one) => {
    const journal = records(wanted(one, { found: true }));
    expect(inheritance(journal, table(one))).toEqual({ take: [], left: [] });
  });

  test.each([
    ['has the target that Sluice needs', '192.0.2.13', { found: true }],
    ['has another target', '192.0.2.99', { refused: 'BIP471' }],
  ] as const)('a record of a tunnel that others made and %s is taken over', (_what, to, over) => {
    const one = live(fdb(MAC, to));
    const { take } = inheritance(records(wanted(fdb(MAC, '192.0.2.13'), over)), table(one));
    expect(take.map((found) => takeOverOf(found))).toEqual([
      { key: `fdb /Common/east ${MAC}`, name: one.name, to },
    ]);
  });

  test.each([
    ['is in the journal already', {}],
    ['BIG-IP refused', { refused: 'BIP473' }],
    ['no member needs any more', { found: true, left: 7 }],
  ] as const)('a record of a tunnel that %s is none', (_what, over) => {
    const entry = fdb(MAC, '192.0.2.13');
    const found = inheritance(records(wanted(entry, over)), table(live(entry)));
    expect(found).toEqual({ take: [], left: [] });
  });

  test('what changed since it was shown is not taken over', () => {
    const entries = [route(NET, '192.0.2.13'), route('10.244.4.0/24', '192.0.2.14')];
    const journal = records(...entries.map((one) => wanted(one)));
    const [first, second] = entries.map((one) => ofCis(one, `k8s-${one.to}`));
    const shown = inheritance(journal, table(first!, second!)).take.map((one) => takeOverOf(one));
    const now = inheritance(journal, table({ ...first!, to: '192.0.2.99' }, second!));
    const { same, other } = asShown(now, shown);
    expect(same.map(({ key }) => key)).toEqual(['route 10.244.4.0/24']);
    expect(other).toEqual([{ key: `route ${NET}`, name: '/cis/k8s-192.0.2.13', to: '192.0.2.13' }]);
  });
});

describe('F5 CIS still writes', () => {
  const theirs = ofCis(arp('10.244.3.5', MAC));
  const mine = wanted(fdb(MAC, '192.0.2.13'));
  const look = (list: readonly LiveEntry[], ...journal: readonly JournalRecord[]) => ({
    records: records(...journal),
    live: table(...list),
  });

  test('if its entries come', () => {
    expect(signsOfCis(look([]), look([theirs]))).toEqual(['/cis/k8s-n3 was written']);
  });

  test('if its entries change', () => {
    const moved = { ...theirs, to: '0a:0a:c0:00:02:0e' };
    expect(signsOfCis(look([theirs]), look([moved]))).toEqual(['/cis/k8s-n3 was written']);
  });

  test('if records of Sluice vanish from a tunnel', () => {
    expect(signsOfCis(look([live(mine)], mine), look([], mine))).toEqual([
      `fdb ${MAC} at 192.0.2.13 on /Common/east vanished`,
    ]);
  });

  test.each([
    ['nothing changed', [theirs, live(mine)], [mine], [theirs, live(mine)], [mine]],
    ['a record that was never there', [], [mine], [], [mine]],
    ['a record that Sluice removed', [live(mine)], [mine], [], [{ ...mine, gone: 7 }]],
    [
      'a record that others made',
      [live(mine)],
      [{ ...mine, found: true as const }],
      [],
      [{ ...mine, found: true as const }],
    ],
    ['entries that a person removed for good', [theirs], [], [], []],
  ])('is not proven by %s', (_what, before, first, after, second) => {
    expect(signsOfCis(look(before, ...first), look(after, ...second))).toEqual([]);
  });

  test('if it removes an entry that members need', () => {
    const need = wanted(arp('10.244.3.5', MAC), { found: true });
    expect(signsOfCis(look([theirs], need), look([], need))).toEqual(['/cis/k8s-n3 was removed']);
  });
});
