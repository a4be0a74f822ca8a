import { expect, test } from '@jest/globals';
import { moveText } from '../../../functions/cli/store/tables.ts';

test('a move is shown with a line for each store and one table of numbers', () => {
  const text = moveText({
    parts: [
      {
        part: 'queue',
        from: '/old/q',
        to: 'PostgreSQL',
        state: 'already',
        at: '2026-11-30T10:00:00.000Z',
        rows: [{ kind: 'slices', source: 2, target: 2 }],
      },
      {
        part: 'failures',
        from: '/old/f',
        to: 'PostgreSQL',
        state: 'differs',
        rows: [
          { kind: 'audit', source: 3, target: 2 },
          { kind: 'views', source: 1, target: 1 },
        ],
      },
    ],
    staying: [],
  });
  expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
    'queue: /old/q -> PostgreSQL: was moved at 2026-11-30T10:00:00.000Z, nothing was copied again',
    'failures: /old/f -> PostgreSQL: DIFFERS: not everything arrived, so nothing was moved',
    '',
    'WHAT                SOURCE  TARGET',
    'messages in slices  2       2',
    'all of queue        2       2',
    'audit entries       3       2',
    'files in views      1       1',
    'all of failures     4       3',
  ]);
});
