/** The cost of a plan, counted in accesses to the exposures of its slice. */
import { expect, test } from '@jest/globals';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { exposureWithKey } from '../../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const RULES = { sameFleet: () => false, shareNodes: false };

/** The number of accesses to the port of an exposure, per exposure, in a plan of this size. */
function looksEach(size: number): number {
  let looks = 0;
  const counted = (port: number): Exposure => {
    const { port: _, ...rest } = exposure({ port });
    return Object.defineProperty(rest as Exposure, 'port', {
      enumerable: true,
      get: () => {
        looks += 1;
        return port;
      },
    });
  };
  const exposures = Array.from({ length: size }, (_, n) => counted(10_000 + n));
  const { next, entries } = planPartition('k8s', EMPTY_STATE, [slice(1, exposures)], RULES);
  expect(Object.keys(next.exposures)).toHaveLength(size);
  expect(entries).toHaveLength(size);
  return looks / size;
}

test('a plan looks at each exposure as often among many as among few', () => {
  expect(looksEach(400)).toBeLessThanOrEqual(looksEach(20));
});

test('of two exposures with one key the first is found, and of none nothing', () => {
  const [first, second] = [exposure({ since: 'first' }), exposure({ since: 'second' })];
  expect(exposureWithKey(slice(1, [first, second]), '172.16.100.195:32400/tcp')).toBe(first);
  expect(exposureWithKey(slice(1, []), '172.16.100.195:32400/tcp')).toBeUndefined();
});
