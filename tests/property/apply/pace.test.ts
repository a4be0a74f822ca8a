/**
 * The size of a step on devices of any speed. Red with the guard removed: without the limit of
 * growth or of time in `nextStep` (pace.ts) a step is too large, and without `believed` (pace.ts)
 * accepting an increase in full, a device that became slow gets scripts that it cannot run.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Pace } from '../../../functions/apply/pace.ts';
import { fullPace, measured, slower, stepOf } from '../../../functions/apply/pace.ts';
import { timeTaken } from '../../../shared/bigip/rest/declare.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';

const FULL_PACE = fullPace(BIGIP.declareSize);
const FIRST = BIGIP.declareSize.most;
const LIMIT_MS = 30_000;
const STEP_MS = 12_000;
/** Up to 50 lines count as fixed cost, and 250 are enough to measure: a fifth of them. */
const TOLERANCE = 1.26;
/**
 * The factor by which a step may grow; half of the fixed cost counts as time per line if half is
 * believed.
 */
const GROWTH = 4;

/** A device: the fixed time of a declare, and the time per line. */
interface Speed {
  readonly fixed: number;
  readonly perLine: number;
}
const speed: fc.Arbitrary<Speed> = fc.record({
  fixed: fc.integer({ min: 0, max: 25_000 }),
  perLine: fc.double({ min: 0, max: 100, noNaN: true }),
});
/** What AS3 may report about the time: nothing, the truth, or anything. */
const said = fc.option(fc.oneof(fc.double(), fc.constantFrom(0, -1, Infinity, Number.NaN)), {
  nil: undefined,
});

/** One declare of as many lines as fit, at most `left`. */
function step(
  pace: Pace,
  left: number,
  { fixed, perLine }: Speed,
  claim?: number,
): { readonly pace: Pace; readonly done: number; readonly script: number } {
  const lines = Math.min(left, stepOf(pace));
  const script = perLine * lines;
  // AS3 aborts a script that takes too long; the rest of the declare has no limit.
  if (script > LIMIT_MS) return { pace: slower(pace, 0), done: 0, script };
  const took = timeTaken(claim, fixed + script);
  return { pace: measured(pace, { partition: 'k8s', cost: lines, took }), done: lines, script };
}

/** After the first small change of the partition. */
function known(at: Speed): Pace {
  return measured(FULL_PACE, { partition: 'k8s', cost: 5, took: at.fixed + 5 * at.perLine });
}

describe('on a device that keeps its speed', () => {
  test('the next step is never more than four times the last, nor more than fits into 40 % of the limit', () => {
    fc.assert(
      fc.property(speed, fc.array(fc.integer({ min: 1, max: 20_000 })), (at, burst) => {
        let pace = known(at);
        for (const lines of burst) {
          const before = stepOf(pace);
          const next = step(pace, lines, at);
          pace = next.pace;
          expect(stepOf(pace)).toBeLessThanOrEqual(Math.max(before, 4 * next.done));
          if (stepOf(pace) <= FIRST) continue;
          // The time of the first few lines counts as fixed.
          const perLine = Math.max(0, at.perLine - (5 * at.perLine) / FIRST);
          expect(stepOf(pace) * perLine).toBeLessThanOrEqual(STEP_MS * TOLERANCE);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('its fixed cost makes no step smaller than on a device without one', () => {
    fc.assert(
      fc.property(speed, (at) => {
        const [slow, quick] = [at, { ...at, fixed: 0 }].map((one) => {
          let pace = known(one);
          for (let i = 0; i < 3; i++) pace = step(pace, 20_000, one).pace;
          return stepOf(pace);
        });
        expect(slow).toBeGreaterThanOrEqual((quick ?? 0) * 0.99 - 1);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('on a device that reports wrong times or becomes slow', () => {
  test(
    'whatever it says about its time, no script is more than twice as long as planned, ' +
      'plus what the fixed cost hides',
    () => {
      fc.assert(
        fc.property(speed, fc.array(said, { minLength: 1, maxLength: 8 }), (at, claims) => {
          let pace = known(at);
          for (const claim of claims) {
            const next = step(pace, 20_000, at, claim);
            // The first step is a guess, and only AS3's own message makes it smaller.
            if (next.done > FIRST)
              expect(next.script).toBeLessThanOrEqual(
                2 * STEP_MS * 1.03 + 1.03 * GROWTH * at.fixed,
              );
            pace = next.pace;
          }
        }),
        { numRuns: 2_000 },
      );
    },
  );

  test('a line that takes ten times as long in mid-burst: all gets done, and AS3 gives up at most a few times', () => {
    const bursts = fc.record({
      at: fc.record({
        fixed: fc.integer({ min: 0, max: 10_000 }),
        perLine: fc.double({ min: 0.1, max: 20, noNaN: true }),
      }),
      after: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(bursts, ({ at, after }) => {
        const slow = { ...at, perLine: at.perLine * 10 };
        let pace = known(at);
        let left = 20_000;
        let given = 0;
        for (let i = 0; left > 0; i++) {
          const next = step(pace, left, i < after ? at : slow);
          if (next.done === 0) given += 1;
          expect(given).toBeLessThanOrEqual(4);
          left -= next.done;
          pace = next.pace;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
