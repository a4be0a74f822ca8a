import { describe, expect, test } from '@jest/globals';
import {
  clusterOfFailure,
  formatFilter,
  groupFailures,
  matchesFilter,
  namespacesOfFailure,
  parseFilter,
  type GroupKey,
} from '../../../shared/failures/filter.ts';
import type { FailureHead } from '../../../shared/failures/port.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const head = (over: Partial<FailureHead> = {}): FailureHead => ({
  id: 'a000000000000001',
  code: 'BIP421',
  class: 'device',
  sentence: 'BIG-IP refuses the configuration',
  queue: 'slices',
  owner: 'east/istio-system/gw',
  device: 'bigip-1',
  partition: 'k8s',
  exposure: '10.0.0.1:80/tcp',
  gateways: ['team/web'],
  revision: { epoch: 1, counter: 1 },
  state: 'open',
  count: 1,
  first: NOW - 3_600_000,
  last: NOW - 60_000,
  changed: NOW,
  seen: [],
  evidence: 'e',
  ...over,
});

describe('filters as text', () => {
  test.each([
    ['code:BIP421', true],
    ['code:BIP420,BIP421', true],
    ['code:BIP420', false],
    ['class:device cluster:east', true],
    ['cluster:west', false],
    ['namespace:team', true],
    ['namespace:istio-system', false],
    ['gateway:team/web', true],
    ['device:bigip-2', false],
    ['owner:east/istio-system/gw', true],
    ['since:2m', true],
    ['since:30s', false],
    ['until:2026-11-23T11:00Z', false],
    ['state:archived', false],
    ['state:all', true],
    ['refuses', true],
    ['Refuses CONFIGURATION', true],
    ['accepts', false],
    ['id:a000000000000001', true],
    ['', true],
  ])('%s', (words, expected) => {
    expect(matchesFilter(parseFilter([words], NOW), head())).toBe(expected);
  });

  test('a failure without gateways is in the namespace of its ingress, one without an owner in none', () => {
    expect(
      matchesFilter(parseFilter(['namespace:istio-system'], NOW), head({ gateways: [] })),
    ).toBe(true);
    expect(
      matchesFilter(
        parseFilter(['namespace:istio-system'], NOW),
        head({ gateways: [], owner: undefined }),
      ),
    ).toBe(false);
  });

  test('archived failures are only shown if their state is named', () => {
    expect(matchesFilter(parseFilter(['code:BIP421'], NOW), head({ state: 'quarantined' }))).toBe(
      false,
    );
    expect(
      matchesFilter(parseFilter(['state:quarantined'], NOW), head({ state: 'quarantined' })),
    ).toBe(true);
  });

  test.each([
    ['codes:X', 'unknown field codes; known fields: code'],
    ['state:shut', 'state must be one of open, archived'],
    ['code:', 'the value is missing'],
    ['since:yesterday', 'must be a time such as'],
  ])('%s is refused with what is known', (word, words) => {
    expect(() => parseFilter([word], NOW)).toThrow(words);
  });

  test('written out it means the same later', () => {
    const filter = parseFilter(['code:BIP421', 'since:2h refuses'], NOW);
    expect(parseFilter([formatFilter(filter)], NOW + 86_400_000)).toEqual(filter);
  });
});

describe('groups', () => {
  test('by any keys, largest first, with counts that add up', () => {
    const heads = [
      head(),
      head({ owner: 'west/istio-system/gw', count: 5, last: NOW, sentence: 'newest' }),
      head({ code: 'OWN301' }),
      head({ gateways: ['a/x', 'b/y'] }),
    ];
    expect(groupFailures(heads, ['code'])).toMatchObject([
      { values: ['BIP421'], failures: 3, seen: 7, sentence: 'newest' },
      { values: ['OWN301'], failures: 1 },
    ]);
    expect(groupFailures(heads, ['code', 'cluster']).map((g) => [...g.values, g.failures])).toEqual(
      expect.arrayContaining([
        ['BIP421', 'east', 2],
        ['BIP421', 'west', 1],
        ['OWN301', 'east', 1],
      ]),
    );
    expect(groupFailures(heads, ['namespace']).map((g) => [...g.values, g.failures])).toEqual(
      expect.arrayContaining([
        ['team', 3],
        ['a', 1],
        ['b', 1],
      ]),
    );
  });
});

