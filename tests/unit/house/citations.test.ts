/**
 * Rules that come from Istio or AS3 are cited by page and section, and both exist in the
 * repository.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '../../..');
const FOLDERS = ['functions', 'shared', 'infra', 'tests', 'docs'];

interface Citation {
  readonly at: string;
  /**
   * Undefined: the page is named neither before it on the line nor before it in the same comment.
   */
  readonly page: string | undefined;
  readonly section: string;
}

function citationsIn(file: string, text: string): readonly Citation[] {
  let page: string | undefined;
  return text.split('\n').flatMap((line, i) => {
    if (!/^\s*(\*|\/\/)/.test(line)) page = undefined;
    return [...line.matchAll(/([\w-]+\.md|RFC \d+)|§(\d+(?:\.\w+)*)/g)].flatMap(
      ([, named, section]): readonly Citation[] => {
        if (named !== undefined) page = named;
        return section === undefined ? [] : [{ at: `${file}:${i + 1}`, page, section }];
      },
    );
  });
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
    join(folder, file),
  ),
).filter((file) => /\.(tsx?|md|yaml|cjs|mjs)$/.test(file));
const citations = files
  .flatMap((file) => citationsIn(file, readFileSync(join(ROOT, file), 'utf8')))
  .filter(({ page }) => page?.startsWith('RFC') !== true);

function sectionsOf(page: string): ReadonlySet<string> {
  const path = join(ROOT, 'docs/reference', page);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return new Set([...text.matchAll(/^#+ (\d+(?:\.\w+)*)\.? /gm)].map((match) => match[1]!));
}

describe('citations of reference pages', () => {
  test('each names its page', () => {
    expect(citations.filter(({ page }) => page === undefined)).toEqual([]);
  });

  test('each names a section that is there', () => {
    const known = new Map(
      [...new Set(citations.map(({ page }) => page ?? ''))].map(
        (page) => [page, sectionsOf(page)] as const,
      ),
    );
    expect(
      citations.filter(({ page, section }) => known.get(page ?? '')?.has(section) !== true),
    ).toEqual([]);
    expect(citations.length).toBeGreaterThan(80);
  });

  test('a section without a page, of an unknown page, or that is not there, is found', () => {
    const [bare, next, after] = citationsIn(
      'x.ts',
      ' * as3.md §9.3, and\n * §3.2\nconst x = 1; // §1.1',
    );
    expect([bare, next, after]).toEqual([
      { at: 'x.ts:1', page: 'as3.md', section: '9.3' },
      { at: 'x.ts:2', page: 'as3.md', section: '3.2' },
      { at: 'x.ts:3', page: undefined, section: '1.1' },
    ]);
    expect([
      sectionsOf('as3.md').has('9.3a'),
      sectionsOf('as3.md').has('9.9'),
      sectionsOf('nowhere.md').size,
    ]).toEqual([true, false, 0]);
  });

  test('sections of a page are numbered once', () => {
    for (const page of ['as3.md', 'istio-port-mapping.md']) {
      const headings = [
        ...readFileSync(join(ROOT, 'docs/reference', page), 'utf8').matchAll(/^#+ (\d\S*) /gm),
      ].map((match) => match[1]);
      expect(headings).toEqual([...new Set(headings)]);
    }
  });
});
