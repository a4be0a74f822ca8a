import * as fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { layOutTable, wrapText } from '../../../functions/cli/terminal/layout.ts';
import { fitHelp } from '../../../functions/cli/terminal/output.ts';
import { paint } from '../../../shared/telemetry/paint.ts';

const HEADER = ['ID', 'OWNER', 'WHAT'];
const ROWS = [
  ['4b1f', 'east/istio-system/istio-ingressgateway', 'a referenced object does not exist'],
  ['9', 'west/a/b', ''],
];

describe('a table on a terminal', () => {
  test('is unlimited if the width of the terminal is unknown', () => {
    expect(layOutTable(HEADER, ROWS)).toBe(
      [
        'ID    OWNER                                   WHAT',
        '4b1f  east/istio-system/istio-ingressgateway  a referenced object does not exist',
        '9     west/a/b',
      ].join('\n'),
    );
  });

  test('wraps whole words if it is too wide', () => {
    expect(layOutTable(HEADER, ROWS, 66)).toBe(
      [
        'ID    OWNER                                   WHAT',
        '4b1f  east/istio-system/istio-ingressgateway  a referenced object',
        '                                              does not exist',
        '9     west/a/b',
      ].join('\n'),
    );
  });

  test('keeps short cells on one line as long as longer ones can wrap', () => {
    const text = layOutTable(
      ['WHAT', 'BUSY', 'DETAILS'],
      [['seen and queued', '0 of 4', 'one two three four five six seven']],
      44,
    );
    expect(text.split('\n').slice(0, 2)).toEqual([
      'WHAT             BUSY    DETAILS',
      'seen and queued  0 of 4  one two three four',
    ]);
  });

  test('becomes a block for each row where not even that fits', () => {
    expect(layOutTable(HEADER, ROWS, 50)).toBe(
      [
        'ID     4b1f',
        'OWNER  east/istio-system/istio-ingressgateway',
        'WHAT   a referenced object does not exist',
        '',
        'ID     9',
        'OWNER  west/a/b',
      ].join('\n'),
    );
  });

  test('loses and cuts no word, and is only wider than the terminal if a word is', () => {
    const word = fc.stringMatching(/^[a-z0-9/.:-]{1,30}$/);
    const cell = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell, cell), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 20, max: 140 }),
        (rows, width) => {
          const header = ['A', 'LONGER', 'C', 'D'];
          const text = layOutTable(header, rows, width);
          const printed = text.split(/\s+/);
          for (const one of rows.flat().flatMap((each) => each.split(' ')))
            if (one !== '') expect(printed).toContain(one);
          const longest = Math.max(
            ...rows.flat().flatMap((each) => each.split(' ').map((w) => w.length)),
          );
          for (const line of text.split('\n'))
            expect(line.length).toBeLessThanOrEqual(
              Math.max(width, longest + 'LONGER  '.length, 24),
            );
        },
      ),
    );
  });
});

test('text wraps at words, and continues below its beginning', () => {
  expect(wrapText('What to do: make the iRule on the device', 24, 12)).toBe(
    ['What to do: make the', '            iRule on the', '            device'].join('\n'),
  );
});

test('colour marks headers, states and signs of change, and changes no word', () => {
  const text = 'CHECK  RESULT\nok     fine\nBAD    broken\n+  bigip\nBADLY said';
  let painted = paint(text);
  expect(painted.split('\n').map((line) => line.startsWith('\u001B['))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
  for (const code of ['0', '1', '31', '32', '33'])
    painted = painted.replaceAll(`\u001B[${code}m`, '');
  expect(painted).toBe(text);
});

test('a help text wraps its sentences, but neither options nor commands to copy', () => {
  const text =
    'Exit code: 0 all succeeded, 1 error.\n\nExample:\n  sluice replay start -c sluice.yaml 7c1e2f0a';
  expect(fitHelp(text, 24)).toBe(
    'Exit code: 0 all\nsucceeded, 1 error.\n\nExample:\n  sluice replay start -c sluice.yaml 7c1e2f0a',
  );
});
