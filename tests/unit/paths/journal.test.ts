import { describe, expect, test } from '@jest/globals';
import { journalLines, readJournal } from '../../../shared/domain/paths/journal.ts';
import { markInWords, readMark } from '../../../shared/domain/paths/live.ts';
import { arp, fdb, OWNER, record, records, route, versionOf } from './support.ts';

const MAC = '0a:0a:c0:00:02:0d';

describe('the journal on a device', () => {
  test('is readable with every tool, and has no quotes that a shell would need', () => {
    const lines = journalLines(
      records(
        record(route('10.244.3.0%2/24', '192.0.2.13%2')),
        record(fdb(MAC, '192.0.2.13'), {
          members: ['10.244.3.5', '10.244.3.6'],
          left: 5,
          open: true,
        }),
        record(arp('10.244.3.5', MAC), { gone: 7, refused: 'BIP470' }),
      ),
    );
    expect(lines).toEqual([
      {
        name: 'arp 10.244.3.5',
        data: `to=${MAC} owner=${OWNER} node=n1 version=1.1.1 gone=7 refused=BIP470`,
      },
      {
        name: `fdb /Common/east ${MAC}`,
        data: `to=192.0.2.13 owner=${OWNER} node=n1 version=1.1.1 members=10.244.3.5,10.244.3.6 left=5 open=yes`,
      },
      {
        name: 'route 10.244.3.0%2/24',
        data: `to=192.0.2.13%2 owner=${OWNER} node=n1 version=1.1.1`,
      },
    ]);
  });

  test.each([
    [
      'a record without a target',
      'route 10.0.0.0/24',
      'owner=a/b/c node=n version=1.1.1',
      'wrong to',
    ],
    ['another kind', 'vlan x', `to=1 owner=${OWNER} node=n version=1.1.1`, 'wrong kind'],
    [
      'half a version',
      'route 10.0.0.0/24',
      `to=1 owner=${OWNER} node=n version=1.1`,
      'wrong version',
    ],
    [
      'an invalid time',
      'route 10.0.0.0/24',
      `to=1 owner=${OWNER} node=n version=1.1.1 left=now`,
      'wrong left',
    ],
    [
      'an unknown word',
      'route 10.0.0.0/24',
      `to=1 owner=${OWNER} node=n version=1.1.1 x=y`,
      'wrong field',
    ],
    ['no content', 'route 10.0.0.0/24', '', 'wrong'],
    [
      'a name that means something else',
      'route a 10.0.0.0/24 b',
      `to=1 owner=${OWNER} node=n version=1.1.1`,
      'does not name an entry',
    ],
  ])('is not trusted with %s', (_what, name, data, fault) => {
    expect(readJournal([{ name, data }])).toEqual({ fault: expect.stringContaining(fault) });
  });

  test('is not read if it is longer than a journal can be', () => {
    const lines = Array.from({ length: 20_001 }, (_, i) => ({ name: `${i}`, data: '' }));
    expect(readJournal(lines)).toEqual({ fault: 'it has 20001 records, more than 20000' });
  });
});

describe('the mark of an entry', () => {
  test('names ingress, node and version, and is read back', () => {
    const mark = { owner: OWNER, node: 'n1.example.com', version: versionOf(4) };
    expect(markInWords(mark)).toBe(`sluice ${OWNER} n1.example.com 1.4.1`);
    expect(readMark(markInWords(mark))).toEqual(mark);
  });

  test.each([undefined, '', 'sluice', 'k8s-n1', 'sluice of mine', `sluice ${OWNER} n1 1.2`])(
    'is not %s',
    (text) => expect(readMark(text)).toBeUndefined(),
  );
});
