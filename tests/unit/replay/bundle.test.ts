/** A file of failures is read as a whole or not at all. */
import { describe, expect, test } from '@jest/globals';
import { readBundle, writeBundle } from '../../../shared/failures/bundle.ts';
import type { Failure } from '../../../shared/failures/port.ts';
import { owner, startSite } from '../../fixtures/failures/site.ts';

async function failures(count: number): Promise<readonly Failure[]> {
  const site = startSite();
  for (let n = 0; n < count; n++) await site.fail(owner(n), 1, [1_000 + n]);
  const { store } = site.failures;
  return Promise.all((await store.list()).map(async ({ id }) => (await store.get(id))!));
}

describe('a bundle', () => {
  test('gives back what was written, blank lines and a missing last line break or not', async () => {
    const all = await failures(2);
    const text = writeBundle(all, 0);
    expect(readBundle(text, 'b.jsonl')).toEqual(all);
    expect(readBundle(`\n${text.trimEnd().replaceAll('\n', '\n\n')}`, 'b.jsonl')).toEqual(all);
    expect(readBundle(writeBundle([], 0), 'b.jsonl')).toEqual([]);
  });

  /** Red without the comparison: a copy that was cut between two lines would count as complete. */
  test('that lacks lines, or has too many, is refused with both numbers', async () => {
    const lines = writeBundle(await failures(3), 0)
      .trimEnd()
      .split('\n');
    expect(() => readBundle(lines.slice(0, 3).join('\n'), 'b.jsonl')).toThrow(
      expect.objectContaining({
        code: 'RPL709',
        message: expect.stringContaining('b.jsonl announces 3 failures but contains 2') as unknown,
      }),
    );
    expect(() => readBundle([...lines, lines[3]].join('\n'), 'b.jsonl')).toThrow(
      expect.objectContaining({
        code: 'RPL709',
        message: expect.stringContaining('contains 4') as unknown,
      }),
    );
  });

  test('that breaks off within a line, or is none, is refused with the line', async () => {
    const text = writeBundle(await failures(2), 0);
    for (const [broken, where] of [
      [text.slice(0, -20), 'line 3'],
      ['', 'line 1'],
      ['{"format":"other"}', 'line 1'],
      [text.replace('"code"', '"cod"'), 'line 2'],
    ] as const) {
      expect(() => readBundle(broken, 'b.jsonl')).toThrow(
        expect.objectContaining({
          code: 'RPL709',
          message: expect.stringContaining(`b.jsonl, ${where}`) as unknown,
        }),
      );
    }
  });
});
