/** A test that says without which code it is red cites code that exists, with its file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root, sources } from './support.ts';

const FILES = ['functions', 'shared', 'infra'].flatMap(sources);
const CITATION = /`#?(\w+)[^`\n]*` \(([\w/-]+\.ts)\)/g;

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Joins the lines of comments, because a citation may be wrapped. */
const unwrapped = (text: string): string => text.replaceAll(/\n\s*(?:\*|\/\/)\s/g, ' ');

function unknownIn(text: string): readonly string[] {
  return [...unwrapped(text).matchAll(CITATION)].flatMap(([citation, name = '', file = '']) => {
    const word = new RegExp(String.raw`\b${name}\b`);
    return FILES.some((each) => `/${each}`.endsWith(`/${file}`) && word.test(read(each)))
      ? []
      : [citation];
  });
}

describe('code that comments of tests cite', () => {
  test('exists in the cited file', () => {
    const unknown = sources('tests').flatMap((file) =>
      file.endsWith('cited-names.test.ts')
        ? []
        : unknownIn(read(file)).map((citation) => `${file}: ${citation}`),
    );
    expect(unknown).toEqual([]);
  });

  test.each([
    ['another name', '`nobody` (fence.ts)', ['`nobody` (fence.ts)']],
    ['another file', '`checkFence` (gate.ts)', ['`checkFence` (gate.ts)']],
    [
      'a citation across two lines',
      '`checkFence`\n * (fence.ts), `no`\n * (fence.ts)',
      ['`no` (fence.ts)'],
    ],
  ])('is checked: %s', (_, text, unknown) => {
    expect(unknownIn(text)).toEqual(unknown);
  });
});
