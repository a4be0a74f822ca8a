/** A queue file of a later release is left alone. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { createChangeDetector, openDatabase } from '../../../shared/queue/sqlite/database.ts';
import { leaveSqlite } from '../../../shared/queue/sqlite/leaving.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

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

test('a queue file that is refused is not kept open: it can still be moved', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.sqlite');
  const made = openDatabase(path);
  made.exec('PRAGMA user_version = 1');
  made.close();
  expect(() => openDatabase(path)).toThrow(/of a newer Sluice/);
  await leaveSqlite(path).close();
});

test('a file that is no database is refused with the place to look', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.sqlite');
  writeFileSync(path, 'x'.repeat(4_096));
  expect(() => openDatabase(path)).toThrow(
    expect.objectContaining({
      code: 'Q601',
      message: expect.stringMatching(/queue\.sqlite cannot be opened: .*Check queue\.path/),
    }),
  );
});

test('a new file has the format that 0.1.0 reads', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.sqlite');
  const database = openDatabase(path);
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 0 });
  database.close();
});

test('receivers look again once when another process wrote or the clock was set, not because time passes', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.sqlite');
  const [database, other] = [openDatabase(path), openDatabase(path)];
  const clock = createManualClock();
  const changed = createChangeDetector(database, clock);
  await clock.pass(5_000);
  expect(changed()).toBe(false);
  other.exec("INSERT INTO seen VALUES ('slices', 'd', 0)");
  expect([changed(), changed()]).toEqual([true, false]);
  for (const ms of [3_600_000, -3_600_000]) {
    clock.step(ms);
    expect([changed(), changed()]).toEqual([true, false]);
  }
  // As clocks drift.
  clock.step(1_000);
  expect(changed()).toBe(false);
  database.close();
  expect(changed()).toBe(true);
  other.close();
});
