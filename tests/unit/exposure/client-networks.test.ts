/** Which clients may connect, from what the Service and the settings request. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  clientNetwork,
  isAsNarrow,
  isClientNetworks,
  type ClientNetwork,
} from '../../../shared/domain/exposure/client-networks.ts';
import { contains, formatCidr, mergeCidrs } from '../../../shared/domain/net/cidr-list.ts';
import type { Cidr } from '../../../shared/domain/net/ip.ts';

const SERVICE = 'Service gw (spec.loadBalancerSourceRanges)';
const SETTING = 'Gateway ns/gw (sluice.io/source)';
const network = (
  asked: string | undefined,
  values: readonly string[] | undefined,
  family: 4 | 6 = 4,
): ClientNetwork =>
  clientNetwork({
    asked: asked === undefined ? undefined : { value: asked, source: SETTING },
    ranges: values && { values, source: SERVICE },
    family,
  });

describe('the network of clients', () => {
  test.each<
    [
      string,
      asked: string | undefined,
      ranges: readonly string[] | undefined,
      source: string | undefined,
      said: string | undefined,
      byService: boolean,
    ]
  >([
    ['without a source is every network', undefined, undefined, undefined, undefined, true],
    ['of the Service alone', undefined, ['10.1.0.0/16'], '10.1.0.0/16', SERVICE, true],
    ['of the setting alone', '10.1.0.0/16', undefined, '10.1.0.0/16', SETTING, false],
    [
      'of the setting inside that of the Service',
      '10.1.2.0/24',
      ['10.1.0.0/16'],
      '10.1.2.0/24',
      SETTING,
      false,
    ],
    [
      'of the Service inside that of the setting',
      '10.0.0.0/8',
      ['10.1.0.0/16'],
      '10.1.0.0/16',
      SERVICE,
      false,
    ],
    [
      'is not opened by a setting that asks for any network',
      'any',
      ['10.1.0.0/16'],
      '10.1.0.0/16',
      SERVICE,
      false,
    ],
    ['of a setting that asks for any network', 'any', undefined, undefined, undefined, false],
    [
      'of a Service open to everybody is that of the setting',
      '10.1.0.0/16',
      ['0.0.0.0/0'],
      '10.1.0.0/16',
      SETTING,
      false,
    ],
    [
      'of several ranges that merge into one',
      undefined,
      ['10.1.0.0/17', '10.1.128.0/17'],
      '10.1.0.0/16',
      SERVICE,
      true,
    ],
    [
      'inside one of several ranges',
      '10.2.3.0/24',
      ['10.1.0.0/16', '10.2.0.0/16'],
      '10.2.3.0/24',
      SETTING,
      false,
    ],
  ])('%s', (_, asked, ranges, source, said, byService) => {
    expect(network(asked, ranges)).toEqual({
      ...(source !== undefined && { source, said }),
      byService,
    });
  });

  test('counts only ranges of the family of the address', () => {
    const both = ['10.1.0.0/16', '2001:db8::/32'];
    expect(network(undefined, both)).toMatchObject({ source: '10.1.0.0/16' });
    expect(network(undefined, both, 6)).toMatchObject({ source: '2001:db8::/32' });
    expect(network('any', ['2001:db8::/32'], 6)).toMatchObject({ source: '2001:db8::/32' });
  });

  test.each<
    [
      string,
      asked: string | undefined,
      ranges: readonly string[] | undefined,
      problem: string,
      byService: boolean,
    ]
  >([
    [
      'the Service names none of this family',
      undefined,
      ['2001:db8::/32'],
      `${SERVICE}: none of 2001:db8::/32 is IPv4, so no client could connect to this address`,
      true,
    ],
    [
      'the Service names no network',
      undefined,
      ['10.1.0.0/16', 'office'],
      `${SERVICE}: "10.1.0.0/16,office" is not a list of networks such as 10.20.0.0/16`,
      true,
    ],
    [
      'the Service names several',
      undefined,
      ['10.1.0.0/16', '10.3.0.0/16'],
      `${SERVICE} names 10.1.0.0/16, 10.3.0.0/16, and AS3 takes one network for a virtual server`,
      true,
    ],
    [
      'the setting names no network, whatever the Service names',
      'office',
      ['10.1.0.0/16'],
      `${SETTING}: "office" is not`,
      false,
    ],
    [
      'the Service names no network, whatever the setting names',
      '10.1.0.0/16',
      ['office'],
      `${SERVICE}: "office" is not`,
      false,
    ],
    [
      'the setting names several',
      '10.1.0.0/16,10.3.0.0/16',
      undefined,
      `${SETTING} names 10.1.0.0/16, 10.3.0.0/16`,
      false,
    ],
    [
      'the setting is inside the ranges of the Service, and both have several',
      '10.1.1.0/24,10.1.3.0/24',
      ['10.1.0.0/16', '10.5.0.0/16'],
      `${SETTING} names 10.1.1.0/24, 10.1.3.0/24`,
      false,
    ],
    [
      'neither is inside the other',
      '10.1.0.0/16',
      ['10.2.0.0/16'],
      `${SETTING} and ${SERVICE} name different networks`,
      false,
    ],
    [
      'only a part of the setting is inside',
      '10.1.0.0/16,10.2.0.0/16',
      ['10.1.0.0/16', '10.3.0.0/16'],
      `${SETTING} and ${SERVICE} name different networks`,
      false,
    ],
  ])('is refused: %s', (_, asked, ranges, problem, byService) => {
    expect(network(asked, ranges)).toEqual({
      problem: expect.stringContaining(problem),
      byService,
    });
  });
});

test.each([
  ['any', true],
  ['10.1.0.0/16', true],
  ['10.1.0.0/16, 2001:db8::/32', true],
  ['10.1.0.0/16,office', false],
  ['office', false],
  ['', false],
])('the setting takes %j: %s', (text, taken) => {
  expect(isClientNetworks(text)).toBe(taken);
});

describe('networks are merged', () => {
  // With eight bits, so that a set of addresses is small enough to compare.
  const cidr = fc.record({
    ip: fc.record({
      family: fc.constantFrom<4 | 6>(4, 6),
      value: fc.integer({ min: 0, max: 255 }).map(BigInt),
    }),
    fewer: fc.integer({ min: 0, max: 8 }),
  });
  const networks = fc
    .array(cidr, { maxLength: 40 })
    .map((list) =>
      list.map(({ ip, fewer }): Cidr => ({ ip, bits: (ip.family === 4 ? 32 : 128) - fewer })),
    );
  const addresses = (list: readonly Cidr[]): readonly string[] =>
    ([4, 6] as const).flatMap((family) =>
      Array.from({ length: 256 }, (_, i): Cidr => ({
        ip: { family, value: BigInt(i) },
        bits: family === 4 ? 32 : 128,
      }))
        .filter((one) => list.some((outer) => contains(outer, one)))
        .map(formatCidr),
    );

  test('to the same addresses, none twice, and no two halves', () => {
    fc.assert(
      fc.property(networks, (list) => {
        const merged = mergeCidrs(list);
        expect(addresses(merged)).toEqual(addresses(list));
        for (const one of merged) {
          const others = merged.filter((other) => other !== one);
          expect(others.some((other) => contains(other, one))).toBe(false);
          const whole = { ...one, bits: one.bits - 1 };
          const half = others.find((other) => other.bits === one.bits && contains(whole, other));
          expect(half).toBeUndefined();
        }
        expect(mergeCidrs(list.toReversed())).toEqual(merged);
      }),
    );
  });

  test('even if there are as many as fit into an annotation', () => {
    const many = Array.from({ length: 16_384 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    expect(network(many.join(','), undefined)).toMatchObject({ source: '10.0.0.0/18' });
    const apart = Array.from({ length: 16_384 }, (_, i) => `10.${i >> 7}.${(i & 127) * 2}.0/24`);
    const found = network(apart.join(','), undefined);
    expect('problem' in found && found.problem.length).toBeLessThan(500);
  });
});

describe('networks that are as narrow as required', () => {
  test.each<[string, string | undefined, boolean]>([
    ['10.1.0.0/16', '10.0.0.0/8', true],
    ['10.1.0.0/16', '11.0.0.0/8,10.0.0.0/8', true],
    ['10.1.0.0/16,11.0.0.0/8', '10.0.0.0/8', false],
    ['10.1.0.0/16', 'any', true],
    ['any', '10.0.0.0/8', false],
    ['10.0.0.0/8', undefined, true],
    ['10.0.0.0/8,::/0', undefined, false],
    ['nonsense', undefined, false],
    ['nonsense', '10.0.0.0/8', false],
  ])('%s within %s: %s', (value, required, isNarrow) => {
    expect(isAsNarrow(value, required)).toBe(isNarrow);
  });
});
