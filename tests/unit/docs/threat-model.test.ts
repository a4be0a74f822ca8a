/** Each line of the threat model names tests that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from '../house/support.ts';

const FOLDER = 'docs/security';
const page = readFileSync(join(root, FOLDER, 'threat-model.md'), 'utf8');

/** Rows of the tables that have a column for tests, as their last cell. */
const rows = page
  .split(/\n(?=## )/)
  .flatMap((section) => (/\| test \|\n/.test(section) ? section.split('\n') : []))
  .filter((line) => line.startsWith('| ') && !line.endsWith('| test |'))
  .map((line) => line.split(' | ').at(-1)!);

/** `"a", "b" ([file](path))`, several times. */
const citations = rows.flatMap((cell) =>
  [...cell.matchAll(/((?:"[^"]+"(?:, )?)+) \(\[[^\]]+\]\(([^)]+)\)\)/g)].flatMap(
    ([, names = '', path = '']) =>
      [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => [join(FOLDER, path), name] as const),
  ),
);

/** Names of tests, of their groups and of the rows of their tables. */
function hasTest(file: string, name: string): boolean {
  const literals = readFileSync(join(root, file), 'utf8').matchAll(
    /[([]\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`([^`]*)`)\s*,/g,
  );
  return [...literals].some(
    ([, single, double, back]) =>
      (single ?? double ?? back ?? '').replaceAll(/\\(.)/g, '$1') === name,
  );
}

test('each line of the threat model names at least one test', () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter((cell) => !/^"[^"]+".*\(\[/.test(cell))).toEqual([]);
});

test('the tests that the threat model names exist', () => {
  expect(citations.length).toBeGreaterThanOrEqual(rows.length);
  expect(
    citations.filter(([file, name]) => !existsSync(join(root, file)) || !hasTest(file, name)),
  ).toEqual([]);
  expect(hasTest(citations[0]![0], 'no such test')).toBe(false);
});
