/** Golden files contain what a release wrote, and are never edited. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { filesIn, GOLDEN, sha256 } from './files.ts';

const ROOT = join(GOLDEN, '..');

describe.each(['0.1.0', 'earlier', 'after-0.1.0'])('the golden files of %s', (release) => {
  const root = join(ROOT, release);

  test('are complete and unchanged, with none added', () => {
    const listed = readFileSync(join(root, 'SHA256SUMS'), 'utf8').trim().split('\n');
    const present = filesIn(root).filter((path) => path !== 'SHA256SUMS' && path !== 'README.md');
    expect(present.map((path) => `${sha256(readFileSync(join(root, path)))}  ${path}`)).toEqual(
      listed,
    );
    expect(present.length).toBeGreaterThan(1);
  });
});
