import { expect, test } from '@jest/globals';
import { Throttle } from '../../../functions/watch/loop/throttle.ts';

function bench(): {
  readonly pace: Throttle;
  readonly runs: number[];
  readonly work: (took: number) => number | undefined;
  readonly advance: (ms: number) => void;
} {
  let now = 1_000;
  const runs: number[] = [];
  const pace = new Throttle({
    now: () => now,
    monotonic: () => now,
    sleep: () => Promise.resolve(),
  });
  const work = (took: number): number | undefined =>
    pace.run(() => {
      runs.push(now);
      now += took;
    });
  return { pace, runs, work, advance: (ms) => void (now += ms) };
}

test('work that takes no time is done whenever it is requested', () => {
  const { runs, work } = bench();
  expect([work(0), work(0)]).toEqual([undefined, undefined]);
  expect(runs).toEqual([1_000, 1_000]);
});

test('after work, rests fifty times as long, at most three seconds, and reports the duration', () => {
  const { runs, work, advance } = bench();
  expect(work(10)).toBeUndefined();
  expect(work(10)).toBe(500);
  advance(499);
  expect(work(200)).toBe(1);
  advance(1);
  expect(work(200)).toBeUndefined();
  expect(work(0)).toBe(3_000);
  expect(runs).toEqual([1_000, 1_510]);
});

test('work that cannot wait does not rest before it, and the next one rests after it', () => {
  const { pace, runs, work, advance } = bench();
  work(10);
  pace.now(() => {
    runs.push(0);
    advance(20);
  });
  expect(runs).toEqual([1_000, 0]);
  expect(work(10)).toBe(1_000);
});

test('setting the clock changes nothing', () => {
  let now = 1_000;
  let set = 0;
  const pace = new Throttle({
    now: () => now + set,
    monotonic: () => now,
    sleep: () => Promise.resolve(),
  });
  pace.run(() => void (now += 10));
  set = -3_600_000;
  expect(pace.run(() => undefined)).toBe(500);
  set = 3_600_000;
  expect(pace.run(() => undefined)).toBe(500);
});
