/**
 * The marks of messages that may have crashed a process: when they are written, and how long they
 * are kept.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createPruner } from '../../../functions/park/prune.ts';
import { createMarkKeeping, MARKS, marksOver } from '../../../shared/failures/marks.ts';
import { suspectsOf } from '../../../shared/failures/suspects.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { configOf, testRuntime } from '../../fixtures/failures/runtime.ts';

const DAY = 86_400_000;
const message = (id: string): QueueMessage => ({
  id,
  body: '',
  group: 'g',
  deduplicationId: id,
  receipt: id,
  receiveCount: 2,
  sentAt: 0,
});

test('the count of a message outlives the process, and is separate for each queue', async () => {
  const [blobs, { clock }] = [memoryBlobs(), testRuntime()];
  await marksOver('slices', async () => blobs, clock).set(message('a'), 2);
  expect(await marksOver('slices', async () => blobs, clock).get(message('a'))).toBe(2);
  expect(await marksOver('snapshots', async () => blobs, clock).get(message('a'))).toBe(0);
});

test('the storage is opened again after it could not be opened', async () => {
  const [blobs, { clock }] = [memoryBlobs(), testRuntime()];
  let opens = 0;
  const marks = marksOver(
    'slices',
    async () => {
      opens += 1;
      if (opens === 1) throw new Error('away');
      return blobs;
    },
    clock,
  );
  await expect(marks.set(message('a'), 1)).rejects.toThrow('away');
  await marks.set(message('a'), 2);
  expect([await marks.get(message('a')), opens]).toEqual([2, 2]);
});

/**
 * Red without `suspects.prune` in the pruner: the mark of a message that its queue deleted is kept
 * forever.
 */
test('park forgets a mark when no queue can hold its message any more, not before', async () => {
  const [blobs, runtime] = [memoryBlobs(), testRuntime()];
  const marks = marksOver('slices', async () => blobs, runtime.clock);
  const prune = createPruner(runtime, failuresOver(blobs, runtime));
  await marks.set(message('old'), 1);
  runtime.advance(7 * DAY);
  await marks.set(message('young'), 2);
  await blobs.put(`${MARKS}slices/unreadable.json`, 'x');
  runtime.advance(7 * DAY);
  await prune();
  expect([await marks.get(message('old')), await marks.get(message('young'))]).toEqual([1, 2]);
  expect(await blobs.list(MARKS)).toHaveLength(2);
  runtime.advance(DAY);
  await prune();
  expect([await marks.get(message('old')), await marks.get(message('young'))]).toEqual([0, 2]);
  runtime.advance(7 * DAY);
  await prune();
  expect(await blobs.list(MARKS)).toEqual([]);
});

test('has a name that is the same in every version, and that no message can choose', async () => {
  const [blobs, { clock }] = [memoryBlobs(), testRuntime()];
  await marksOver('slices', async () => blobs, clock).set(message('../a'), 1);
  const [, hash] = /^suspects\/slices\/([0-9a-f]{32})\.json$/.exec(
    (await blobs.list(MARKS))[0]!.key,
  )!;
  expect(createHash('sha256').update('../a').digest('hex').startsWith(hash!)).toBe(true);
});

test('a mark that is deleted while old marks are pruned causes no error', async () => {
  const blobs = memoryBlobs();
  const keeping = createMarkKeeping({
    ...blobs,
    list: async () => [{ key: `${MARKS}slices/gone.json`, tag: '1', written: 0 }],
  });
  expect(await keeping.prune(1)).toBe(0);
});

describe('the store that is configured', () => {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'sluice-marks-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  test.each([
    [false, ['suspects']],
    [true, []],
  ])('with dry run %s holds %j after a suspect was begun', async (dryRun, holds) => {
    const runtime = testRuntime(configOf({ failures: { kind: 'fs', path } }));
    const suspects = suspectsOf({ ...runtime, dryRun }, 'slices');
    await suspects.begin(message('a'), 1);
    expect(readdirSync(path).filter((name) => !name.startsWith('.'))).toEqual(holds);
    await suspects.end(message('a'));
    await suspects.close();
  });
});
