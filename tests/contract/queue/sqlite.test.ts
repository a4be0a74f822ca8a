import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import type { Queue, QueueMessage, Queues } from '../../../shared/queue/port.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
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

test.each([0o600, 0o644, 0o666])(
  "only the owner can read the queue file and SQLite's files beside it, even if its mode was %i before",
  async (mode) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
    const path = join(folder, 'queue.sqlite');
    const open = () => createSqliteQueues({ path, clock: createManualClock(), id: randomUUID });
    const first = open();
    await first.queue('slices').send({ group: 'g', deduplicationId: 'd', body: 'secret' });
    const files = ['', '-wal', '-shm'].map((end) => `${path}${end}`);
    for (const file of files) chmodSync(file, mode);
    const second = open();
    await second.queue('slices').send({ group: 'g', deduplicationId: 'e', body: 'secret' });
    expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual([
      '600',
      '600',
      '600',
    ]);
    for (const queues of [first, second]) await queues.close();
    rmSync(folder, { recursive: true });
  },
);

test("a folder that is made for the queue file is its owner's alone; one that was there is left as it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  chmodSync(folder, 0o755);
  const queues = createSqliteQueues({
    path: join(folder, 'made', 'queue.sqlite'),
    clock: createManualClock(),
    id: randomUUID,
  });
  expect(
    [folder, join(folder, 'made')].map((path) => (statSync(path).mode & 0o777).toString(8)),
  ).toEqual(['755', '700']);
  await queues.close();
  rmSync(folder, { recursive: true });
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a queue file whose machine has its clock set', () => {
  let folder: string;
  let clock: ManualClock;
  let opened: Queues[];
  /** As another process has it: it knows nothing but the file. */
  const open = (): Queue => {
    const queues = createSqliteQueues({
      path: join(folder, 'queue.sqlite'),
      clock,
      id: randomUUID,
    });
    opened.push(queues);
    return queues.queue('slices');
  };
  const take = (queue: Queue): Promise<readonly QueueMessage[]> =>
    queue.receive({ max: 10, wait: 0, visibility: 30_000 });
  const bodies = async (queue: Queue): Promise<readonly string[]> =>
    (await take(queue)).map(({ body }) => body);
  const send = (queue: Queue, body: string): Promise<void> =>
    queue.send({ group: body, deduplicationId: body, body });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
    clock = createManualClock();
    opened = [];
  });
  afterEach(async () => {
    for (const queues of opened) await queues.close();
    rmSync(folder, { recursive: true });
  });

  test('back gives what waits at once, and what a killed process had in hand', async () => {
    const killed = open();
    await send(killed, 'in hand');
    await take(killed);
    await send(killed, 'waits');
    clock.step(-HOUR);
    expect(await bodies(open())).toEqual(['in hand', 'waits']);
  });

  test('back by less than the longest time that anything is hidden gives at once what was never received', async () => {
    const queue = open();
    await send(queue, 'waits');
    clock.step(-60_000);
    expect(await bodies(queue)).toEqual(['waits']);
  });

  test('back hides what is in hand no longer than was said', async () => {
    const queue = open();
    await send(queue, 'a');
    await take(queue);
    clock.step(-60_000);
    expect(await bodies(queue)).toEqual([]);
    expect(await queue.depth()).toMatchObject({ waiting: 0, inFlight: 1 });
    await clock.pass(30_000);
    expect(await bodies(queue)).toEqual(['a']);
  });

  test('set ahead does not redeliver messages in progress to the same process, and lets them finish', async () => {
    const queue = open();
    await send(queue, 'a');
    await send(queue, 'b');
    const [a, b] = await take(queue);
    clock.step(HOUR);
    expect(await bodies(queue)).toEqual([]);
    expect(await queue.depth()).toMatchObject({ waiting: 0, inFlight: 2 });
    await queue.changeVisibility(a?.receipt ?? '', 5_000);
    await queue.delete(b?.receipt ?? '');
    await clock.pass(5_000);
    expect(await bodies(queue)).toEqual(['a']);
  });

  test('ahead by weeks deletes nothing, as long as that was within the hour', async () => {
    const queue = open();
    await send(queue, 'old');
    clock.step(20 * DAY);
    await clock.pass(HOUR - 60_000);
    expect(await bodies(open())).toEqual(['old']);
    await clock.pass(HOUR);
    clock.step(-20 * DAY);
    expect(await bodies(queue)).toEqual(['old']);
  });

  test('back does not swallow what is sent again later under the same id', async () => {
    const queue = open();
    await send(queue, 'a');
    await queue.delete((await take(queue))[0]?.receipt ?? '');
    clock.step(-HOUR);
    await send(queue, 'a');
    expect(await bodies(queue)).toEqual(['a']);
  });
});
