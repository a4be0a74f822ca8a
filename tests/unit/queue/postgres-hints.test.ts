/** Notices of PostgreSQL, which every role of the database may send. */
import { expect, test } from '@jest/globals';
import { createHints } from '../../../shared/queue/postgres/hints.ts';
import type { QueueName } from '../../../shared/queue/port.ts';

const clock = { sleep: () => Promise.resolve() };

test('a notice about a queue that nobody receives from leaves nothing behind', () => {
  const hints = createHints(clock);
  hints.ring('any text of any role');
  expect(hints.count('any text of any role' as QueueName)).toBe(0);
});

test('a notice between a look and the next wait is not missed', async () => {
  let slept = false;
  const hints = createHints({
    sleep: () => {
      slept = true;
      return Promise.resolve();
    },
  });
  const seen = hints.count('slices');
  hints.ring('slices');
  await hints.wait('slices', seen, { ms: 500, signal: undefined });
  expect(slept).toBe(false);
});
