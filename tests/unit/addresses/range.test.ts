import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  addressAt,
  parseRange,
  type AddressRange,
  formatRange,
  countAddresses,
  usableRange,
  subtractRanges,
} from '../../../shared/domain/address-pools/range.ts';

const said = (range: AddressRange | undefined): string | undefined => range && formatRange(range);

describe('a range of addresses', () => {
  test.each([
    ['10.0.0.0/29', '10.0.0.0-10.0.0.7', '10.0.0.1-10.0.0.6'],
    ['10.0.0.5/29', '10.0.0.0-10.0.0.7', '10.0.0.1-10.0.0.6'],
    ['10.0.0.0/31', '10.0.0.0-10.0.0.1', '10.0.0.0-10.0.0.1'],
    ['10.0.0.7/32', '10.0.0.7', '10.0.0.7'],
    ['10.0.0.7', '10.0.0.7', '10.0.0.7'],
    ['10.0.0.0-10.0.1.255', '10.0.0.0-10.0.1.255', '10.0.0.0-10.0.1.255'],
    ['10.0.0.3 - 10.0.0.3', '10.0.0.3', '10.0.0.3'],
    ['2001:db8::/126', '2001:db8::-2001:db8::3', '2001:db8::1-2001:db8::3'],
    ['2001:db8::a-2001:db8::f', '2001:db8::a-2001:db8::f', '2001:db8::a-2001:db8::f'],
  ])('%s is %s, and gives out %s', (text, whole, usable) => {
    expect([said(parseRange(text)), said(usableRange(text))]).toEqual([whole, usable]);
  });

  test.each([
    '',
    '10.0.0',
    '10.0.0.9-10.0.0.1',
    '10.0.0.1-2001:db8::1',
    '10.0.0.1-10.0.0.2-10.0.0.3',
    '10.0.0.0/33',
    '10.0.0.1-',
    '010.0.0.1',
    '10.0.0.0/8-10.1.0.0',
  ])('"%s" is not a range', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  const range = fc.tuple(fc.nat(40), fc.nat(10)).map(([first, length]): AddressRange => ({
    family: 4,
    first: BigInt(first),
    last: BigInt(first + length),
  }));
  const members = (ranges: readonly AddressRange[]): readonly number[] =>
    ranges.flatMap(({ first, last }) =>
      Array.from({ length: Number(last - first) + 1 }, (_, i) => Number(first) + i),
    );

  test('minus other ranges contains the addresses that are in none of those', () => {
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 4 }),
        fc.array(range, { maxLength: 4 }),
        (ranges, taken) => {
          const gone = new Set(members(taken));
          const left = subtractRanges(ranges, taken);
          expect(members(left)).toEqual(members(ranges).filter((n) => !gone.has(n)));
          expect(countAddresses(left)).toBe(BigInt(members(left).length));
        },
      ),
    );
  });

  test('counts its addresses through all of its parts', () => {
    const parts = ['10.0.0.8-10.0.0.9', '10.0.5.1'].flatMap((text) => parseRange(text) ?? []);
    expect([0n, 1n, 2n, 3n].map((position) => addressAt(parts, position))).toEqual([
      '10.0.0.8',
      '10.0.0.9',
      '10.0.5.1',
      undefined,
    ]);
  });
});
