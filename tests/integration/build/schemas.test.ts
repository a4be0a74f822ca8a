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

/** Runs a program as it is bundled; what it prints is JSON. */
async function bundled(contents: string): Promise<unknown> {
  const outfile = join(folder, 'program.mjs');
  await build({
    stdin: { contents, resolveDir: resolve(import.meta.dirname, '../../..') },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [...cuts],
  });
  return JSON.parse(execFileSync(process.execPath, [outfile], { encoding: 'utf8' }));
}

test('a description, which only the docs read, copies no schema', async () => {
  const contents = `
    import { z } from 'zod';
    const schema = z.string().min(2);
    const described = schema.describe('a name');
    console.log(JSON.stringify([described === schema, described.safeParse('a').success]));
  `;
  expect(await bundled(contents)).toEqual([true, false]);
});

test('a schema is compiled once it has parsed many objects, and answers as before', async () => {
  const said = (await bundled(PROGRAM)) as {
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
