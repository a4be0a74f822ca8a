import { expect, test } from '@jest/globals';
import { readiness } from '../../../functions/watch/serve/readiness.ts';

const well = { states: [], prepared: true, now: 0 };

test.each([
  ['leads', { leading: true, proven: true }, true, 'leading'],
  ['waits for the Lease', { leading: false, proven: false }, true, 'standing by'],
  [
    'cannot renew its Lease',
    { leading: true, proven: false },
    false,
    'the Lease cannot be renewed, so nothing is written',
  ],
])('readiness reports a replica that %s', (_, role, ready, line) => {
  expect(readiness({ ...well, ...role })).toEqual({ ready, lines: [line] });
});
