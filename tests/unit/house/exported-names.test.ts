/** One exported name, one meaning: at most two files of the product export the same name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root, sources } from './support.ts';

/** Each function has these two, for the hosts that load it. */
const OF_EVERY_FUNCTION = ['create', 'handler'];
const EXPORT =
  /^export (?:async |abstract )*(?:function\*?|const|let|interface|type|class|enum) (\w+)/gm;

function exportedOften(texts: ReadonlyMap<string, string>): readonly string[] {
  const files = new Map<string, Set<string>>();
  for (const [file, text] of texts)
    for (const [, name = ''] of text.matchAll(EXPORT))
      files.set(name, (files.get(name) ?? new Set()).add(file));
  return [...files].flatMap(([name, found]) =>
    found.size > 2 && !OF_EVERY_FUNCTION.includes(name) ? `${name}: ${[...found].join(', ')}` : [],
  );
}

test('no exported name is in more than two files', () => {
  const files = ['functions', 'shared'].flatMap(sources);
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  expect(exportedOften(texts)).toEqual([]);
});

test('a name in three files is found, types beside their schemas count once', () => {
  const schema = 'export const Entry = z.string();\nexport type Entry = string;\n';
  const other = 'export interface Entry {}\n';
  const files = (...texts: readonly string[]): ReadonlyMap<string, string> =>
    new Map(texts.map((text, i) => [`${i}.ts`, text]));
  expect(exportedOften(files(schema, other))).toEqual([]);
  expect(exportedOften(files(schema, other, other))).toEqual(['Entry: 0.ts, 1.ts, 2.ts']);
});
