import { describe, expect, test } from '@jest/globals';
import type { Curve, Limits } from '../../soak/report/curves.ts';
import type { Life } from '../../soak/report/slope.ts';
import { verdictsOf, type Measure } from '../../soak/report/verdict.ts';

const MEASURE: Measure = { bin: 60, warmUp: 300, filling: 600, until: 3_000 };

/** A value each ten seconds of an hour. */
const hour = (y: (second: number) => number): Life =>
  Array.from({ length: 360 }, (_, i) => ({ x: i * 10, y: y(i * 10) }));

const memory = (lives: readonly Life[], limits: Limits = { slope: 5 }): Curve => ({
  id: 'memory',
  title: 'Memory',
  unit: 'MiB',
  series: [{ name: 'up', lives, limits }],
  perProcess: true,
  about: '',
});
const wordsOf = (curve: Curve): readonly string[] =>
  verdictsOf(curve, MEASURE).map(({ words }) => words);

describe('the verdict on a curve', () => {
  test('names slope, range, interval and limit, and holds below the limit', () => {
    expect(wordsOf(memory([hour((s) => 100 + s / 900)]))).toEqual([
      'Memory, up: 4.00 MiB an hour (4.00 to 4.00) over 45 minutes (limit 5): holds',
    ]);
  });

  test('fails above the limit', () => {
    const [verdict] = verdictsOf(memory([hour((s) => 100 + s / 600)]), MEASURE);
    expect(verdict).toEqual({
      curve: 'memory',
      outcome: 'fails',
      words: 'Memory, up: 6.00 MiB an hour (6.00 to 6.00) over 45 minutes (limit 5): fails',
    });
  });

  test('is unsure above the limit if the range reaches below it', () => {
    const [verdict] = verdictsOf(
      memory([hour((s) => 100 + (s % 1_100) / 10)], { slope: 5 }),
      MEASURE,
    );
    expect(verdict?.outcome).toBe('unsure');
    expect(verdict?.words).toMatch(/\(−.* to .*cannot be told from chance; run longer$/);
  });

  test('sees neither the start of a process nor the rest after the last change', () => {
    const life = hour((s) => (s < 300 ? s : s > 3_000 ? 300 + s : 300));
    expect(wordsOf(memory([life]))[0]).toContain('0.00 MiB an hour');
  });

  test('says that an interval is too short for a slope, which is no failure', () => {
    const [verdict] = verdictsOf(memory([hour((s) => s).slice(0, 60)]), MEASURE);
    expect(verdict?.outcome).toBe('too short');
    expect(verdict?.words).toContain('too short for a slope (15 minutes are needed)');
  });

  test('fails if a value is above the level, however short it is there', () => {
    const life = hour((s) => (s === 100 ? 301 : 100));
    expect(wordsOf(memory([life], { level: 300 }))).toEqual([
      'Memory, up: at most 301 MiB (limit 300): fails',
    ]);
  });
});
