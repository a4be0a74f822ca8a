/** Filters are edited as text, and mean what the command line means by them. */
import { describe, expect, test } from '@jest/globals';
import {
  filterOfGroup,
  GROUP_BY,
  parseBy,
  pauseAfter,
  toggleBy,
  valueOf,
  withoutWord,
  withTerm,
} from '../../../../functions/console/page/logic/filter.ts';
import {
  GROUP_KEYS,
  groupFailures,
  matchesFilter,
  parseFilter,
} from '../../../../shared/failures/filter.ts';
import type { FailureHead } from '../../../../shared/failures/port.ts';

describe('a filter', () => {
  test('gets a term, or another value for it, at its place', () => {
    expect(withTerm('', 'code', 'BIP421')).toBe('code:BIP421');
    expect(withTerm('code:A since:2h', 'code', 'B')).toBe('code:B since:2h');
    expect(withTerm('  no   such ', 'code', 'B')).toBe('no such code:B');
  });

  test('is left alone by a value that cannot be a term', () => {
    expect(withTerm('code:A', 'owner', 'a b')).toBe('code:A');
    expect(withTerm('code:A', 'owner', '')).toBe('code:A');
  });

  test('is applied as it is typed, but not in the middle of a term', () => {
    for (const half of ['code:', 'no such code:BI'])
      expect(pauseAfter(half)).toBeGreaterThan(pauseAfter('no such'));
    expect(pauseAfter('code:BIP421 ')).toBe(pauseAfter('geo'));
  });

  test('loses one word', () => {
    expect(withoutWord('code:A since:2h', 'code:A')).toBe('since:2h');
    expect(valueOf('code:A,B since:2h', 'code')).toBe('A,B');
    expect(valueOf('state:open code:A state:archived', 'state')).toBe('open,archived');
    expect(valueOf('code:A', 'device')).toBeUndefined();
  });

  test('of a group has one term for each property, and keeps the other words', () => {
    const filter = filterOfGroup('since:2h code:A code:B geo', ['code', 'device'], ['A', '-']);
    expect(filter).toBe('since:2h code:A geo device:-');
  });

  test('of a group whose value cannot be a term is none', () => {
    expect(filterOfGroup('', ['owner'], ['a b'])).toBeUndefined();
    expect(filterOfGroup('', ['device'], ['a,b'])).toBeUndefined();
  });
});

describe('the filter of a group selects exactly what the group counts', () => {
  const head = (id: string, more: Partial<FailureHead>): FailureHead => ({
    id,
    code: 'BIP421',
    class: 'device',
    sentence: 'iRule geo does not exist',
    queue: 'slices',
    gateways: [],
    state: 'open',
    count: 1,
    first: 1,
    last: 2,
    changed: 1,
    seen: [],
    evidence: id,
    ...more,
  });
  const heads = [
    head('a', { device: 'bigip-1', owner: 'east/ns/gw', gateways: ['team/web', 'team/api'] }),
    head('b', { device: 'bigip-2', owner: 'east/ns/gw', gateways: ['team/api', 'shop/web'] }),
    head('c', { device: 'bigip-1', owner: 'west/ns/gw', gateways: ['shop/web'], code: 'BIP424' }),
    head('d', { owner: 'west/ns/gw', sentence: 'no GEO here' }),
    head('e', {}),
    head('f', { device: 'bigip-1', state: 'quarantined', sentence: 'other' }),
  ];
  const BY = ['code,device,cluster', 'gateway', 'gateway,namespace', 'device,state', 'owner'];
  const FILTERS = [
    '',
    'geo',
    'state:all',
    'code:BIP421 code:BIP424 geo',
    'gateway:team/web',
    'namespace:shop device:bigip-1,bigip-2',
    'device:-',
  ];

  test.each(FILTERS.flatMap((filter) => BY.map((by) => [filter, by])))(
    'of "%s" by %s',
    (filter, by) => {
      const keys = parseBy(by);
      const select = (text: string) => {
        const parsed = parseFilter([text], 9);
        return heads.filter((one) => matchesFilter(parsed, one));
      };
      const groups = groupFailures(select(filter), keys, parseFilter([filter], 9));
      const selected = groups.map(({ values }) => {
        const own = filterOfGroup(filter, keys, values)!;
        const found = select(own);
        const before = select(filter);
        return [values, found.length, found.every((one) => before.includes(one))];
      });
      expect(selected).toEqual(groups.map(({ values, failures }) => [values, failures, true]));
    },
  );
});

describe('counting by properties', () => {
  test('offers every property of the command line', () => {
    expect([...GROUP_BY].toSorted()).toEqual([...GROUP_KEYS].toSorted());
  });

  test('is read from the address, without what is no property', () => {
    expect(parseBy('gateway,x,code')).toEqual(['gateway', 'code']);
    expect(parseBy(undefined)).toEqual(['code', 'device', 'cluster']);
    expect(parseBy('x')).toEqual(['code', 'device', 'cluster']);
  });

  test('has one to four properties', () => {
    expect(toggleBy(['code'], 'code')).toEqual(['code']);
    expect(toggleBy(['code', 'device'], 'code')).toEqual(['device']);
    expect(toggleBy(['code', 'device', 'cluster', 'owner'], 'state')).toEqual([
      'device',
      'cluster',
      'owner',
      'state',
    ]);
  });
});
