/**
 * Everything that is sent to a terminal is visible there, whatever it contains. Seen red with each
 * class of characters removed from `UNSEEN`.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { formatTable, yamlOf } from '../../functions/cli/terminal/output.ts';
import { isVisible, visible, visibleJson, visibleLines } from '../../shared/telemetry/visible.ts';

/**
 * Listed independently of the code: ranges of characters that move the cursor, ring, reorder, hide
 * or break lines.
 */
const RANGES: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x34f, 0x34f],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x206f],
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0xd800, 0xdfff],
  [0xe0001, 0xe0001],
  [0xe0020, 0xe007f],
];
const unseen = (text: string): boolean =>
  Array.from(text).some((c) =>
    RANGES.some(([from, to]) => (c.codePointAt(0) ?? 0) >= from && (c.codePointAt(0) ?? 0) <= to),
  );
const bad = fc.oneof(
  ...RANGES.map(([min, max]) =>
    fc
      .integer({ min, max })
      .map((code) =>
        code >= 0xd800 && code <= 0xdfff ? String.fromCharCode(code) : String.fromCodePoint(code),
      ),
  ),
);
const hostile = fc
  .array(
    fc.oneof(
      bad,
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(
        '\u001B]0;owned\u0007',
        '\u001B[2J',
        '\u009B31m',
        '\r\n',
        '{',
        '"',
        '\\',
        ': ',
        '- ',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('text on a terminal', () => {
  test('contains nothing that a terminal interprets or hides, and no line break', () => {
    fc.assert(
      fc.property(
        hostile,
        (text) =>
          !unseen(visible(text)) &&
          isVisible(visible(text)) &&
          visible(text).split(/\r|\n/).length === 1,
      ),
      { numRuns: 3_000 },
    );
    fc.assert(
      fc.property(hostile, (text) => !unseen(visibleLines(text).replaceAll('\n', ''))),
      { numRuns: 1_000 },
    );
    for (const [from, to] of RANGES)
      for (const code of [from, to])
        expect(visible(String.fromCodePoint(code))).toMatch(
          /^\\(?:[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\})$/,
        );
  });

  test('is the same when repeated', () => {
    fc.assert(fc.property(hostile, (text) => visible(visible(text)) === visible(text)));
    fc.assert(
      fc.property(hostile, (text) => visibleLines(visibleLines(text)) === visibleLines(text)),
    );
  });

  test('that is harmless is not changed', () => {
    for (const text of [
      '',
      'plain',
      'C:\\temp',
      'Zürich → 東京 ☃ 😀',
      'العربية',
      '172.16.100.195:32400/tcp',
      '`$(x)`',
    ])
      expect(visible(text)).toBe(text);
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => visible(text) === text));
  });

  test('is one line for each row of a table', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(hostile, { minLength: 3, maxLength: 3 }), { maxLength: 5 }),
        (rows) => formatTable(['A', 'B', 'C'], rows).split('\n').length === rows.length + 1,
      ),
    );
  });
});

describe('data on a terminal', () => {
  // V8 13.6 reads "\\u0062" as "\\" if the key "\\" stood in the same place of an earlier object.
  const data = fc.dictionary(
    hostile.filter((key) => key !== '__proto__' && !key.endsWith('\\')),
    fc.oneof(hostile, fc.array(hostile, { maxLength: 3 })),
    { maxKeys: 4 },
  );
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  test('as JSON is the same data, in text without anything that a terminal interprets', () => {
    fc.assert(
      fc.property(data, (value) => {
        const text = visibleJson(JSON.stringify(value, null, 2));
        expect(unseen(text.replaceAll('\n', ''))).toBe(false);
        expect(JSON.parse(text)).toEqual(plain(value));
      }),
      { numRuns: 1_000 },
    );
  });

  test('as YAML is, too', () => {
    const whole = data.filter(
      (value) =>
        JSON.stringify(value) === JSON.stringify(value).toWellFormed() &&
        !/\\ud[89a-f]/.test(JSON.stringify(value)),
    );
    fc.assert(
      fc.property(whole, (value) => {
        const text = yamlOf(value);
        expect(unseen(text.replaceAll('\n', ''))).toBe(false);
        expect(parse(text)).toEqual(plain(value));
      }),
      { numRuns: 1_000 },
    );
  });
});
