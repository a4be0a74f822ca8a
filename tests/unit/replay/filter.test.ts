import { describe, expect, test } from '@jest/globals';
import {
  formatFilter,
  groupFailures,
  matchesFilter,
  parseFilter,
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

  test('what is put away is only shown when its state is named', () => {
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
