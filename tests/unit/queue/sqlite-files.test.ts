/** Which files belong to a queue, for "sluice uninstall", and who still uses them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { holdCluster } from '../../../functions/cli/up/hold-cluster.ts';
import { heldClusters, queueFiles } from '../../../shared/queue/sqlite/files.ts';

const folder = (...names: readonly string[]): string => {
  const made = mkdtempSync(join(tmpdir(), 'sluice-'));
  for (const name of names) writeFileSync(join(made, name), '');
  return made;
};
const files = (at: string): readonly string[] =>
  queueFiles(join(at, 'queue.db')).map((file) => basename(file));

test('the files of a queue are its own only, and the queue file is the last of them', () => {
  const beside = [
    'queue.db-shm',
    'queue.db-wal',
    'queue.db.east.lock',
    'queue.db.east.lock-journal',
  ];
  const more = ['a', 'b', 'north', 'south', 'west'].map((id) => `queue.db.${id}.lock`);
  const strange = [
    'east.queue.db',
    'other.lock',
    'queue.db.moved',
    'queue.db.lock.old',
    'queue.db2',
  ];
  const at = folder('queue.db', ...more.toReversed(), ...strange, ...beside);
  const found = files(at);
  expect(found.at(-1)).toBe('queue.db');
  expect(found.slice(0, -1).toSorted()).toEqual([...beside, ...more].toSorted());
});

test('a folder that is not there has no files of a queue', () => {
  expect(files(join(folder(), 'nowhere'))).toEqual([]);
});

test('a cluster is held while its "sluice up" has the lock, whatever lies there', () => {
  const at = folder('queue.db', 'queue.db-wal', 'queue.db.west.lock');
  const path = join(at, 'queue.db');
  writeFileSync(path, 'no database');
  const release = holdCluster(path, 'east');
  expect(heldClusters(path)).toEqual(['east']);
  release();
  expect(heldClusters(path)).toEqual([]);
});
