/** Taking the messages of a queue file elsewhere: what is read, and what is refused. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from '@jest/globals';
import { MoveRefusal } from '../../../shared/postgres/moving.ts';
import { leaveSqlite } from '../../../shared/queue/sqlite/leaving.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.db');
});

async function fill(...texts: readonly string[]): Promise<void> {
  const queues = createSqliteQueues({ path, clock: createManualClock(), id: randomUUID });
  for (const body of texts)
    await queues.queue('slices').send({ group: 'g', deduplicationId: body, body });
  await queues.close();
}

async function bodies(): Promise<readonly string[]> {
  const source = leaveSqlite(path);
  try {
    const read: string[] = [];
    for await (const page of source.pages()) read.push(...page.map(({ body }) => body));
    return read;
  } finally {
    await source.close();
  }
}

function refusal(): string {
  try {
    void leaveSqlite(path).close();
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(MoveRefusal);
    return (error as Error).message;
  }
}

test('messages are read as they were sent, in their order, whatever their script', async () => {
  await fill('b', 'ä€😀', 'a');
  expect(await bodies()).toEqual(['b', 'ä€😀', 'a']);
});

test('a message that is no text is named, because PostgreSQL would change or refuse it', async () => {
  await fill('a');
  const file = new DatabaseSync(path);
  file.exec("UPDATE message SET body = CAST(x'61ff' AS TEXT), id = 'one'");
  file.close();
  await expect(bodies()).rejects.toThrow(
    /^message one of slices in .* is no UTF-8 text.*or delete/,
  );
});

test('a file that is not there is refused with the folder as a hint, and not created', () => {
  expect(refusal()).toMatch(/queue\.db does not exist; a relative path is relative to/);
  expect(existsSync(path)).toBe(false);
});

test('a path below a file is refused with the reason of the system', () => {
  writeFileSync(path, '');
  path = join(path, 'queue.db');
  expect(refusal()).toMatch(
    /cannot be opened \(a part of the path is not a directory, ENOTDIR\); run this as the user/,
  );
});

test('a database of another program is refused as such, not as one in use', () => {
  const file = new DatabaseSync(path);
  file.exec('CREATE TABLE other (x)');
  file.close();
  expect(refusal()).toMatch(
    /cannot be read \(no such table: message\); check that it is the queue/,
  );
});
