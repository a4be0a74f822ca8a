/**
 * A pool is allowed if each of its addresses would be; reported for the pool as a whole, before it
 * is known which one is free.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  checkPoolPolicy,
  unusablePoolRanges,
} from '../../../shared/domain/exposure/settings/pool-policy.ts';
import {
  AddressPool,
  containsAddress,
  readAddressPool,
} from '../../../shared/domain/address-pools/pool.ts';
import {
  addressAt,
  formatRange,
  countAddresses,
} from '../../../shared/domain/address-pools/range.ts';
import {
  checkPolicy,
  PolicyConfig,
  type PolicyMatter,
} from '../../../shared/domain/exposure/settings/policy.ts';

const POOL = AddressPool.parse({
  name: 'web',
  ranges: ['10.1.0.0/29', '10.1.0.12-10.1.0.15'],
  reserved: ['10.1.0.3'],
});
const { free } = readAddressPool(POOL.name, POOL);
const ADDRESSES = Array.from(
  { length: Number(countAddresses(free)) },
  (_, i) => addressAt(free, BigInt(i)) ?? '',
);
const MATTER: PolicyMatter = { namespace: 'a', port: 443, listener: 443, partition: 'k8s' };

const rule = fc.record({
  name: fc.constantFrom('one', 'two'),
  allow: fc.boolean(),
  namespaces: fc.constantFrom(['*'], ['a'], ['b*']),
  ports: fc.constantFrom<(string | number)[]>(['1-65535'], [443], [15_021], ['80-90']),
  addresses: fc.constantFrom(
    ['0.0.0.0/0', '::/0'],
    ['10.1.0.0/28'],
    ['10.1.0.0/30'],
    ['10.1.0.4/30'],
    ['10.1.0.12/30'],
    ['10.1.0.3'],
    ['::/0'],
    ['10.1.0.0/30', '10.1.0.4/30', '10.1.0.12/30'],
  ),
});
const policy = fc.array(rule, { maxLength: 4 }).map((rules) => PolicyConfig.parse({ rules }));
const matter = fc.record({
  namespace: fc.constantFrom('a', 'bb', 'c'),
  port: fc.constantFrom(80, 443, 15_021),
  listener: fc.constantFrom(8080, 15_006),
  partition: fc.constantFrom('k8s', 'k8s', 'k8s', 'Common'),
});

describe('what the policy allows for a pool', () => {
  test('is the same as for every assignable address of the pool', () => {
    fc.assert(
      fc.property(policy, matter, (rules, what) => {
        const each = ADDRESSES.map((address) => checkPolicy(rules, { ...what, address }));
        const whole = checkPoolPolicy(rules, what, POOL);
        expect(whole === undefined).toBe(each.every((one) => one === undefined));
        if (whole !== undefined) expect(each.map((one) => one?.code)).toContain(whole.code);
      }),
      { numRuns: 150 },
    );
  });

  test.each<
    [string, Partial<PolicyMatter>, readonly Record<string, unknown>[], string | undefined]
  >([
    ['no rules: allowed', {}, [], undefined],
    ['no rules, a reserved port: refused', { port: 15_021 }, [], 'GW134'],
    ['no rules, partition Common: refused', { partition: 'Common' }, [], 'GW131'],
    [
      'a rule that allows it, partition Common: refused',
      { partition: 'Common' },
      [{ name: 'all' }],
      'GW131',
    ],
    [
      'a reserved port that a rule allows among others: refused',
      { port: 15_021 },
      [{ name: 'all' }],
      'GW134',
    ],
    [
      'a reserved port that a rule names explicitly: allowed',
      { port: 15_021 },
      [{ name: 'one', ports: [15_021] }],
      undefined,
    ],
    [
      'a rule for others that refuses: does not count',
      {},
      [{ name: 'no', allow: false, namespaces: ['b'] }, { name: 'all' }],
      undefined,
    ],
    [
      'a rule for addresses beside the pool that refuses: does not count',
      {},
      [{ name: 'no', allow: false, addresses: ['10.1.0.16/28'] }, { name: 'all' }],
      undefined,
    ],
    [
      'a rule for its last address that refuses: counts',
      {},
      [{ name: 'no', allow: false, addresses: ['10.1.0.15'] }, { name: 'all' }],
      'GW133',
    ],
    [
      'a rule for its first address that refuses: counts',
      {},
      [{ name: 'no', allow: false, addresses: ['10.1.0.1'] }, { name: 'all' }],
      'GW133',
    ],
    [
      'a rule for an address that it does not give out: does not count',
      {},
      [{ name: 'no', allow: false, addresses: ['10.1.0.3'] }, { name: 'all' }],
      undefined,
    ],
  ])('%s', (_, what, rules, code) => {
    expect(checkPoolPolicy(PolicyConfig.parse({ rules }), { ...MATTER, ...what }, POOL)?.code).toBe(
      code,
    );
  });

  test('names the first of several ranges that a rule refuses', () => {
    const rules = PolicyConfig.parse({
      rules: [
        { name: 'some', addresses: ['10.1.0.4/30'] },
        { name: 'no', allow: false },
      ],
    });
    expect(checkPoolPolicy(rules, MATTER, POOL)?.message).toMatch(
      /addresses of pool \S+ \(10\.1\.0\.[0-3]/,
    );
  });

  test('reports exactly the addresses that no rule allows', () => {
    fc.assert(
      fc.property(policy, (rules) => {
        const never = unusablePoolRanges(rules, POOL);
        const allowing = rules.rules
          .filter(({ allow }) => allow)
          .map((one) =>
            PolicyConfig.parse({
              rules: [{ ...one, namespaces: ['*'], ports: ['1-65535'], partitions: ['*'] }],
            }),
          );
        const expected =
          rules.rules.length === 0
            ? []
            : ADDRESSES.filter((address) =>
                allowing.every((one) => checkPolicy(one, { ...MATTER, address }) !== undefined),
              );
        expect(ADDRESSES.filter((address) => containsAddress(never, address))).toEqual(expected);
      }),
    );
    expect(unusablePoolRanges(PolicyConfig.parse({}), POOL)).toEqual([]);
    expect(
      unusablePoolRanges(PolicyConfig.parse({ rules: [{ name: 'no', allow: false }] }), POOL).map(
        formatRange,
      ),
    ).toEqual(['10.1.0.1-10.1.0.2', '10.1.0.4-10.1.0.6', '10.1.0.12-10.1.0.15']);
  });
});
