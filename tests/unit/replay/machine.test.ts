import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  CHECK_INTERVAL_MS,
  nextJobStep,
  type JobProgress,
} from '../../../shared/failures/replay/job-machine.ts';

const progress = (over: Partial<JobProgress> = {}): JobProgress => ({
  waiting: 0,
  inFlight: 0,
  sent: 0,
  bad: 0,
  due: undefined,
  looked: undefined,
  ...over,
});
const pace = { canary: 2, canaryPassed: false, rate: 2 };

describe('what a job does next', () => {
  test.each([
    ['nothing left', progress({ sent: 3 }), 'finish'],
    ['nothing left after a bad canary', progress({ sent: 2, bad: 1 }), 'finish'],
    ['the first event', progress({ waiting: 3 }), 'send'],
    [
      'canaries are sent: check them, send nothing',
      progress({ waiting: 3, inFlight: 2, sent: 2, due: 0 }),
      'look',
    ],
    [
      'canaries were checked a moment ago',
      progress({ waiting: 3, inFlight: 2, sent: 2, due: 0, looked: 10_000 }),
      'wait',
    ],
    ['canaries succeeded', progress({ waiting: 3, sent: 2 }), 'pass-canary'],
    ['a canary failed', progress({ waiting: 3, sent: 2, bad: 1 }), 'pause'],
  ])('%s', (_name, now, kind) => {
    expect(nextJobStep(pace, now, 10_000).kind).toBe(kind);
  });

  test('sends by the schedule: a small delay does not add up, a long one makes no burst', () => {
    const passed = { ...pace, canaryPassed: true };
    expect(nextJobStep(passed, progress({ waiting: 1, due: 1_000 }), 1_499)).toEqual({
      kind: 'wait',
      until: 1_500,
    });
    expect(nextJobStep(passed, progress({ waiting: 1, due: 1_000 }), 1_520)).toEqual({
      kind: 'send',
      due: 1_500,
    });
    // If late by up to a whole interval, it catches up; later, it does not.
    expect(nextJobStep(passed, progress({ waiting: 1, due: 1_000 }), 2_000)).toEqual({
      kind: 'send',
      due: 1_500,
    });
    expect(nextJobStep(passed, progress({ waiting: 1, due: 1_000 }), 60_000)).toEqual({
      kind: 'send',
      due: 60_000,
    });
  });

  test('waits for the earlier of the next event and the next look', () => {
    const both = progress({ waiting: 1, inFlight: 1, sent: 1, due: 1_000, looked: 900 });
    expect(nextJobStep({ ...pace, canaryPassed: true, rate: 0.1 }, both, 1_100)).toEqual({
      kind: 'wait',
      until: 900 + CHECK_INTERVAL_MS,
    });
  });

  test('has no more events in flight than the canary until that has passed, and always ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 5 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (units, canary, fates) => {
          let [now, passed, state] = [0, canary === 0, progress({ waiting: units })];
          for (let i = 0; i < 1_000; i++) {
            const step = nextJobStep({ canary, canaryPassed: passed, rate: 1 }, state, now);
            if (step.kind === 'finish') return;
            if (step.kind === 'pause') return expect(state.bad).toBeGreaterThan(0);
            if (step.kind === 'wait') now = step.until;
            if (step.kind === 'pass-canary') passed = true;
            if (step.kind === 'send')
              state = {
                ...state,
                waiting: state.waiting - 1,
                inFlight: state.inFlight + 1,
                sent: state.sent + 1,
                due: step.due,
              };
            if (step.kind === 'look')
              state = {
                ...state,
                inFlight: state.inFlight - 1,
                bad: state.bad + (fates[state.sent - state.inFlight] === true ? 1 : 0),
                looked: now,
              };
            if (!passed) expect(state.sent).toBeLessThanOrEqual(Math.max(canary, 1));
          }
          throw new Error('no end');
        },
      ),
      { numRuns: 500 },
    );
  });
});
