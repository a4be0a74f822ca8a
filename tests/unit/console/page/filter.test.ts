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
import { GROUP_KEYS, parseFilter } from '../../../../shared/failures/filter.ts';

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
    expect(valueOf('code:A', 'device')).toBeUndefined();
  });

  test('of a group selects what the group counts, and what has no value is left out', () => {
    const filter = filterOfGroup('since:2h', ['code', 'device', 'cluster'], ['A', '-', 'east']);
    expect(filter).toBe('since:2h code:A cluster:east');
    expect(parseFilter([filter], 0)).toMatchObject({ code: ['A'], cluster: ['east'] });
  });
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
