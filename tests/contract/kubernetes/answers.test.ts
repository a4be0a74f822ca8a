/**
 * The lab's API answers as a real one does. `fixtures/kubernetes-answers.json` contains calls with
 * the answers of a kube-apiserver 1.32; `npm run oracle -- kube` asks another one.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { answersOf } from '../../oracle/kube/calls.ts';
import { startLab } from '../../oracle/kube/lab.ts';
import { plain } from '../../oracle/kube/normal.ts';
import { readRows } from '../../oracle/kube/rows.ts';

/**
 * Every known difference from the real API, and why it stays. The test fails if another difference
 * appears or one of these disappears.
 */
const knownDifferences: Readonly<Record<string, string>> = {
  'same-port-twice':
    'The real message prints a structure of Go, and names the node port that both ' +
    'would share. Code, reason and field are right.',
};

const recorded = resolve(import.meta.dirname, '../../../../shared/oracles/kube/answers-1.32.json');
const rows = readRows();

let answers: ReadonlyMap<string, unknown>;

beforeAll(async () => {
  const lab = await startLab({
    now: () => Date.parse('2026-11-29T12:05:00Z'),
    // The recorded API server ran without controllers.
    namespaceMs: Infinity,
  });
  try {
    answers = await answersOf(lab, rows);
  } finally {
    await lab.close();
  }
}, 60_000);

const expected = new Map(
  rows.flatMap(({ name, answer }) => (name === undefined ? [] : [[name, plain(answer)] as const])),
);

test.each([...expected.keys()].filter((name) => !(name in knownDifferences)))(
  'the lab answers %s as a real API server does',
  (name) => {
    expect(answers.get(name)).toEqual(expected.get(name));
  },
);

test.each(Object.keys(knownDifferences))('the known difference of %s still exists', (name) => {
  expect(expected.has(name)).toBe(true);
  expect(answers.get(name)).not.toEqual(expected.get(name));
});

(existsSync(recorded) ? test : test.skip)('the fixture holds every recorded answer', () => {
  const all = JSON.parse(readFileSync(recorded, 'utf8')) as Record<string, unknown>;
  expect(Object.fromEntries(expected)).toEqual(plain(all));
});
