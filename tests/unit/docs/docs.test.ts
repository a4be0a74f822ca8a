import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { generatedPages } from '../../../infra/build/docs.ts';
import { codesPage } from '../../../infra/build/docs-codes.ts';
import { CODES } from '../../../shared/domain/codes/index.ts';

async function inTree(path: string): Promise<string> {
  return readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

describe('generated reference pages', () => {
  test.each(generatedPages().map(({ path, text }) => [path, text] as const))(
    '%s is current; otherwise run npm run docs',
    async (path, text) => {
      expect(await inTree(path)).toBe(text);
    },
  );

  test('every decision is in the index, under its own number', async () => {
    const files = (await readdir(new URL('../../../docs/decisions/', import.meta.url)))
      .filter((file) => file !== 'README.md')
      .toSorted();
    const listed = [
      ...(await inTree('docs/decisions/README.md')).matchAll(/^\| (\d+) \| \[.+\]\((.+)\) \|$/gm),
    ];
    expect(listed.map(([, , file]) => file)).toEqual(files);
    expect(listed.map(([, number]) => number?.padStart(4, '0'))).toEqual(
      files.map((file) => file.slice(0, 4)),
    );
  });

  test('every code is on the page of codes, and the page has no other', async () => {
    const page = await inTree('docs/reference/codes.md');
    const documented = [...page.matchAll(/^### ([A-Z]+\d{3}): (.+)$/gm)].map(([, code, title]) => [
      code,
      title,
    ]);
    expect(new Map(documented as [string, string][])).toEqual(
      new Map(Object.entries(CODES).map(([code, entry]) => [code, entry.title])),
    );
  });

  test('a code of an unknown range is refused instead of being left out', () => {
    const entry = { title: 't', cause: 'c', fix: 'f', retryable: false };
    expect(() => codesPage({ GW100: entry, XYZ1: entry })).toThrow('XYZ1 belong to no range');
  });

  test('every code says its cause and its remedy in whole sentences', () => {
    const short = Object.entries(CODES).filter(
      ([, { cause, fix, title }]) => !/[.)]$/.test(cause) || !/[.)]$/.test(fix) || title === '',
    );
    expect(short.map(([code]) => code)).toEqual([]);
  });
});
