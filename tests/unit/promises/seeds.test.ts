import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

const isSmall = fc.property(fc.integer(), (n) => n < 100);

function messageOf(parameters: fc.Parameters<[number]> = {}): string {
  try {
    fc.assert(isSmall, parameters);
  } catch (error) {
    return (error as Error).message;
  }
  return 'passed';
}

describe("a property's failure (with quotes)", () => {
  test('names the command that tries it again', () => {
    const message = messageOf({ seed: 7 });
    expect(message).toContain('Property failed after');
    expect(message).toMatch(
      /SLUICE_SEED=7 SLUICE_PATH=\d+ npm test -- tests\/unit\/promises\/seeds\.test\.ts -t 'a property'\\''s failure \\\(with quotes\\\) names/,
    );
  });

  test('comes again at once from where the command begins, and is shrunk to the same', () => {
    const first = messageOf({ seed: 7 });
    const path = /SLUICE_PATH=(\d+)/.exec(first)![1]!;
    const again = messageOf({ seed: 7, path });
    expect(again).toContain('Property failed after 1 tests');
    expect(counterexampleIn(again)).toBe(counterexampleIn(first));
  });
});

function counterexampleIn(message: string): string {
  return /Counterexample: .*/.exec(message)![0];
}
