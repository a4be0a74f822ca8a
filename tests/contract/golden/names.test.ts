/**
 * Public names may be added. They are removed or renamed only in a new major version, with a
 * migration.
 */
import { describe, expect, test } from '@jest/globals';
import { golden } from './files.ts';
import { presentNames, type Names } from './names.ts';

const THEN = JSON.parse(golden('names.json')) as Names;
const now = await presentNames();

describe('no name of 0.1.0 is missing', () => {
  test.each(Object.keys(THEN))('%s', (list) => {
    const present = new Set(now[list]);
    expect(THEN[list]!.filter((name) => !present.has(name))).toEqual([]);
    expect(THEN[list]!.length).toBeGreaterThan(1);
  });

  test('each list of names is kept', () => {
    expect(Object.keys(now)).toEqual(Object.keys(THEN));
  });
});
