import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { partitionFor } from '../../../shared/domain/exposure/spread.ts';

const partition = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const partitions = fc.uniqueArray(partition, { minLength: 1, maxLength: 6 });
const address = fc.oneof(fc.ipV4(), fc.ipV6());

describe('an address and its partition', () => {
  // Seen red when the order of the list breaks ties of a hash that ignores the partition.
  test('depend on neither the order of the partitions nor the spelling of the address', () => {
    fc.assert(
      fc.property(address, partitions, (ip, list) => {
        expect(list).toContain(partitionFor(ip, list));
        expect(partitionFor(ip, list.toReversed())).toBe(partitionFor(ip, list));
        expect(partitionFor(ip.toUpperCase(), list)).toBe(partitionFor(ip, list));
      }),
    );
  });

  // Seen red with "hash modulo number of partitions".
  test('stay together when a partition is added, unless the new one takes the address', () => {
    fc.assert(
      fc.property(address, partitions, partition, (ip, list, more) => {
        fc.pre(!list.includes(more));
        expect([partitionFor(ip, list), more]).toContain(partitionFor(ip, [...list, more]));
      }),
    );
  });

  test('stay together when another partition is taken away', () => {
    fc.assert(
      fc.property(address, partitions, (ip, list) => {
        const mine = partitionFor(ip, list);
        for (const other of list.filter((one) => one !== mine))
          expect(
            partitionFor(
              ip,
              list.filter((one) => one !== other),
            ),
          ).toBe(mine);
      }),
    );
  });
});

// Seen red without the final mixing of the hash: neighbours in a range then gather in one
// partition.
test.each([2, 3, 4, 8])(
  '1,000 neighbouring addresses spread over %i partitions, each with 0.5 to 2 times its share',
  (count) => {
    const list = Array.from({ length: count }, (_, i) => `k8s-${i + 1}`);
    const addresses = Array.from(
      { length: 1_000 },
      (_, i) => `172.16.${100 + Math.floor(i / 250)}.${(i % 250) + 1}`,
    );
    const shares = Map.groupBy(addresses, (one) => partitionFor(one, list));
    expect(shares.size).toBe(count);
    for (const share of shares.values()) {
      expect(share.length).toBeGreaterThan(1_000 / count / 2);
      expect(share.length).toBeLessThan((1_000 / count) * 2);
    }
  },
);

test('the rule is the same in every version: existing exposures must not move by an upgrade', () => {
  const list = ['k8s-1', 'k8s-2', 'k8s-3'];
  expect(
    ['172.16.100.1', '172.16.100.2', '172.16.100.3', '172.16.100.4', '2001:db8::1'].map((ip) =>
      partitionFor(ip, list),
    ),
  ).toEqual(['k8s-3', 'k8s-3', 'k8s-3', 'k8s-2', 'k8s-2']);
});
