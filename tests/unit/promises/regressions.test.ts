import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  assertKept,
  isRegression,
  type Place,
  regressionsFile,
} from '../../fixtures/regressions.ts';

let folder: string;
let file: string;
let tried: { readonly n: unknown; readonly isOld: boolean }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-regressions-'));
  file = join(folder, 'model.json');
  tried = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const smallerThan = (limit: number) => (n: number) => {
  tried.push({ n, isOld: isRegression() });
  return n < limit;
};

/** Checks the property as a test of that name; returns what the test says. */
async function check<Ts>(
  property: fc.IRawProperty<Ts>,
  { test: name = 'it holds', isFleeting = false }: Partial<Place> = {},
): Promise<string> {
  const place = { file, test: name, command: `npm test -- model -t '${name}'`, isFleeting };
  try {
    await assertKept(property, { numRuns: 1_000 }, place, {
      assert: fc.assert,
      fail: (_run, note) => {
        throw new Error(note);
      },
    });
    return 'passed';
  } catch (error) {
    return (error as Error).message;
  }
}

const kept = (): unknown => JSON.parse(readFileSync(file, 'utf8'));

describe('a property that fails', () => {
  test.each([
    ['at once', () => fc.property(fc.nat(), smallerThan(1_000))],
    ['later', () => fc.asyncProperty(fc.nat(), async (n) => smallerThan(1_000)(n))],
  ])('%s is tried first with the same from then on', async (_when, property) => {
    expect(await check<[number]>(property())).toBe(
      `It is kept in ${file}, and is tried first from now on:\n\n    npm test -- model -t 'it holds'`,
    );
    expect(kept()).toEqual([{ test: 'it holds', example: [1_000] }]);
    tried = [];
    expect(await check<[number]>(property())).toBe(`It failed with this before: ${file} has it.`);
    expect(tried[0]).toEqual({ n: 1_000, isOld: true });
    expect(kept()).toHaveLength(1);
  });

  test('is kept for the test that failed, and tried by no other', async () => {
    await check(fc.property(fc.nat(), smallerThan(1_000)));
    tried = [];
    const other = { test: 'another holds' };
    expect(await check(fc.property(fc.nat(), smallerThan(Infinity)), other)).toBe('passed');
    expect(tried.filter(({ isOld }) => isOld)).toEqual([]);
  });

  test('passes when it is mended: the kept example is tried, and then as many others', async () => {
    await check(fc.property(fc.nat(), smallerThan(1_000)));
    tried = [];
    expect(await check(fc.property(fc.nat(), smallerThan(Infinity)))).toBe('passed');
    expect(tried.map(({ isOld }) => isOld)).toEqual([true, ...Array(1_000).fill(false)]);
  });

  test.each<[string, fc.Arbitrary<unknown>]>([
    ['undefined', fc.nat().map((n) => [n, undefined])],
    ['a symbol', fc.nat().map((n) => ({ n, [Symbol.for('s')]: 1 }))],
    ['an object of a class', fc.nat().map((n) => new Set([n]))],
    ['-0', fc.nat().map((n) => [n, -0])],
    ['more than a file should have', fc.nat().map((n) => [n, 'x'.repeat(10_000)])],
  ])('with %s is kept by its seed, and fails with the same again', async (_what, arbitrary) => {
    const property = fc.property(arbitrary, (value) => smallerThan(0)(value as never));
    await check(property);
    expect(kept()).toEqual([{ test: 'it holds', seed: expect.any(Number), path: '0' }]);
    const first = tried[0]!.n;
    tried = [];
    expect(await check(property)).toBe(`It failed with this before: ${file} has it.`);
    expect(tried[0]).toEqual({ n: first, isOld: true });
  });

  test('is only printed where the checkout is thrown away', async () => {
    const property = fc.property(fc.nat(), smallerThan(1_000));
    expect(await check(property, { isFleeting: true })).toBe(
      `To have it tried first from now on, add it to ${file}, a list:\n\n    {"test":"it holds","example":[1000]}`,
    );
    expect(existsSync(file)).toBe(false);
  });

  test('is only printed when the file is full', async () => {
    const others = Array.from({ length: 20 }, (_, n) => ({ test: 'another holds', example: [n] }));
    writeFileSync(file, JSON.stringify(others));
    expect(await check(fc.property(fc.nat(), smallerThan(1_000)))).toBe(
      `${file} has 20 failures, which is the most: take out what is solved. Not kept:\n\n    {"test":"it holds","example":[1000]}`,
    );
    expect(kept()).toEqual(others);
  });
});

describe('what failed before', () => {
  test('is refused with the name of its file if it is no such list', async () => {
    writeFileSync(file, '[{"test":"it holds","seed":"7","path":"1"}]');
    const property = fc.property(fc.nat(), smallerThan(Infinity));
    expect(await check(property)).toContain(`${file} is no list of failures: `);
    expect(tried).toEqual([]);
  });

  test('is kept beside the tests of the promises, with a file for each', () => {
    const promises = resolve(import.meta.dirname, '../../promises');
    expect(regressionsFile(join(promises, 'model.test.ts'))).toBe(
      join(promises, 'regressions/model.json'),
    );
    expect(regressionsFile(import.meta.filename)).toBeUndefined();
  });
});
