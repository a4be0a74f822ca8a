/** The panel of changes: what the address names, and what moved. */
import { describe, expect, test } from '@jest/globals';
import { CHANGE_NAMES } from '../../../../functions/console/schemas/changes.ts';
import { differenceOf } from '../../../../functions/console/page/logic/difference.ts';
import { deedOf, GOES, SHORTCUTS } from '../../../../functions/console/page/logic/keys.ts';
import {
  parseRequest,
  requestText,
  requestTitle,
} from '../../../../functions/console/page/logic/wanted.ts';

describe('a change in the address', () => {
  test('is the change that it was made of', () => {
    const request = { kind: 'cluster', action: 'drain', cluster: 'east' } as const;
    expect(parseRequest(requestText(request))).toEqual(request);
    expect(requestTitle(request)).toBe('Drain a cluster');
  });

  test.each([undefined, '', '{', '1', 'null', '{"kind":"toString"}', '{"kind":"replay"}'])(
    '%j is none',
    (text) => {
      expect(parseRequest(text)).toBeUndefined();
    },
  );

  test.each(CHANGE_NAMES)('%s has a heading', (kind) => {
    expect(parseRequest(JSON.stringify({ kind }))).toEqual({ kind });
    expect(requestTitle({ kind } as never).length).toBeGreaterThan(5);
  });
});

test('the difference of two previews names counts, objects and the risk', () => {
  const preview = {
    kind: 'archive' as const,
    what: '',
    objects: { total: 2, list: ['a', 'b'] },
    counts: { failures: 2 },
    effects: [],
    deed: '',
    command: '',
    hash: '1',
  };
  const after = {
    ...preview,
    objects: { total: 2, list: ['b', 'c'] },
    counts: { failures: 3 },
    risk: 'It is the last one.',
  };
  expect(differenceOf(preview, after)).toEqual([
    'failures: 2 before, 3 now',
    'new: c',
    'gone: a',
    'It is the last one.',
  ]);
  expect(differenceOf(preview, preview)).toEqual([]);
  const many = {
    ...preview,
    objects: { total: 99, list: Array.from({ length: 99 }, (_, i) => `x${i}`) },
  };
  expect(differenceOf(preview, many)).toContain('new: 79 more');
});

test('keys go to rooms only after g, and each is in the help', () => {
  expect(deedOf('f', false)).toEqual({ kind: 'none' });
  expect(deedOf('f', true)).toEqual({ kind: 'go', room: 'failures' });
  expect(deedOf('/', false)).toEqual({ kind: 'search' });
  expect(deedOf('?', true)).toEqual({ kind: 'help' });
  const listed = SHORTCUTS.map(([keys]) => keys);
  for (const key of Object.keys(GOES)) expect(listed).toContain(`g ${key}`);
});
