import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson, isSameContent } from '../../../shared/domain/declared/declared.ts';
import { fingerprint, structureFingerprint } from '../../../shared/domain/plan/fingerprint.ts';
import { settings } from '../../fixtures/arbitraries.ts';

const value = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(0, 1, '', 'a', true, null),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('tree')),
  ),
})).tree;

function shuffled(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(shuffled);
  if (typeof tree !== 'object' || tree === null) return tree;
  return {
    ...Object.fromEntries(
      Object.entries(tree)
        .toReversed()
        .map(([k, v]) => [k, shuffled(v)]),
    ),
    nothing: undefined,
  };
}

describe('same content', () => {
  test('is what has the same canonical text, whatever the order of keys', () => {
    fc.assert(
      fc.property(value, value, (a, b) =>
        expect(isSameContent(a, b)).toBe(canonicalJson(a) === canonicalJson(b)),
      ),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(value, (a) => expect(isSameContent(a, shuffled(a))).toBe(true)),
      { numRuns: 500 },
    );
  });
});

describe('the fingerprint of a structure', () => {
  test('is the same for the same settings and differs for others', () => {
    fc.assert(
      fc.property(settings, settings, (a, b) =>
        expect(structureFingerprint(a) === structureFingerprint(b)).toBe(isSameContent(a, b)),
      ),
      { numRuns: 1_000 },
    );
    expect(fingerprint('a')).toMatch(/^[0-9a-f]{16}$/);
  });
});
