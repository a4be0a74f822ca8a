import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readPeer } from '../../bench/peer.ts';
import { fileOf, speedTable, type Measured } from '../../bench/report.ts';
import { FULL } from '../../bench/speed/figures.ts';
import { ROWS } from '../../bench/speed/rows.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-peer-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(content: unknown): string {
  const path = join(dir, 'peer.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const PEER = { name: 'other', figures: { 'new-port.seconds': 3.2, 'outage.median': [4, 58] } };

function measured(): readonly Measured[] {
  const [row] = ROWS;
  if (row === undefined) throw new Error('there are no rows');
  return [
    {
      row,
      figures: [
        { id: 'seconds', what: 'applied → declared', value: 3.18, unit: 's', floor: 3.01 },
        { id: 'declares', what: 'declares', value: 2, unit: 'declares', floor: 1 },
      ],
    },
  ];
}

describe('a file of figures', () => {
  test('is read', () => {
    expect(readPeer(file({ ...PEER, about: 'measured elsewhere' }))).toEqual({
      ...PEER,
      about: 'measured elsewhere',
    });
  });

  test.each<[string, unknown, RegExp]>([
    ['is not JSON', '{', /is no JSON$/],
    ['has no name', { figures: {} }, /: name: /],
    ['has another key', { ...PEER, speed: 1 }, /speed/],
    [
      'has a string instead of a number',
      { ...PEER, figures: { 'a.b': '3 s' } },
      /: figures\.a\.b: /,
    ],
    ['has a negative number', { ...PEER, figures: { 'a.b': -1 } }, /: figures\.a\.b: /],
    ['has an invalid name of a figure', { ...PEER, figures: { seconds: 1 } }, /: figures/],
    ['has a control character', { ...PEER, name: 'a\u001b[31m' }, /: name: /],
    [
      'has too many figures',
      {
        ...PEER,
        figures: Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`a.f${n}`, 1])),
      },
      /more than 500 figures/,
    ],
    ['is too large', ' '.repeat(262_145), /is larger than 256 KiB$/],
  ])('that %s is refused with one sentence', (_what, content, said) => {
    const path = file(content);
    expect(() => readPeer(path)).toThrow(said);
    expect(() => readPeer(path)).toThrow(`--peer ${path}: `);
  });

  test('is what --save writes', () => {
    const saved = fileOf('ours', 'npm run bench', measured());
    expect(readPeer(file(saved))).toEqual({
      name: 'ours',
      about: 'npm run bench',
      figures: { 'new-port.seconds': 3.18, 'new-port.declares': 2 },
    });
  });
});

describe('the speed table', () => {
  test('shows floor, ratio and the figures of others beside ours', () => {
    const lines = speedTable(measured(), [readPeer(file(PEER))], FULL);
    expect(lines).toContainEqual(
      expect.stringMatching(/applied → declared +s +3\.18 +3\.01 +1\.06 +3\.20$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/declares +declares +2 +1 +2\.00 +-$/));
    expect(lines).toContainEqual(expect.stringMatching(/^new-port: declare 3 s; floor: /));
  });

  test('names a figure of a file that no measured row has', () => {
    const peer = { name: 'other', figures: { 'new-port.secnods': 3.2 } };
    expect(speedTable(measured(), [peer], FULL).at(-1)).toBe(
      'other: no such figure: new-port.secnods',
    );
  });

  test('says why a row gave nothing', () => {
    const [one] = measured();
    if (one === undefined) throw new Error('nothing was measured');
    const lines = speedTable([{ row: one.row, figures: [], failed: 'it did not start' }], [], FULL);
    expect(lines.join('\n')).toContain('failed: it did not start');
  });
});

test('every row has a name of its own that files can use', () => {
  const ids = ROWS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/);
});
