import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createManualClock } from './manual-clock.ts';
import { queueContract, type Subject } from './suite.ts';

function start(path: string, clean: () => void): Subject {
  const clock = createManualClock();
  const queues = createSqliteQueues({ path, clock, id: randomUUID, maxReceiveCount: 3 });
  return {
    queues,
    pass: (ms) => clock.pass(ms),
    stop: async () => {
      await queues.close();
      clean();
    },
  };
}

queueContract('SQLite in memory', async () => start(':memory:', () => undefined));

queueContract('SQLite file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  return start(join(folder, 'deep', 'queue.sqlite'), () => rmSync(folder, { recursive: true }));
});

test.each([0o600, 0o644, 0o666])('nobody but its owner reads the queue file and what SQLite puts beside it, when it had %i before', async (mode) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  const path = join(folder, 'queue.sqlite');
  const open = () => createSqliteQueues({ path, clock: createManualClock(), id: randomUUID });
  const first = open();
  await first.queue('slices').send({ group: 'g', deduplicationId: 'd', body: 'secret' });
  const files = ['', '-wal', '-shm'].map((end) => `${path}${end}`);
  for (const file of files) chmodSync(file, mode);
  const second = open();
  await second.queue('slices').send({ group: 'g', deduplicationId: 'e', body: 'secret' });
  expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(['600', '600', '600']);
  for (const queues of [first, second]) await queues.close();
  rmSync(folder, { recursive: true });
});

test('a folder that is made for the queue file is its owner\'s alone; one that was there is left as it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  chmodSync(folder, 0o755);
  const queues = createSqliteQueues({ path: join(folder, 'made', 'queue.sqlite'), clock: createManualClock(), id: randomUUID });
  expect([folder, join(folder, 'made')].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['755', '700']);
  await queues.close();
  rmSync(folder, { recursive: true });
});
