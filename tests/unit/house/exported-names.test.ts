/**
 * One exported name, one meaning: each name is exported by one file of the product, of the console's
 * page, and of the lab and the build. The page shows the objects that the product handles, and the
 * lab models them, so they may share names with it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { inside, root, sources } from './support.ts';

/** Each function has these two, for the hosts that load it. */
const OF_EVERY_FUNCTION = ['create', 'handler'];
const EXPORT =
  /^export (?:async |abstract )*(?:function\*?|const|let|interface|type|class|enum) (\w+)/gm;

function exportedTwice(texts: ReadonlyMap<string, string>): readonly string[] {
  const files = new Map<string, Set<string>>();
  for (const [file, text] of texts)
    for (const [, name = ''] of text.matchAll(EXPORT))
      files.set(name, (files.get(name) ?? new Set()).add(file));
  return [...files].flatMap(([name, found]) =>
    found.size > 1 && !OF_EVERY_FUNCTION.includes(name) ? `${name}: ${[...found].join(', ')}` : [],
  );
}

const PAGE = 'functions/console/page';
const product = ['functions', 'shared'].flatMap(sources).filter((file) => !inside(file, PAGE));

test.each([
  ['the product', product],
  ["the console's page", sources(PAGE)],
  ['the lab and the build', sources('infra')],
])('no two files of %s export the same name', (_, files) => {
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  expect(exportedTwice(texts)).toEqual([]);
});

test('a name in two files is found; a type beside its schema is one name', () => {
  const schema = 'export const Entry = z.string();\nexport type Entry = string;\n';
  const other = 'export interface Entry {}\n';
  const files = (...texts: readonly string[]): ReadonlyMap<string, string> =>
    new Map(texts.map((text, i) => [`${i}.ts`, text]));
  expect(exportedTwice(files(schema))).toEqual([]);
  expect(exportedTwice(files(schema, other))).toEqual(['Entry: 0.ts, 1.ts']);
});
