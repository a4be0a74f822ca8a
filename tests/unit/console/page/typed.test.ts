/** A field shows what is applied, or what is typed over exactly that. */
import { expect, test } from '@jest/globals';
import { wholeNumber } from '../../../../functions/console/page/logic/numbers.ts';
import {
  appliedText,
  isUnapplied,
  shownText,
} from '../../../../functions/console/page/logic/typed.ts';

test('what is typed is shown, and seen as not applied until it is', () => {
  const typed = { text: 'code:A ', over: '' };
  expect([shownText(typed, ''), isUnapplied(typed, '')]).toEqual(['code:A ', true]);
  const done = appliedText(typed.text);
  expect([shownText(done, 'code:A'), isUnapplied(done, 'code:A')]).toEqual(['code:A ', false]);
  expect([shownText(undefined, 'x'), isUnapplied(undefined, 'x')]).toEqual(['x', false]);
});

test('a link, a step back or a term that is taken out shows what is applied then', () => {
  const done = appliedText('code:A geo');
  for (const applied of ['', 'geo', 'code:B'])
    expect([shownText(done, applied), isUnapplied(done, applied)]).toEqual([applied, false]);
  expect(shownText({ text: 'half', over: 'code:A' }, 'code:B')).toBe('code:B');
});

test.each([
  ['5', 5],
  [' 12 ', 12],
  ['0', 0],
  ['1000', 1_000],
  ['', undefined],
  [' ', undefined],
  ['1.5', undefined],
  ['1e2', undefined],
  ['-1', undefined],
  ['1001', undefined],
  ['99999999999', undefined],
])('%j typed as a number is %p', (text, number) => {
  expect(wholeNumber(text, { min: 0, max: 1_000 })).toBe(number);
});
