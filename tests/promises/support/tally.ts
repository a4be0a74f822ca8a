/** Counts what the tests of the promises tried, for `docs/reliability.md`. */
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { isRegression } from '../../fixtures/regressions.ts';

/** A line of the file `tally.jsonl`. */
export interface Tally {
  /** Name of a test file in this folder's parent. */
  readonly test: string;
  /** A plural, such as `random histories`. */
  readonly what: string;
  readonly count: number;
}

/**
 * Counts; call the result for each try. What a test failed with before does not count, so that the page
 * stays what it is when something is kept. `SLUICE_TALLY` names the folder in which the sum is noted
 * when the tests of the file are over.
 */
export function tally(what: string): (count?: number) => void {
  let sum = 0;
  const folder = process.env['SLUICE_TALLY'];
  afterAll(() => {
    if (folder === undefined || sum === 0) return;
    const test = basename(expect.getState().testPath ?? '', '.test.ts');
    const line: Tally = { test, what, count: sum };
    appendFileSync(join(folder, 'tally.jsonl'), `${JSON.stringify(line)}\n`);
  });
  return (count = 1) => {
    if (!isRegression()) sum += count;
  };
}
