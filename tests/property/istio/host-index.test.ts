import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { HostIndex } from '../../../shared/domain/istio/host-index.ts';
import { hostsOverlap } from '../../../shared/domain/istio/hosts.ts';

const label = fc.constantFrom('a', 'b', 'com', 'x-a');
const host = fc.oneof(
  fc.constant('*'),
  fc
    .tuple(
      fc.constantFrom('', '', '*.', '*', '*x'),
      fc.array(label, { minLength: 1, maxLength: 4 }),
    )
    .map(([wild, labels]) => wild + labels.join('.')),
);

describe('the index of hosts', () => {
  test('finds everything that overlaps, once and in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(host, { maxLength: 3 }), { maxLength: 30 }),
        fc.array(host, { minLength: 1, maxLength: 3 }),
        (items, asked) => {
          const index = new HostIndex<number>();
          items.forEach((hosts, i) => index.add(i, hosts));
          const found = index.candidates(asked);
          const wanted = items.flatMap((hosts, i) =>
            hosts.some((one) => asked.some((other) => hostsOverlap(one, other))) ? [i] : [],
          );
          expect(wanted.filter((i) => !found.includes(i))).toEqual([]);
          expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
