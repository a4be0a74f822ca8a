import { expect, test } from '@jest/globals';
import { tidy } from '../../../functions/watch/tidy.ts';

/** Nobody holds it any more when this returns. */
function litter(): number {
  const rubbish = Array.from({ length: 400_000 }, (_, n) => ({ n, text: `${n}` }));
  return rubbish.length;
}

/** Seen red with an empty `tidy`, and where the collector could not be reached. */
test('what nobody holds any more is given back at once', () => {
  tidy();
  const before = process.memoryUsage().heapUsed;
  expect(litter()).toBe(400_000);
  const littered = process.memoryUsage().heapUsed;
  tidy();
  const after = process.memoryUsage().heapUsed;
  expect(littered - before).toBeGreaterThan(10_000_000);
  expect(after - before).toBeLessThan(5_000_000);
});
