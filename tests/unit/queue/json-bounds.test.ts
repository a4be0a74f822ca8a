import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { excessOf } from '../../../shared/domain/json-bounds.ts';

const NONE = Number.POSITIVE_INFINITY;

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Empty arrays and objects count as if they had one element. */
function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return (
    1 +
    Math.max(
      1,
      Object.values(value)
        .map(countOf)
        .reduce((a, b) => a + b, 0),
    )
  );
}

describe('JSON text beyond the limits', () => {
  test('is detected by its depth and number of values, whatever its strings contain', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const [depth, values] = [depthOf(value), countOf(value)];
        expect(excessOf(text, { depth, values })).toBeUndefined();
        if (depth > 0) expect(excessOf(text, { depth: depth - 1, values: NONE })).toMatch(/nested/);
        expect(excessOf(text, { depth: NONE, values: Math.floor(values / 2) - 1 })).toMatch(
          /values/,
        );
      }),
    );
  });

  test('is detected by its longest string or name, measured without escapes', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\n', '\u0001', '\u4e00', '\ud83d\ude00'),
    });
    fc.assert(
      fc.property(fc.dictionary(texts, fc.array(texts)), (value) => {
        const text = JSON.stringify(value);
        const longest = Math.max(
          0,
          ...Object.entries(value)
            .flat(2)
            .map((one) => one.length),
        );
        expect(excessOf(text, { depth: NONE, values: NONE, string: longest })).toBeUndefined();
        if (longest > 0)
          expect(excessOf(text, { depth: NONE, values: NONE, string: longest - 1 })).toMatch(
            /string/,
          );
      }),
    );
    expect(excessOf(`"${'x'.repeat(9)}`, { depth: 1, values: 1, string: 8 })).toMatch(/string/);
  });

  test('ignores the content of strings: brackets, commas, quotes and backslashes', () => {
    for (const text of ['[[[[', '{{,,,', '"],["', '\\', '\\\\"', '\\"[[['])
      expect(excessOf(JSON.stringify([text]), { depth: 1, values: 2 })).toBeUndefined();
  });

  test('is scanned to its end even if it is no JSON', () => {
    for (const text of ['', '"', '"\\', ']]]][', '"abc', '\\"['])
      expect(excessOf(text, { depth: 1, values: 2 })).toBeUndefined();
  });
});
