/** Schemas in bundles: the same answers as in tests, without work that a start would not need. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { cuts } from '../../../infra/build/cuts.ts';

const PROGRAM = `
  import { z } from 'zod';
  let compiled = 0;
  const { Function: original } = globalThis;
  globalThis.Function = function (...args) {
    if (args.at(-1) !== '') compiled += 1;
    return original(...args);
  };
  const schema = z.strictObject({ name: z.string(), port: z.number().default(80) });
  const inputs = [{ name: 'a' }, { name: 'b', port: 1 }, { name: 2 }, { name: 'c', other: 1 }];
  const answers = () => inputs.map((input) => {
    const { success, data, error } = schema.safeParse(input);
    return success ? data : error.issues;
  });
  const first = answers();
  const before = compiled;
  for (let n = 0; n < 100; n += 1) answers();
  console.log(JSON.stringify({ before, after: compiled, first, last: answers() }));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-schemas-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a schema is compiled once it has parsed many objects, and answers as before', async () => {
  const outfile = join(folder, 'program.mjs');
  const stdin = { contents: PROGRAM, resolveDir: resolve(import.meta.dirname, '../../..') };
  await build({
    stdin,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [...cuts],
  });
  const said = JSON.parse(execFileSync(process.execPath, [outfile], { encoding: 'utf8' })) as {
    readonly first: readonly unknown[];
    readonly last: readonly unknown[];
  };
  expect(said).toMatchObject({ before: 0, after: 1 });
  expect(said.last).toEqual(said.first);
  expect(said.first).toMatchObject([
    { name: 'a', port: 80 },
    { name: 'b', port: 1 },
    [{ code: 'invalid_type', path: ['name'] }],
    [{ code: 'unrecognized_keys', keys: ['other'] }],
  ]);
});
