/** The audit log: no entry replaces another one, and all of them are read. */
import { describe, expect, test } from '@jest/globals';
import { createAudit } from '../../../shared/failures/audit.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

const entry = (action: string) => ({ who: 'ada', action, selection: 's', why: 'w', result: 'r' });

describe('the audit log', () => {
  test('refuses an entry with an existing name, and keeps the existing entry', async () => {
    const audit = createAudit(
      memoryBlobs(),
      () => 1_000,
      () => 'same',
    );
    await audit.append(entry('first'));
    await expect(audit.append(entry('second'))).rejects.toMatchObject({ code: 'RPL700' });
    expect((await audit.list()).map(({ action }) => action)).toEqual(['first']);
  });

  test('lists every entry once, oldest first, however many there are', async () => {
    let now = 0;
    const audit = createAudit(
      memoryBlobs(),
      () => (now += 1_000),
      () => 'id',
    );
    const names = Array.from({ length: 70 }, (_, n) => `action ${n}`);
    for (const name of names) await audit.append(entry(name));
    expect((await audit.list()).map(({ action }) => action)).toEqual(names);
  });

  test('omits entries that are deleted by hand while it is read', async () => {
    const blobs = memoryBlobs();
    const audit = createAudit(
      { ...blobs, list: async () => [{ key: 'audit/gone.json', tag: '1' }] },
      () => 1,
      () => 'id',
    );
    expect(await audit.list()).toEqual([]);
  });
});
