/** How full a pool is and where its addresses are, at the limits. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  AddressPool,
  containsAddress,
  readAddressPool,
} from '../../../shared/domain/address-pools/pool.ts';
import {
  addressAt,
  rangesOverlap,
  parseRange,
  type AddressRange,
  countAddresses,
} from '../../../shared/domain/address-pools/range.ts';
import { isNearlyFull, poolUsage } from '../../../shared/domain/addresses/usage.ts';
import { parseIp } from '../../../shared/domain/net/ip.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import { exposure } from '../../fixtures/exposures.ts';

const range = (text: string): AddressRange => parseRange(text)!;

describe('a pool', () => {
  test.each<[bigint, bigint, boolean]>([
    [0n, 10n, false],
    [9n, 10n, false],
    [10n, 10n, true],
    [91n, 100n, true],
    [90n, 100n, false],
  ])('of which %s of %s are used is nearly full: %s', (used, size, full) => {
    expect(isNearlyFull({ used, size })).toBe(full);
  });

  test.each<[string, boolean]>([
    ['10.1.0.9', false],
    ['10.1.0.10', true],
    ['10.1.0.15', true],
    ['10.1.0.20', true],
    ['10.1.0.21', false],
    ['::a01:10', false],
    ['no address', false],
    ['', false],
  ])('of 10.1.0.10-10.1.0.20 holds %j: %s', (address, held) => {
    expect(containsAddress([range('10.1.0.10-10.1.0.20')], address)).toBe(held);
  });

  test('has the family of its ranges, and what is reserved is not free', () => {
    expect(readAddressPool('six', { ranges: ['2001:db8::/126'], reserved: [] }).family).toBe(6);
    expect(readAddressPool('web', { ranges: ['10.0.0.0/30'], reserved: [] }).family).toBe(4);
    expect(
      countAddresses(
        readAddressPool('web', {
          ranges: ['10.0.0.0/29'],
          reserved: ['10.0.0.1', '10.0.0.6', '10.9.0.0/16'],
        }).free,
      ),
    ).toBe(4n);
  });

  test.each<[string, string, boolean]>([
    ['10.0.0.1-10.0.0.5', '10.0.0.5-10.0.0.9', true],
    ['10.0.0.1-10.0.0.4', '10.0.0.5-10.0.0.9', false],
    ['10.0.0.1-10.0.0.9', '10.0.0.3', true],
    ['10.0.0.3', '10.0.0.3', true],
    ['0.0.0.1', '::1', false],
  ])('at %s overlaps %s: %s, both ways round', (a, b, meets) => {
    expect([rangesOverlap(range(a), range(b)), rangesOverlap(range(b), range(a))]).toEqual([
      meets,
      meets,
    ]);
  });

  test('has a fixed number of addresses, each at one position, and none beyond', () => {
    const ranges = fc.array(
      fc.tuple(fc.nat(50), fc.nat(5)).map(([first, more]): AddressRange => ({
        family: 4,
        first: BigInt(first),
        last: BigInt(first + more),
      })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(ranges, (all) => {
        const numbers = all.flatMap(({ first, last }) =>
          Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i)),
        );
        const found = [
          ...numbers.map((_, i) => addressAt(all, BigInt(i))),
          addressAt(all, BigInt(numbers.length)),
        ];
        expect(found.map((address) => address && parseIp(address)?.value)).toEqual([
          ...numbers,
          undefined,
        ]);
      }),
    );
  });
});

describe('the use of a pool', () => {
  const pool = AddressPool.parse({ name: 'web', ranges: ['10.1.0.0/28'], reserved: ['10.1.0.3'] });
  const owned = (
    address: string,
    port: number,
    owners: readonly string[],
  ): Parameters<typeof declaredState>[1][number] => {
    const {
      gateways,
      since,
      members,
      partition: _partition,
      ...rest
    } = exposure({ address, port });
    return { ...rest, contributions: owners.map((owner) => ({ owner, gateways, since, members })) };
  };

  test('counts an address once, regardless of its owners, and does not count reserved ones', () => {
    const one = declaredState({}, [
      owned('10.1.0.10', 443, ['west/b/gw', 'east/a/gw']),
      owned('10.1.0.10', 80, ['east/a/gw']),
      owned('10.1.0.3', 80, ['east/a/gw']),
    ]);
    const two = declaredState({}, [
      owned('10.1.0.2', 80, ['east/a/gw']),
      owned('10.1.0.15', 80, ['east/a/gw']),
      owned('10.2.0.1', 80, ['east/a/gw']),
    ]);
    const holders = [
      { path: '/Common/z', partition: 'Common', address: '10.1.0.10', port: 25 },
      { path: '/Common/b', partition: 'Common', address: '10.1.0.2' },
    ];
    const usage = poolUsage(pool, {
      states: new Map([
        ['k8s', one],
        ['edge', two],
      ]),
      holders,
    });
    expect(usage).toMatchObject({ size: 13n, reserved: 1n, used: 2n, free: 11n });
    expect(
      usage.addresses.map(({ address, by }) => [
        address,
        ...by.map(({ who, exposures }) => `${who} ${exposures.join()}`),
      ]),
    ).toEqual([
      ['10.1.0.2', '/Common/b ', 'east/a/gw 80/tcp'],
      ['10.1.0.3', 'east/a/gw 80/tcp'],
      ['10.1.0.10', '/Common/z 25/any', 'east/a/gw 443/tcp,80/tcp', 'west/b/gw 443/tcp'],
    ]);
  });
});
