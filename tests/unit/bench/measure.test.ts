import { expect, test } from '@jest/globals';
import { median, percentile, shown, tableLines } from '../../bench/measure.ts';

test.each([
  [[3], 3],
  [[1, 9, 5], 5],
  [[4, 1, 3, 2], 2.5],
  [[], Number.NaN],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test.each([
  [0.5, 50],
  [0.99, 99],
  [0.991, 100],
  [1, 100],
  [0, 1],
])('share %d of 1 to 100 is at most %d', (share, expected) => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentile(values, share)).toBe(expected);
});

test('of few values a high percentile is the largest, and of none there is none', () => {
  expect(percentile([5, 1], 0.99)).toBe(5);
  expect(percentile([], 0.5)).toBeNaN();
});

test.each([
  [3, '3'],
  [0.126, '0.13'],
  [9.5, '9.50'],
  [43.55, '43.5'],
  [160.4, '160'],
  [1_000, '1000'],
])('%d is shown as %s', (value, text) => {
  expect(shown(value)).toBe(text);
});

test('columns of a table are as wide as their widest cell', () => {
  expect(
    tableLines(
      ['', 'name', 'value'],
      [
        ['a', 'x', '1'],
        ['bb', 'longer', '1000000'],
      ],
      [0, 1],
    ),
  ).toEqual(['    name      value', 'a   x             1', 'bb  longer  1000000']);
});
