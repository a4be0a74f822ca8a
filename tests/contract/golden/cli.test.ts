/**
 * Programs read `-o json`: fields and rows may be added, but not removed or given another meaning.
 * Sentences may be reworded.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMANDS, startCommandLine, type CommandLine, type Printed } from './cli.ts';
import { golden } from './files.ts';

const BUNDLE = fileURLToPath(new URL('../../../dist/cli/sluice.mjs', import.meta.url));

/** Short id for people. */
const SENTENCES: ReadonlySet<string> = new Set([
  'reason',
  'message',
  'remedy',
  'says',
  'sentence',
  'details',
  'note',
  'problem',
  'unknown',
  'standing',
  'response',
  'why',
  'notCarried',
]);
/** The output of this run. */
const FIGURES: ReadonlySet<string> = new Set([
  'milliseconds',
  'expiresIn',
  'lastEvent',
  'lag',
  'lastDeclare',
  'seen',
  'unit',
  'as3',
]);

/** Paths of the values of `then` that are missing or different now. */
function losses(then: unknown, now: unknown, path = '', key = ''): readonly string[] {
  if (Array.isArray(then)) {
    if (!Array.isArray(now) || now.length < then.length) return [`${path}: fewer rows`];
    return then.flatMap((row, i) => losses(row, now[i], `${path}[${i}]`, key));
  }
  if (isTable(then)) {
    if (!isTable(now)) return [`${path}: no object any more`];
    return Object.entries(then).flatMap(([name, value]) =>
      name in now
        ? losses(value, now[name], `${path}.${name}`, name)
        : [`${path}.${name}: missing`],
    );
  }
  return valueLoss(then, now, path, key);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueLoss(then: unknown, now: unknown, path: string, key: string): readonly string[] {
  if (SENTENCES.has(key) || FIGURES.has(key))
    return typeof now === typeof then ? [] : [`${path}: ${typeof now} instead of ${typeof then}`];
  return now === then ? [] : [`${path}: ${JSON.stringify(now)} instead of ${JSON.stringify(then)}`];
}

describe('JSON that a command of 0.1.0 printed is still printed', () => {
  let line: CommandLine;
  beforeAll(async () => {
    line = await startCommandLine(BUNDLE);
  });
  afterAll(() => line.close());

  test.each(Object.keys(COMMANDS))('sluice %s', async (name) => {
    const then = JSON.parse(golden(`cli/${name}.json`)) as Printed;
    const now = await line.run(name);
    expect(losses(then.json, now.json)).toEqual([]);
    expect(now.code).toBe(then.code);
  });

  test('a field that is missing, renamed or means something else would be found', () => {
    expect(
      losses({ a: [{ b: 1, reason: 'x' }] }, { a: [{ b: 1, reason: 'y', c: 2 }], d: 3 }),
    ).toEqual([]);
    expect(losses({ a: [{ b: 1 }, { b: 2 }], c: 'x' }, { a: [{ b: '1' }], c: null })).toEqual([
      '.a: fewer rows',
      '.c: null instead of "x"',
    ]);
    expect(losses({ a: { b: 1 } }, { a: { c: 1 } })).toEqual(['.a.b: missing']);
  });
});
