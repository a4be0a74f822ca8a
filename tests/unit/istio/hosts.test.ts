import { describe, expect, test } from '@jest/globals';
import { HostIndex } from '../../../shared/domain/istio/host-index.ts';
import {
  hostName,
  hostNamespace,
  hostsOverlap,
  isSubsetOf,
  sanitiseHosts,
} from '../../../shared/domain/istio/hosts.ts';

describe('istio-port-mapping.md §2: hosts of servers', () => {
  test.each<[string, string[], string[]]>([
    ['any namespace and any host', ['a.com', '*/*'], ['*']],
    ['the gateway’s own namespace', ['./a.com'], ['team/a.com']],
    ['any namespace', ['*/a.com'], ['a.com']],
    ['a namespace by name', ['other/a.com'], ['other/a.com']],
    ['no namespace', ['*.a.com'], ['*.a.com']],
  ])('%s', (_, hosts, read) => {
    expect(sanitiseHosts(hosts, 'team')).toEqual(read);
  });

  test.each([
    ['team/a.com', 'a.com', 'team'],
    ['/a.com', 'a.com', ''],
    ['a.com', 'a.com', undefined],
  ])('%s is host %s of namespace %s', (host, name, namespace) => {
    expect([hostName(host), hostNamespace(host)]).toEqual([name, namespace]);
  });

  test.each([
    ['a.com', 'a.com', true],
    ['a.com', 'b.com', false],
    ['*', 'a.com', true],
    ['*', '*', true],
    ['*.com', 'a.com', true],
    ['*.com', '*.a.com', true],
    ['*.b.com', '*.a.com', false],
    ['*.a.com', 'a.com', false],
    ['*.com', 'a.org', false],
  ])('%s and %s overlap: %s, whichever comes first', (a, b, overlap) => {
    expect([hostsOverlap(a, b), hostsOverlap(b, a)]).toEqual([overlap, overlap]);
  });

  test.each([
    ['a.b.com', '*.b.com', true],
    ['*.b.com', '*.b.com', true],
    ['*.b.com', '*.com', true],
    ['*.com', '*.b.com', false],
    ['a.com', 'a.com', true],
    ['a.com', 'b.com', false],
    ['x.com', 'com', false],
    ['a.com', '*', true],
  ])('%s is %s or under it: %s', (host, of, under) => {
    expect(isSubsetOf(host, of)).toBe(under);
  });
});

describe('the index of hosts', () => {
  /** More than are searched without an index. */
  const HOSTS = [
    'a.com',
    '*.com',
    '*.b.com',
    'x.b.com',
    'y.b.com',
    '*',
    '*suffix.org',
    'org',
    'b.com',
    '*.y.b.com',
    'a.com',
  ];

  function candidates(...asked: readonly string[]): readonly string[] {
    const index = new HostIndex<string>();
    HOSTS.forEach((host, i) => index.add(`${i} ${host}`, [host]));
    return index.candidates(asked);
  }

  test.each([
    ['a.com', ['0 a.com', '1 *.com', '5 *', '6 *suffix.org', '10 a.com']],
    ['x.b.com', ['1 *.com', '2 *.b.com', '3 x.b.com', '5 *', '6 *suffix.org']],
    [
      '*.b.com',
      ['1 *.com', '2 *.b.com', '3 x.b.com', '4 y.b.com', '5 *', '6 *suffix.org', '9 *.y.b.com'],
    ],
    ['org', ['5 *', '6 *suffix.org', '7 org']],
    ['.org', ['5 *', '6 *suffix.org']],
    ['nowhere', ['5 *', '6 *suffix.org']],
  ])('%s finds what may overlap, in order, and nothing else', (host, found) => {
    expect(candidates(host)).toEqual(found);
  });

  test('several hosts find each item once', () => {
    expect(candidates('a.com', 'b.com', 'a.com')).toEqual([
      '0 a.com',
      '1 *.com',
      '5 *',
      '6 *suffix.org',
      '8 b.com',
      '10 a.com',
    ]);
  });

  test.each(['*', '*x.com'])('%s does not end at a dot, so everything may overlap', (host) => {
    expect(candidates(host)).toHaveLength(HOSTS.length);
  });

  test('all are returned if there are few, because an index would take longer', () => {
    const index = new HostIndex<number>();
    for (let i = 0; i < 8; i += 1) index.add(i, ['a.com']);
    expect(index.candidates(['b.com'])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    index.add(8, ['b.com']);
    expect(index.candidates(['b.com'])).toEqual([8]);
  });
});