describe('what a filter means', () => {
  test.each([
    ['  code:BIP421  ', { code: ['BIP421'] }],
    ['code:A,B code:C', { code: ['A', 'B', 'C'] }],
    ['No iRule', { text: ['no', 'irule'] }],
    [':x 10.0.0.1:80', { text: [':x', '10.0.0.1:80'] }],
    ['since:90s until:1h', { since: NOW - 90_000, until: NOW - 3_600_000 }],
  ])('of %j', (words, filter) => {
    expect(parseFilter([words], NOW)).toEqual(filter);
  });

  test('without conditions is that the failure is open, and its text says so', () => {
    expect([formatFilter({}), matchesFilter({}, head())]).toEqual(['state:open', true]);
    expect(matchesFilter({}, head({ state: 'healed' }))).toBe(false);
  });

  test('of a period includes the time of since, and excludes that of until', () => {
    const last = NOW;
    expect(
      [NOW - 1, NOW, NOW + 1].map((time) => [
        matchesFilter({ since: time }, head({ last })),
        matchesFilter({ until: time }, head({ last })),
      ]),
    ).toEqual([
      [true, false],
      [true, false],
      [false, true],
    ]);
  });

  test('of several states is any of them, and of several conditions all', () => {
    const either = parseFilter(['state:healed,archived code:BIP421'], NOW);
    expect(matchesFilter(either, head({ state: 'archived' }))).toBe(true);
    expect(matchesFilter(either, head({ state: 'replayed' }))).toBe(false);
    expect(matchesFilter(either, head({ state: 'healed', code: 'BIP424' }))).toBe(false);
  });

  test('of words is that the message contains all of them, in upper or lower case', () => {
    const said = head({ sentence: 'BIG-IP refuses the iRule' });
    expect(matchesFilter(parseFilter(['big-ip IRULE'], NOW), said)).toBe(true);
    expect(matchesFilter(parseFilter(['big-ip pool'], NOW), said)).toBe(false);
  });

  test.each(['cluster:east', 'namespace:team', 'owner:x', 'device:x', 'gateway:x'])(
    '%s matches no unknown value',
    (words) => {
      const unknown = head({ owner: undefined, device: undefined, gateways: [] });
      expect(matchesFilter(parseFilter([words], NOW), unknown)).toBe(false);
    },
  );
});

describe('where a failure belongs', () => {
  test.each([
    [{ owner: 'east/ns/gw', gateways: [] }, 'east', ['ns']],
    [{ owner: 'east/ns/gw', gateways: ['a/x', 'a/y', 'b/z'] }, 'east', ['a', 'b']],
    // A failure of the cluster as a whole.
    [{ owner: 'east', gateways: [] }, 'east', []],
    [{ owner: undefined, gateways: [] }, undefined, []],
  ])('%j: to cluster %s and namespaces %j', (of, cluster, namespaces) => {
    expect(clusterOfFailure(of)).toBe(cluster);
    expect(namespacesOfFailure(of)).toEqual(namespaces);
  });
});

describe('the order of groups', () => {
  const rows = (heads: readonly FailureHead[], ...keys: readonly GroupKey[]): unknown[] =>
    groupFailures(heads, keys).map(({ values, failures }) => [...values, failures]);

  test('is the largest first, then the one that was seen last', () => {
    const heads = [
      head({ code: 'A', last: 3 }),
      head({ code: 'B', last: 1 }),
      head({ code: 'B', last: 1 }),
      head({ code: 'C', last: 5 }),
    ];
    const expected = [
      ['B', 2],
      ['C', 1],
      ['A', 1],
    ];
    expect(rows(heads, 'code')).toEqual(expected);
    expect(rows(heads.toReversed(), 'code')).toEqual(expected);
  });

  test('puts unknown values into a group of their own', () => {
    const heads = [
      head({ owner: undefined, device: undefined, gateways: [], state: 'healed' }),
      head(),
    ];
    for (const [key, value] of [
      ['device', 'bigip-1'],
      ['cluster', 'east'],
      ['gateway', 'team/web'],
      ['namespace', 'team'],
    ] as const)
      expect(rows(heads, key, 'state')).toEqual(
        expect.arrayContaining([
          ['-', 'healed', 1],
          [value, 'open', 1],
        ]),
      );
  });

  test('includes for each group its beginning, when it was seen last, and the newest message', () => {
    const heads = [
      head({ first: 5, last: 9, sentence: 'newest' }),
      head({ first: 2, last: 9, sentence: 'as new' }),
      head({ first: 7, last: 8, sentence: 'older' }),
    ];
    expect(groupFailures(heads, ['code'])).toMatchObject([
      { first: 2, last: 9, sentence: 'newest', failures: 3, seen: 3 },
    ]);
  });

  test('can be selected by a filter that names their values, also those that are not known', () => {
    const heads = [head({ device: undefined }), head({ gateways: ['team/web', 'shop/web'] })];
    const select = (text: string) => {
      const filter = parseFilter([text], 0);
      return heads.filter((one) => matchesFilter(filter, one)).length;
    };
    expect([select('device:-'), select('device:bigip-1'), select('device:-,bigip-1')]).toEqual([
      1, 1, 2,
    ]);
    const filter = parseFilter(['gateway:shop/web'], 0);
    expect(groupFailures([heads[1]!], ['gateway'], filter).map(({ values }) => values)).toEqual([
      ['shop/web'],
    ]);
  });
});
