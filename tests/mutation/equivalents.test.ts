import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EQUIVALENTS, matches } from './equivalents.ts';
import { mutate } from './mutants.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('a mutation that is listed as equivalent', () => {
  test.each(Object.entries(EQUIVALENTS))('still exists in %s', (file, equivalents) => {
    const { mutants } = mutate(file, readFileSync(resolve(ROOT, file), 'utf8'), 1);
    const lost = equivalents.filter(
      (equivalent) => !mutants.some((mutant) => matches(equivalent, mutant)),
    );
    expect(lost).toEqual([]);
  });
});
