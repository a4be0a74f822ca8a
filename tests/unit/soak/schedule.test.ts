import { describe, expect, test } from '@jest/globals';
import { clockText, scheduleOf } from '../../soak/schedule.ts';

const hour = (seed: number, queue: 'sqlite' | 'postgres' = 'sqlite') =>
  scheduleOf({ seed, seconds: 3_600, queue });

describe('the schedule of a soak', () => {
  test('is a function of its seed', () => {
    expect(hour(1)).toEqual(hour(1));
    expect(hour(1).faults).not.toEqual(hour(2).faults);
  });

  test('has every kind of fault in twenty hours', () => {
    const kinds = new Set(
      Array.from({ length: 20 }, (_, seed) => hour(seed).faults.map(({ kind }) => kind)).flat(),
    );
    expect(kinds.size).toBe(20);
  });

  test('ends no process in its later parts, and leaves nothing disturbed when faults end', () => {
    const { faults, parts } = hour(3);
    const ends = new Set(['process killed', 'process stalls']);
    expect(faults.filter(({ kind }) => ends.has(kind)).length).toBeGreaterThan(3);
    for (const { at, lasts, kind } of faults) {
      if (ends.has(kind)) expect(at).toBeLessThan(parts.kills);
      expect(at + lasts).toBeLessThanOrEqual(parts.faults);
    }
  });

  test('lets no day pass with PostgreSQL, whose clock cannot be moved', () => {
    const kinds = Array.from({ length: 20 }, (_, seed) => hour(seed, 'postgres').faults).flat();
    expect(kinds.some(({ kind }) => kind === 'a day passes')).toBe(false);
  });

  test('has one kill in a short run', () => {
    const { faults } = scheduleOf({ seed: 1, seconds: 10, queue: 'sqlite' });
    expect(faults.map(({ kind }) => kind)).toEqual(['process killed']);
  });
});

test('times are minutes and seconds', () => {
  expect(clockText(3_725.9)).toBe('62:05');
});
