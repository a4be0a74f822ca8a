import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fate } from './protocol.ts';
import { changedSince, hashOf, readRecord, recordOf, recordRows, writeRecord } from './record.ts';
import type { Judged } from './report.ts';
import { TARGETS } from './targets.ts';

const ROOT = resolve(import.meta.dirname, '../..');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-record-'));
  mkdirSync(join(root, 'tests/mutation'), { recursive: true });
  for (const name of ['a.ts', 'b.ts']) writeFileSync(join(root, name), name);
});
afterEach(() => rmSync(root, { recursive: true }));

function judged(file: string, fate: Fate, target = 'plan'): Judged {
  const mutant = { id: 1, kind: 'guard', line: 1, in: 'f', what: 'is always true' } as const;
  return { ...mutant, file, fate, source: 'a || b', target };
}

describe('the record of mutation runs', () => {
  test('has the figures and the hash of each source, and what is open', () => {
    const all = [judged('a.ts', 'killed'), judged('a.ts', 'timeout'), judged('b.ts', 'survived')];
    expect(recordOf(all, (file) => hashOf(root, file))).toEqual({
      sources: {
        'a.ts': { hash: hashOf(root, 'a.ts'), mutants: 2, noticed: 2, explained: 0 },
        'b.ts': { hash: hashOf(root, 'b.ts'), mutants: 1, noticed: 0, explained: 0 },
      },
      open: [{ file: 'b.ts', in: 'f', code: 'a || b', what: 'is always true', fate: 'survived' }],
    });
  });

  test('keeps the targets that were not run, and names the sources that changed since', () => {
    writeRecord(root, [judged('a.ts', 'killed', 'plan')]);
    writeRecord(root, [judged('b.ts', 'unreached', 'map')]);
    expect(Object.keys(readRecord(root))).toEqual(['map', 'plan']);
    expect(changedSince(readRecord(root), root)).toEqual([]);
    writeFileSync(join(root, 'a.ts'), 'other');
    expect(changedSince(readRecord(root), root)).toEqual(['a.ts']);
    rmSync(join(root, 'b.ts'));
    expect(changedSince(readRecord(root), root)).toEqual(['b.ts', 'a.ts']);
  });

  test('is renewed for the sources that were tried again, and keeps the others of the target', () => {
    const open = (file: string): Judged => judged(file, 'survived');
    writeRecord(root, [open('a.ts'), open('b.ts'), judged('b.ts', 'killed')]);
    writeRecord(root, [judged('b.ts', 'killed'), judged('b.ts', 'timeout')], false);
    expect(readRecord(root)['plan']).toEqual(
      recordOf([open('a.ts'), judged('b.ts', 'killed'), judged('b.ts', 'timeout')], (file) =>
        hashOf(root, file),
      ),
    );
    writeRecord(root, [open('b.ts')], false);
    expect(readRecord(root)['plan']?.open.map(({ file }) => file)).toEqual(['a.ts', 'b.ts']);
    const stranger = [judged('b.ts', 'killed', 'map')];
    expect(() => writeRecord(root, stranger, false)).toThrow(/no record of map yet/);
  });

  test('is shown as tables, in which no code ends a cell', () => {
    const quoted = { ...judged('b.ts', 'survived'), source: '`a`' };
    writeRecord(root, [judged('a.ts', 'killed'), judged('b.ts', 'survived'), quoted]);
    expect(recordRows(readRecord(root))).toEqual({
      targets: ['| plan | 2 | 3 | 1 | 0 | 2 | 33.3 % |'],
      open: [
        '| `b.ts` | f | `a \\|\\| b` | is always true | survived |',
        '| `b.ts` | f | `` `a` `` | is always true | survived |',
      ],
    });
  });
});

describe('the record of this repository', () => {
  const record = readRecord(ROOT);

  test('is of targets that exist', () => {
    const known = TARGETS.map(({ name }) => name);
    expect(Object.keys(record).filter((name) => !known.includes(name))).toEqual([]);
  });

  test('is of sources of which at most half have changed since', () => {
    const sources = Object.values(record).flatMap((one) => Object.keys(one.sources));
    const changed = changedSince(record, ROOT);
    // Otherwise: npm run mutate -- <target> --record
    expect(changed.length).toBeLessThanOrEqual(sources.length / 2);
  });
});
