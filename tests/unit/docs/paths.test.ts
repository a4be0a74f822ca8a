/** Pages that lead newcomers through the tree name only what is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from '../house/support.ts';

const MAPS = ['AGENTS.md', 'CONTRIBUTING.md', 'docs/architecture.md'];
/** What only a build makes, and names of Kubernetes objects. */
const NO_PATH = /^dist\b|\bnamespace\//;

const TREE = ['functions', 'shared', 'infra', 'tests', 'docs', '.ci'].flatMap((folder) => [
  folder,
  ...readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(folder, path),
  ),
]);

/** `a/{b,c}` means both. */
function spelledOut(path: string): readonly string[] {
  const [all, list] = /\{(.*?)\}/.exec(path) ?? [];
  return list === undefined ? [path] : list.split(',').map((one) => path.replace(all!, one));
}

/** Paths in backquotes, from the root or the ends of some: `queue/open.ts`, `step.ts`. */
function pathsIn(text: string): readonly string[] {
  return [...text.matchAll(/`([\w.{},/-]+)`/g)]
    .flatMap(([, path]) => spelledOut(path!.replace(/\/$/, '')))
    .filter(
      (path) => (path.includes('/') || /\.(ts|md|json|mjs)$/.test(path)) && !NO_PATH.test(path),
    );
}

function isThere(path: string): boolean {
  return existsSync(join(root, path)) || TREE.some((one) => one.endsWith(`/${path}`));
}

/** The drawn tree: each line begins with folders, and names others and files that are in these. */
function missingInTree(text: string): readonly string[] {
  let top = '';
  let places: readonly string[] = [];
  return text.split('\n').flatMap((line) => {
    const [, indent = '', names = ''] = /^( {0,2})((?:[\w-]+\/ ?)+) /.exec(line) ?? [];
    const heads = names.split(' ').flatMap((name) => (name === '' ? [] : [name.slice(0, -1)]));
    if (heads.length > 0) {
      if (indent === '') top = '';
      places = heads.map((head) => join(top, head));
      if (indent === '') top = heads[0]!;
    }
    const lost = places.filter((place) => !existsSync(join(root, place)));
    const named = [...line.slice(names.length).matchAll(/([\w-]+\.ts)\b|([\w-]+)\/(?= )/g)]
      .map(([, file, folder]) => file ?? folder!)
      .filter((name) => !heads.includes(name));
    const within = TREE.filter((path) => places.some((place) => path.startsWith(`${place}/`)));
    return [...lost, ...named.filter((name) => !within.some((path) => path.endsWith(`/${name}`)))];
  });
}

const read = (page: string): string => readFileSync(join(root, page), 'utf8');

describe('the maps of the tree', () => {
  test.each(MAPS)('%s names only files and folders that exist', (page) => {
    expect(pathsIn(read(page)).filter((path) => !isThere(path))).toEqual([]);
  });

  test('AGENTS.md draws the tree as it is, with every folder at the top', () => {
    const [drawn = ''] = /(?<=```\n)functions\/[^`]*/.exec(read('AGENTS.md')) ?? [];
    expect(missingInTree(drawn)).toEqual([]);
    const parts = drawn.split(/\n(?=\w)/);
    const left = parts.flatMap((part) => {
      const top = part.slice(0, part.indexOf('/'));
      const folders = TREE.filter((path) => dirname(path) === top && !path.includes('.'));
      return folders.filter(
        (path) => !new RegExp(String.raw`\b${path.slice(top.length + 1)}\b`).test(part),
      );
    });
    expect(parts.length).toBe(5);
    expect(left).toEqual([]);
  });

  test('what is not there is found: paths, ends of paths, folders of the drawing', () => {
    expect(
      pathsIn('`shared/{queue,nowhere}`, `queue/open.ts`, `lost.ts`, `npm run x`').filter(
        (path) => !isThere(path),
      ),
    ).toEqual(['shared/nowhere', 'lost.ts']);
    expect(
      missingInTree('functions/   units\n  watch/  cache/ (x), lost/ (y)\n  gone/ map/  z'),
    ).toEqual(['lost', 'functions/gone']);
  });
});

describe('links between pages', () => {
  const pages = [
    ...readdirSync(root).filter((name) => name.endsWith('.md')),
    ...TREE.filter((path) => path.endsWith('.md') && !path.includes('node_modules')),
  ];

  test.each(pages)('%s links only to files and headings that exist', (page) => {
    const lost = [
      ...read(page)
        .replaceAll(/`[^`\n]*`/g, '')
        .matchAll(/\]\(([^)\s]+)\)/g),
    ].flatMap(([, target = '']) => {
      if (/^(https?:|mailto:)/.test(target)) return [];
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, file))) return [target];
      if (heading === undefined || !file.endsWith('.md')) return [];
      return headingsOf(read(file)).includes(heading) ? [] : [target];
    });
    expect(lost).toEqual([]);
  });
});

/** Anchors as GitHub makes them. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\[(.*?)\]\(.*?\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
