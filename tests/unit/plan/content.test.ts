/** When two values count as the same content, and the text that represents it. */
import { describe, expect, test } from '@jest/globals';
import { canonicalJson, isSameContent } from '../../../shared/domain/declared/declared.ts';

describe('content', () => {
  test.each<[unknown, unknown]>([
    [
      { a: 1, b: [1, 2] },
      { b: [1, 2], a: 1 },
    ],
    [{ a: 1, b: undefined }, { a: 1 }],
    [null, null],
    [[], []],
  ])('%j is the same as %j', (a, b) => {
    expect([isSameContent(a, b), isSameContent(b, a)]).toEqual([true, true]);
  });

  test.each<[unknown, unknown]>([
    [
      [1, 2],
      [2, 1],
    ],
    [[], {}],
    [['x'], { 0: 'x' }],
    [undefined, {}],
    [null, {}],
    [1, {}],
    ['', []],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
  ])('%j differs from %j', (a, b) => {
    expect([isSameContent(a, b), isSameContent(b, a)]).toEqual([false, false]);
  });

  test('that is the same has one text: keys in order at every level, lists and empty values as they are', () => {
    const text = '{"a":null,"b":[2,1,{"c":"x","d":[]}],"e":{"f":1,"g":2,"h":3}}';
    expect(canonicalJson({ e: { h: 3, f: 1, g: 2 }, b: [2, 1, { d: [], c: 'x' }], a: null })).toBe(
      text,
    );
    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });
});
