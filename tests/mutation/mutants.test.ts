import { stripTypeScriptTypes } from 'node:module';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from '@jest/globals';
import { withFewerRuns } from './load.ts';
import { mutate, type Mutant } from './mutants.ts';
import { helpers, mutation } from './switch.ts';

afterEach(() => {
  mutation.on = 0;
});

interface Tried {
  readonly mutants: readonly Mutant[];
  /** The value of the last expression with this mutant switched on, or with none. */
  readonly value: (id?: number) => unknown;
}

function tried(source: string): Tried {
  const mutated = mutate('file.ts', source, 1);
  return {
    mutants: mutated.mutants,
    value: (id = 0) => {
      mutation.on = id;
      return JSON.parse(
        JSON.stringify({
          is: runInNewContext(stripTypeScriptTypes(mutated.source), { __m: helpers }) as unknown,
        }),
      ).is as unknown;
    },
  };
}

describe('a mutated source', () => {
  test.each<[string, unknown, Record<string, unknown>]>([
    ['let a = [3]; a[0] === 3', true, { '=== becomes !==': false }],
    ['let a = []; a.length < 0', false, { '< becomes <=': true, '< becomes its opposite': true }],
    [
      'let a = [9, 8]; a.filter((n) => !(n >= 9))',
      [8],
      { '.filter() is left out': [9, 8], '! is left out': [9] },
    ],
    ['let a = { x: [] }; (a.x ?? a).length', 0, { 'is left out of the ??': undefined }],
    [
      'let t = [9].every((n) => n); t ? "yes" : "no"',
      'yes',
      { 'is always false': 'no', '.every() becomes .some()': 'yes', 'becomes ""': '' },
    ],
    [
      'let list = []; if (list.length === 0) list.push(9); else list.push(8); list',
      [9],
      { 'is always false': [8], 'is left out': [] },
    ],
    ['let f = (on: boolean) => on && f; f(true) !== undefined', true, { 'becomes false': true }],
    ['"§ …".length', 3, {}],
  ])('%s says %j, and each mutant says what it should', (source, original, wanted) => {
    const { mutants, value } = tried(source);
    expect(value()).toEqual(original);
    for (const [what, result] of Object.entries(wanted)) {
      const answers = mutants.filter((mutant) => mutant.what === what).map(({ id }) => value(id));
      expect({ what, answers }).toEqual({ what, answers: expect.arrayContaining([result]) });
    }
  });

  test('keeps its meaning with chains, types and bytes beyond ASCII around', () => {
    const source =
      'const words = { "é": undefined } as const satisfies Record<string, unknown>;\n/* ' +
      '§ */ const at = (x: string | undefined): number => (x?.length ?? 0) - ' +
      '1;\nat(words?.["é"]) + at("…").toFixed().length';
    const plain = runInNewContext(stripTypeScriptTypes(source)) as unknown;
    const { mutants, value } = tried(source);
    expect(value()).toBe(plain);
    expect(new Set(mutants.map(({ line }) => line))).toEqual(new Set([2, 3]));
  });

  test('continues the numbering of mutants, and reports which were executed', () => {
    const { mutants, source } = mutate('file.ts', 'let x = true ? 5 : 6;', 100);
    expect(mutants.map(({ id }) => id)).toEqual([100, 101, 102, 103, 104]);
    mutation.hits = new Set();
    runInNewContext(source, { __m: helpers });
    // A mutant in a branch that is not taken is not reached by any test.
    expect(
      mutants.filter(({ id }) => mutation.hits?.has(id) === false).map((mutant) => mutant.source),
    ).toEqual(['6']);
    mutation.hits = undefined;
  });

  test('leaves names, types, imports and sentences alone', () => {
    expect(
      mutate(
        'file.ts',
        "import a from 'a'; type T = 'x' | 5; const o = { key: a, 'two': a }; o.key; throw " +
          "new Error('not for machines');",
        1,
      ).mutants,
    ).toEqual([]);
  });
});

test.each([
  ['{ numRuns: 200 }', '{ numRuns: 34, seed: 1 }'],
  ['{ numRuns: 2_000 }', '{ numRuns: 334, seed: 1 }'],
])('a property with %s runs with %s', (source, fewer) => {
  expect(withFewerRuns(source)).toBe(fewer);
});
