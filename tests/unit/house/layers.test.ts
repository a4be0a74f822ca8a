import { describe, expect, test } from '@jest/globals';
import { importsOf, inside, sources } from './support.ts';

/** From the bottom up: a folder imports from those below it, never from one beside it. */
const SHARED = [
  ['shared/domain'],
  ['shared/telemetry'],
  ['shared/runtime'],
  ['shared/config'],
  ['shared/bigip', 'shared/kubernetes', 'shared/queue'],
  ['shared/host'],
  ['shared/failures'],
  ['shared/operations'],
];

/** `shared/domain/*` are the files that stand there by themselves. */
function folderOf(path: string, folders: readonly string[]): string | undefined {
  return folders.find((folder) => inside(path, folder));
}

function wrongImports(layers: readonly (readonly string[])[], root: string): readonly string[] {
  const level = (folder: string): number => layers.findIndex((layer) => layer.includes(folder));
  const folders = layers.flat();
  return sources(root)
    .flatMap(importsOf)
    .flatMap(({ file, target }) => {
      const [from, to] = [folderOf(file, folders), folderOf(target, folders)];
      if (from === undefined) return [`${file} is in no layer`];
      if (to === undefined || from === to || level(to) < level(from)) return [];
      return [`${file} imports ${target}`];
    });
}

describe('the layers', () => {
  test('of shared: each folder imports only from those below', () => {
    expect(wrongImports(SHARED, 'shared')).toEqual([]);
  });
});
