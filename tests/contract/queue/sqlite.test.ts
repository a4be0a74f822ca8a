import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
