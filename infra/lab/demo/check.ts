import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Say } from './say.ts';

/** The result of one check: `ok` with the sentence to print, or what was found instead. */
export type Seen<T> = { readonly ok: T; readonly say: string } | { readonly instead: string };

/** What a step waits for, and what to print if it does not come. */
export interface Expectation<T> {
  readonly expected: string;
  /** Where to look if the expectation is not met. */
  readonly where: string;
  readonly see: () => Seen<T> | Promise<Seen<T>>;
  /** Time limit for the expectation, in milliseconds. */
  readonly within?: number;
}

/** An expectation that was not met; `explanation`: lines for people. */
export class DemoFailure extends Error {
  readonly explanation: readonly string[];
  constructor(
    step: string,
    expectation: { readonly expected: string; readonly where: string },
    seen: string,
  ) {
    super(`${expectation.expected}: ${seen}`);
    this.name = 'DemoFailure';
    this.explanation = [
      `demo failed at step "${step}"`,
      `  expected:      ${expectation.expected}`,
      `  seen:          ${seen}`,
      `  where to look: ${expectation.where}`,
    ];
  }
}

/** The steps of a demo, and what was expected in them. */
export interface Checks {
  step(title: string): void;
  /** Checks repeatedly until the expectation is met, or throws a {@link DemoFailure}. */
  check<T>(expectation: Expectation<T>): Promise<T>;
  passed(): number;
}

const LOOK_EVERY_MS = 20;
/** Only against waiting forever: on a busy machine a step takes many seconds. */
export const DEFAULT_WITHIN_MS = 60_000;

/** `clock` decides when an expectation is given up. */
export function createChecks(clock: Clock, say: Say): Checks {
  let step = '';
  let steps = 0;
  let passed = 0;

  async function check<T>(expectation: Expectation<T>): Promise<T> {
    const until = clock.now() + (expectation.within ?? DEFAULT_WITHIN_MS);
    for (;;) {
      const seen = await expectation.see();
      if ('ok' in seen) {
        passed += 1;
        say.ok(seen.say);
        return seen.ok;
      }
      if (clock.now() >= until) throw new DemoFailure(step, expectation, seen.instead);
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

  return {
    check,
    passed: () => passed,
    step: (title) => {
      steps += 1;
      step = title;
      say.step(steps, title);
    },
  };
}
