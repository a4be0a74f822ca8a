/** Ages are right by the clock of the console, whatever this machine's clock says. */
import { describe, expect, test } from '@jest/globals';
import { skewAfter } from '../../../../functions/console/page/logic/skew.ts';

const NOON = Date.UTC(2026, 10, 30, 12);
const HOUR_MS = 3_600_000;
/** An answer after 100 ms by a console that is ahead. */
const ahead = (ms: number, took = 100) => ({
  sent: NOON,
  received: NOON + took,
  date: Math.floor((NOON + ms) / 1_000) * 1_000,
});

describe('the difference of two clocks', () => {
  test('is none while an answer agrees with that', () => {
    expect(skewAfter(0, ahead(0))).toBe(0);
    expect(skewAfter(0, ahead(900))).toBe(0);
    expect(skewAfter(0, ahead(1_000, 15_000))).toBe(0);
  });

  test('is found to the second, and stays the same while answers agree with it', () => {
    const known = skewAfter(0, ahead(HOUR_MS));
    expect(Math.abs(known - HOUR_MS)).toBeLessThan(2_000);
    expect(skewAfter(known, ahead(HOUR_MS + 400))).toBe(known);
    expect(skewAfter(-HOUR_MS, ahead(HOUR_MS))).toBe(known);
  });

  test('is corrected back by the next answer, after a wrong one or a clock that was set right', () => {
    const wrong = skewAfter(0, ahead(HOUR_MS));
    expect(skewAfter(wrong, ahead(0))).toBe(0);
    expect(skewAfter(wrong, ahead(-HOUR_MS))).toBeLessThan(-HOUR_MS + 2_000);
  });

  test('is not learned without a date, or while the clock of this machine is set back', () => {
    expect(skewAfter(5, { ...ahead(HOUR_MS), date: Number.NaN })).toBe(5);
    expect(skewAfter(5, ahead(HOUR_MS, -1))).toBe(5);
  });
});
