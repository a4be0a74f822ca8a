/** A click makes a change once, whatever its answer was. */
import { expect, test } from '@jest/globals';
import { missingFor, nextClick } from '../../../../functions/console/page/logic/confirming.ts';

test.each([
  ['a preview that differs', { status: 409, preview: {} }, 'moved'],
  ['a request that ended because something changed', { status: 409, ended: 'moved' }, 'moved'],
  ['a failed request', { status: 422, ended: 'failed' }, 'failed'],
  ['the same change that is being made', { status: 409 }, 'unknown'],
  ['a job whose state does not allow it', { status: 409, code: 'RPL703' }, 'refused'],
  ['an explanation', { status: 422 }, 'refused'],
  ['no answer', { status: 0 }, 'unknown'],
  ['a fault', { status: 500 }, 'unknown'],
  ['an unreachable store', { status: 503, code: 'RPL700' }, 'unknown'],
] as const)('%s', (_, refusal, expected) => {
  expect(nextClick(refusal)).toBe(expected);
});

test('a button that cannot be used yet says what is missing', () => {
  expect([
    missingFor('', true),
    missingFor('', false),
    missingFor('why', true),
    missingFor('why', false),
  ]).toEqual([
    'Accept the risk, and give a reason.',
    'Give a reason first.',
    'Accept the risk first.',
    undefined,
  ]);
});
