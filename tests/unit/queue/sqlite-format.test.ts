/** A queue file of a later release is left alone. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { openDatabase } from '../../../shared/queue/sqlite/database.ts';

test('a queue file of a newer format is refused with the remedy, and stays byte for byte', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.sqlite');
  const later = new DatabaseSync(path);
  later.exec('CREATE TABLE message_2 (id TEXT) STRICT; PRAGMA user_version = 1');
  later.close();
  const before = readFileSync(path);
  expect(() => openDatabase(path)).toThrow(
    /has format 1 of a newer Sluice, and \d+\.\d+\.\d+ knows format 0\. .*Use the newer version/,
  );
  expect(readFileSync(path)).toEqual(before);
});

test('a new file has the format that 0.1.0 reads', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.sqlite');
  const database = openDatabase(path);
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 0 });
  database.close();
});
