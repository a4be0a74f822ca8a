import { describe, expect, test } from '@jest/globals';
import { chanceOf } from '../../fixtures/chance.ts';
import { binned, slopeOf, warm, type Life } from '../../soak/report/slope.ts';

/** A point each minute. */
const line = (minutes: number, y: (minute: number) => number, from = 0): Life =>
  Array.from({ length: minutes }, (_, i) => ({ x: (from + i) * 60, y: y(i) }));

describe('the slope of a curve', () => {
  test('is its growth per hour', () => {
    expect(slopeOf([line(40, (i) => 100 + i / 10)]).value).toBeCloseTo(6);
  });

  test('is zero for a saw-tooth, and a single peak does not matter', () => {
    expect(slopeOf([line(40, (i) => (i === 20 ? 900 : 100 + (i % 4)))]).value).toBeCloseTo(0, 1);
  });

  test('does not see that a restarted process has less memory than before', () => {
    const lives = [line(20, (i) => 200 + i / 10), line(20, (i) => 100 + i / 10, 20)];
    expect(slopeOf(lives).value).toBeCloseTo(6);
    expect(slopeOf(lives).covered).toBe(2 * 19 * 60);
  });

  test('has a range that shrinks with more points, and contains it', () => {
    const random = chanceOf(7);
    const few = slopeOf([line(10, (i) => i / 10 + random())]);
    const many = slopeOf([line(60, (i) => i / 10 + random())]);
    for (const { value, least, most } of [few, many]) {
      expect(least).toBeLessThan(value);
      expect(most).toBeGreaterThan(value);
    }
    expect(many.most - many.least).toBeLessThan(few.most - few.least);
    expect(many.least).toBeLessThan(6);
    expect(many.most).toBeGreaterThan(6);
  });

  test('has a wide range if each point is like the one before it, as in a saw-tooth of many minutes', () => {
    const random = chanceOf(7);
    const wide = slopeOf([line(60, (i) => (i % 20) + random() / 10)]);
    const narrow = slopeOf([line(60, () => 20 * random())]);
    expect(wide.most - wide.least).toBeGreaterThan(2 * (narrow.most - narrow.least));
    expect(wide.least).toBeLessThan(0);
  });

  test('is unknown without two points in one life', () => {
    expect(slopeOf([line(1, () => 1), line(1, () => 2, 5)]).value).toBeNaN();
  });
});

test('a life is warm after its first part, counted from its own start', () => {
  expect(
    warm(
      line(10, (i) => i, 30),
      180,
    ).map(({ y }) => y),
  ).toEqual([3, 4, 5, 6, 7, 8, 9]);
});

test('points of an interval become their median, or their smallest', () => {
  const points = [1, 2, 900, 3, 4].map((y, i) => ({ x: i * 12, y }));
  expect(binned(points, 60)).toEqual([{ x: 30, y: 3 }]);
  expect(binned(points, 60, (values) => Math.min(...values))).toEqual([{ x: 30, y: 1 }]);
});
