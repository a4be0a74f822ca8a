import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { leaveSqlite } from '../../../shared/queue/sqlite/leaving.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import type { Queue, QueueMessage, Queues } from '../../../shared/queue/port.ts';
import { createWakeUp, type WakeUp } from '../../../shared/queue/sqlite/wake-up.ts';
import { createManualClock, idle, type ManualClock } from './manual-clock.ts';
import { queueContract, type Subject } from './suite.ts';

function start(path: string, clean: () => void): Subject {
  const clock = createManualClock();
  const queues = createSqliteQueues({ path, clock, id: randomUUID, maxReceiveCount: 3 });
  return {
    queues,
    pass: (ms) => clock.pass(ms),
    refuse: async (refused) => {
      const other = new DatabaseSync(path);
      const [from, to] = refused ? ['message', 'gone'] : ['gone', 'message'];
      other.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      other.close();
    },
    stop: async () => {
      await queues.close();
      clean();
    },
  };
}

queueContract('SQLite in memory', async () => start(':memory:', () => undefined), {
  neverAway: true,
});

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

test('a new folder for the queue file is private to its owner; an existing one is not changed', async () => {
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

test('only a message that the queue itself gave up says that it was moved', async () => {
  const clock = createManualClock();
  const queues = createSqliteQueues({
    path: ':memory:',
    clock,
    id: randomUUID,
    maxReceiveCount: 1,
  });
  const take = (queue: Queue): Promise<readonly QueueMessage[]> =>
    queue.receive({ max: 1, waitMs: 0, visibilityMs: 1 });
  await queues.queue('slices').send({ group: 'g', deduplicationId: 'd', body: 'b' });
  expect((await take(queues.queue('slices')))[0]?.redriven).toBeUndefined();
  await clock.pass(1);
  expect(await take(queues.queue('slices'))).toEqual([]);
  expect((await take(queues.queue('slices-dead')))[0]?.redriven).toBe(true);
  await queues.close();
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a queue file whose machine has its clock set', () => {
  let folder: string;
  let clock: ManualClock;
  let opened: Queues[];
  /** As in another process, which shares only the file. */
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
    queue.receive({ max: 10, waitMs: 0, visibilityMs: 30_000 });
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

  test('set back delivers waiting messages at once, and those of a killed process', async () => {
    const killed = open();
    await send(killed, 'in hand');
    await take(killed);
    await send(killed, 'waits');
    clock.step(-HOUR);
    expect(await bodies(open())).toEqual(['in hand', 'waits']);
  });

  test('set back by less than the longest visibility delivers unreceived messages at once', async () => {
    const queue = open();
    await send(queue, 'waits');
    clock.step(-60_000);
    expect(await bodies(queue)).toEqual(['waits']);
  });

  test('set back does not hide messages in progress for longer than requested', async () => {
    const queue = open();
    await send(queue, 'a');
    await take(queue);
    clock.step(-60_000);
    expect(await bodies(queue)).toEqual([]);
    expect(await queue.depth()).toMatchObject({ waiting: 0, inFlight: 1 });
    await clock.pass(30_000);
    expect(await bodies(queue)).toEqual(['a']);
  });

  test('counts the messages of one group only, if asked', async () => {
    const queue = open();
    for (const group of ['a', 'a', 'b', 'ä'])
      await queue.send({ group, deduplicationId: randomUUID(), body: group });
    await queue.receive({ max: 1, waitMs: 0, visibilityMs: 30_000 });
    expect(await queue.depth('a')).toMatchObject({ waiting: 1, inFlight: 1 });
    expect(await queue.depth('b')).toMatchObject({ waiting: 1, inFlight: 0 });
    expect(await queue.depth('ä')).toMatchObject({ waiting: 1, inFlight: 0 });
    expect(await queue.depth('c')).toEqual({ waiting: 0, inFlight: 0 });
    expect(await queue.depth()).toMatchObject({ waiting: 3, inFlight: 1 });
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

  test('ahead by weeks deletes nothing if it lasts less than an hour', async () => {
    const queue = open();
    await send(queue, 'old');
    clock.step(20 * DAY);
    await clock.pass(HOUR - 60_000);
    expect(await bodies(open())).toEqual(['old']);
    await clock.pass(HOUR);
    clock.step(-20 * DAY);
    expect(await bodies(queue)).toEqual(['old']);
  });

  test('set back does not deduplicate messages that are sent again later', async () => {
    const queue = open();
    await send(queue, 'a');
    await queue.delete((await take(queue))[0]?.receipt ?? '');
    clock.step(-HOUR);
    await send(queue, 'a');
    expect(await bodies(queue)).toEqual(['a']);
  });

  test.each<[string, number, readonly string[]]>([
    ['ahead', HOUR, ['in hand']],
    ['back', -HOUR, ['in hand']],
    ['not at all', 0, []],
  ])('set %s while a receiver waits: messages of a killed process', async (_, step, expected) => {
    const killed = open();
    await send(killed, 'in hand');
    await take(killed);
    const waiting = open().receive({ max: 1, waitMs: 1_000, visibilityMs: 30_000 });
    await idle();
    clock.step(step);
    await clock.pass(step === 0 ? 1_000 : 50);
    expect((await waiting).map(({ body }) => body)).toEqual(expected);
  });

  test('set ahead while it has a message in flight: a receiver gets it when its time is over', async () => {
    const queue = open();
    await send(queue, 'a');
    await take(queue);
    clock.step(HOUR);
    const waiting = queue.receive({ max: 1, waitMs: 60_000, visibilityMs: 30_000 });
    await clock.pass(30_000);
    expect((await waiting).map(({ body }) => body)).toEqual(['a']);
  });

  test('set back does not make an expired receipt valid', async () => {
    const queue = open();
    await send(queue, 'a');
    const [a] = await take(queue);
    await clock.pass(30_000);
    clock.step(-20_000);
    const late = { name: 'QueueError', code: 'Q605' };
    await expect(queue.changeVisibility(a?.receipt ?? '', 5_000)).rejects.toMatchObject(late);
    await expect(queue.delete(a?.receipt ?? '')).rejects.toMatchObject(late);
    expect(await bodies(queue)).toEqual(['a']);
  });
});

describe('a receiver that waits', () => {
  let folder: string;
  let clock: ManualClock;
  let queues: Queues;
  let queue: Queue;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
    clock = createManualClock();
    queues = createSqliteQueues({
      path: join(folder, 'queue.sqlite'),
      clock,
      id: randomUUID,
      // Polling alone would notice nothing here.
      poll: 60_000,
    });
    queue = queues.queue('slices');
  });
  afterEach(async () => {
    await queues.close();
    rmSync(folder, { recursive: true });
  });

  const send = (body: string, group = body): Promise<void> =>
    queue.send({ group, deduplicationId: body, body });
  const take = (wait = 0, max = 1): Promise<readonly QueueMessage[]> =>
    queue.receive({ max, waitMs: wait, visibilityMs: 30_000 });
  /** The result of the receive, once it ends. */
  function waiting(wait = 60_000): { got?: readonly string[]; failed?: string } {
    const outcome: { got?: readonly string[]; failed?: string } = {};
    take(wait).then(
      (messages) => {
        outcome.got = messages.map(({ body }) => body);
      },
      (error: unknown) => {
        outcome.failed = String(error);
      },
    );
    return outcome;
  }

  test('returns nothing when its time is over, not earlier', async () => {
    const one = waiting(5_000);
    await clock.pass(4_999);
    expect(one).toEqual({});
    await clock.pass(1);
    expect(one).toEqual({ got: [] });
  });

  test('gets a message in flight when its visibility ends', async () => {
    await send('a');
    await take();
    const one = waiting();
    await clock.pass(29_999);
    expect(one).toEqual({});
    await clock.pass(1);
    expect(one).toEqual({ got: ['a'] });
  });

  test('gets the next of a group as soon as the message before it is deleted', async () => {
    await send('a1', 'a');
    await send('a2', 'a');
    const [first] = await take();
    const one = waiting();
    await clock.pass(1_000);
    await queue.delete(first?.receipt ?? '');
    await idle();
    expect(one).toEqual({ got: ['a2'] });
  });

  test('gets a message as soon as another receiver makes it visible', async () => {
    await send('a');
    const [first] = await take();
    const one = waiting();
    await clock.pass(1_000);
    await queue.changeVisibility(first?.receipt ?? '', 0);
    await idle();
    expect(one).toEqual({ got: ['a'] });
  });

  test('is woken whatever the number of receivers, and by any handle of the queue', async () => {
    const receivers = [waiting(), waiting()];
    await idle();
    for (const body of ['a', 'b'])
      await queues.queue('slices').send({ group: body, deduplicationId: body, body });
    await idle();
    expect(receivers.flatMap(({ got = [] }) => got).toSorted()).toEqual(['a', 'b']);
  });

  test('gets a message of another process at the next check of the file', async () => {
    const other = createSqliteQueues({
      path: join(folder, 'queue.sqlite'),
      clock,
      id: randomUUID,
    });
    const one = waiting(120_000);
    await idle();
    await other.queue('slices').send({ group: 'a', deduplicationId: 'a', body: 'a' });
    await clock.pass(59_999);
    expect(one).toEqual({});
    await clock.pass(1);
    expect(one).toEqual({ got: ['a'] });
    await other.close();
  });

  test('gets a message that another process holds when its visibility ends there', async () => {
    const other = createSqliteQueues({ path: join(folder, 'queue.sqlite'), clock, id: randomUUID });
    await send('a');
    await other.queue('slices').receive({ max: 1, waitMs: 0, visibilityMs: 30_000 });
    const one = waiting();
    await clock.pass(29_999);
    expect(one).toEqual({});
    await clock.pass(1);
    expect(one).toEqual({ got: ['a'] });
    await other.close();
  });

  test('ends with the reason when the queue is closed', async () => {
    const one = waiting();
    await idle();
    await queues.close();
    await idle();
    expect(one.failed).toContain('Queue slices is closed: the process is stopping');
  });

  test('needs no write lock while there is nothing to receive', async () => {
    const writer = new DatabaseSync(join(folder, 'queue.sqlite'));
    writer.exec('BEGIN IMMEDIATE');
    expect(await take()).toEqual([]);
    writer.exec('ROLLBACK');
    writer.close();
  });

  test.each<[string, (receipt: string) => Promise<void>]>([
    ['deleted', (receipt) => queue.delete(receipt)],
    ['hidden for longer', (receipt) => queue.changeVisibility(receipt, 1_000)],
  ])('cannot have a message %s by a receipt that never was', async (_, call) => {
    await send('a');
    await expect(call('none')).rejects.toMatchObject({ name: 'QueueError', code: 'Q605' });
  });
});

describe('the wake-up of a process', () => {
  const bellOf = (
    changed: () => boolean = () => false,
  ): { bell: WakeUp; clock: ManualClock; sleeps: number[] } => {
    const clock = createManualClock();
    const sleeps: number[] = [];
    const sleep: ManualClock['sleep'] = (ms, signal) => {
      sleeps.push(ms);
      return clock.sleep(ms, signal);
    };
    const bell = createWakeUp({
      clock: { ...clock, sleep },
      poll: 50,
      changed,
    });
    return { bell, clock, sleeps };
  };
  const ended = (waits: readonly Promise<void>[]): number[] => {
    const done: number[] = [];
    waits.forEach((wait, i) => void wait.then(() => done.push(i)));
    return done;
  };

  /** A bell that counts its looks, and sees a change as often as it is told to. */
  const countingBell = () => {
    const file = { looks: 0, changes: false };
    const { bell, clock } = bellOf(() => {
      file.looks += 1;
      return file.changes;
    });
    const looksIn = async (ms: number): Promise<number> => {
      file.looks = 0;
      await clock.pass(ms);
      return file.looks;
    };
    return { bell, clock, file, looksIn };
  };

  test('looks at the file once per interval, however many receivers wait', async () => {
    let looks = 0;
    const { bell, clock, sleeps } = bellOf(() => {
      looks += 1;
      return false;
    });
    const done = ended(
      (['slices', 'snapshots', 'express', 'settled-east'] as const).map((name) =>
        bell.wait(name, 20_000),
      ),
    );
    await clock.pass(1_000);
    expect([looks, sleeps.length, done]).toEqual([20, 21, []]);
  });

  test('looks at the file a fifth as often after ten seconds of rest, until there is a message', async () => {
    const { bell, file, looksIn } = countingBell();
    void bell.wait('slices', 120_000);
    expect(await looksIn(10_000)).toBe(200);
    expect(await looksIn(10_000)).toBe(40);
    bell.ring('express');
    expect(await looksIn(10_000)).toBe(196);
    file.changes = true;
    expect(await looksIn(250)).toBe(1);
    file.changes = false;
    void bell.wait('slices', 120_000);
    expect(await looksIn(5_000)).toBe(100);
  });

  test('looks every five seconds at rest if writes are heard, and at once more often after one', async () => {
    const { bell, clock, file, looksIn } = countingBell();
    const done = ended([bell.wait('slices', 120_000)]);
    bell.heard();
    await clock.pass(10_000);
    expect(await looksIn(10_000)).toBe(2);
    await clock.pass(1_000);
    bell.heard();
    expect(await looksIn(50)).toBe(1);
    expect(await looksIn(1_000)).toBe(20);
    await clock.pass(20_000);
    // A write that is not heard.
    file.changes = true;
    expect(done).toEqual([]);
    await clock.pass(5_000);
    expect(done).toEqual([0]);
  });

  test('looks as often as before once writes are not heard any more', async () => {
    const { bell, clock, looksIn } = countingBell();
    void bell.wait('slices', 120_000);
    bell.heard();
    await clock.pass(11_000);
    expect(await looksIn(10_000)).toBe(2);
    bell.deafened();
    expect(await looksIn(50)).toBe(1);
    await clock.pass(11_000);
    expect(await looksIn(10_000)).toBe(40);
  });

  test('looks in time however many writes follow each other', async () => {
    const { bell, clock, looksIn } = countingBell();
    void bell.wait('slices', 120_000);
    bell.heard();
    await clock.pass(11_000);
    bell.heard();
    let looks = 0;
    for (let writes = 0; writes < 10; writes += 1) {
      looks += await looksIn(10);
      bell.heard();
    }
    expect(looks).toBe(2);
  });

  test('wakes every receiver when the file changed, and stops looking when none waits', async () => {
    let looks = 0;
    const { bell, clock } = bellOf(() => (looks += 1) === 2);
    const done = ended([bell.wait('slices', 20_000), bell.wait('snapshots', 20_000)]);
    await clock.pass(99);
    expect(done).toEqual([]);
    await clock.pass(1);
    expect(done).toEqual([0, 1]);
    await clock.pass(1_000);
    expect([looks, clock.sleeping()]).toEqual([2, 0]);
  });

  test('wakes only receivers of the queue that still wait, each at its time or its signal', async () => {
    const { bell, clock } = bellOf();
    const ending = new AbortController();
    const done = ended([
      bell.wait('slices', 1_000),
      bell.wait('snapshots', 1_000),
      bell.wait('slices', 20_000, ending.signal),
      bell.wait('slices', 20_000, AbortSignal.abort()),
    ]);
    await idle();
    expect(done).toEqual([3]);
    bell.ring('snapshots');
    await idle();
    expect(done).toEqual([3, 1]);
    await clock.pass(1_000);
    expect(done).toEqual([3, 1, 0]);
    ending.abort();
    await idle();
    expect(done).toEqual([3, 1, 0, 2]);
  });

  test('notices an earlier end that is added while it sleeps', async () => {
    const { bell, clock } = bellOf();
    const done = ended([bell.wait('slices', 20_000), bell.wait('slices', 20_000)]);
    await clock.pass(10);
    const early = ended([bell.wait('slices', 5)]);
    await clock.pass(5);
    expect([done, early]).toEqual([[], [0]]);
  });
});

test('a file that was moved is opened by nobody, and not moved while somebody has it open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  const path = join(folder, 'queue.sqlite');
  const open = () => createSqliteQueues({ path, clock: createManualClock(), id: randomUUID });
  const user = open();
  expect(() => leaveSqlite(path)).toThrow(/queue\.sqlite is in use; stop "sluice up"/);
  await user.close();
  const source = leaveSqlite(path);
  expect(() => leaveSqlite(path)).toThrow(/is in use/);
  source.mark('PostgreSQL');
  await source.close();
  expect(open).toThrow(
    expect.objectContaining({
      code: 'Q606',
      message: expect.stringMatching(/was moved to PostgreSQL .* delete .*queue\.sqlite\.moved/),
    }),
  );
  // Who refused it did not keep it open.
  await leaveSqlite(path).close();
  rmSync(`${path}.moved`);
  await open().close();
  rmSync(folder, { recursive: true });
});
