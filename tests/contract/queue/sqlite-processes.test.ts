/** Properties of a queue file: it outlives its process, and several processes may use it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { createManualClock } from './manual-clock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  path = join(folder, 'queue.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Child {
  readonly lines: string[];
  /** Resolves with the next line. */
  line(): Promise<unknown>;
  kill(): void;
  readonly ended: Promise<unknown>;
}

function script(name: string, ...args: readonly string[]): Child {
  const file = join(import.meta.dirname, '../../fixtures/queue', name);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return {
    lines,
    line: () => once(reader, 'line'),
    kill: () => child.kill('SIGKILL'),
    ended: Promise.all([once(child, 'exit'), once(reader, 'close')]),
  };
}

function openFile(): ReturnType<typeof createSqliteQueues> {
  return createSqliteQueues({ path, clock: processClock, id: processId });
}

describe('the queue file', () => {
  test('a confirmed send survives kill -9', async () => {
    const sender = script('sender.ts', path, 's');
    for (let i = 0; i < 50; i += 1) await sender.line();
    sender.kill();
    await sender.ended;
    const queues = openFile();
    const kept: string[] = [];
    for (;;) {
      const messages = await queues
        .queue('snapshots')
        .receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
      if (messages.length === 0) break;
      for (const message of messages) {
        kept.push(message.body);
        await queues.queue('snapshots').delete(message.receipt);
      }
    }
    await queues.close();
    expect(sender.lines.length).toBeGreaterThanOrEqual(50);
    expect(kept).toEqual(expect.arrayContaining(sender.lines));
  });

  test('messages in flight are redelivered after their process died', async () => {
    const first = openFile();
    await first.queue('slices').send({ group: 'a', deduplicationId: '1', body: 'kept' });
    const [taken] = await first
      .queue('slices')
      .receive({ max: 1, waitMs: 0, visibilityMs: 60_000 });
    await first.close();
    const second = openFile();
    expect(
      await second.queue('slices').receive({ max: 1, waitMs: 0, visibilityMs: 60_000 }),
    ).toEqual([]);
    await second.queue('slices').changeVisibility(taken?.receipt ?? '', 0);
    expect(
      await second.queue('slices').receive({ max: 1, waitMs: 0, visibilityMs: 60_000 }),
    ).toMatchObject([{ body: 'kept', receiveCount: 2 }]);
    await second.close();
  });

  test('several processes send and receive: each message is received once, in the order of its group', async () => {
    const senders = ['x', 'y'].map((prefix) => script('sender.ts', path, prefix, '60'));
    const receivers = [1, 2].map(() => script('receiver.ts', path));
    await Promise.all([...senders, ...receivers].map((child) => child.ended));
    const taken = receivers
      .flatMap((receiver) => receiver.lines)
      .map((line) => line.split(' ') as [at: string, group: string, body: string])
      .sort((a, b) => (BigInt(a[0]) < BigInt(b[0]) ? -1 : 1));
    expect(taken.map(([, , body]) => body).sort()).toEqual(
      senders.flatMap((sender) => sender.lines).sort(),
    );
    for (const prefix of ['x', 'y']) {
      for (const group of ['g0', 'g1', 'g2']) {
        const order = taken
          .filter(([, g, body]) => g === group && body.startsWith(prefix))
          .map(([, , body]) => Number(body.split('-')[1]));
        expect(order).toEqual([...order].sort((a, b) => a - b));
        expect(order).toHaveLength(20);
      }
    }
  });

  test('a waiting receiver gets messages from another process', async () => {
    const queues = openFile();
    const waiting = queues
      .queue('snapshots')
      .receive({ max: 1, waitMs: 20_000, visibilityMs: 60_000 });
    const sender = script('sender.ts', path, 's', '1');
    expect(await waiting).toMatchObject([{ body: 's-0' }]);
    await sender.ended;
    await queues.close();
  });

  test('a receiver at rest gets a message of another process at the next look, which its commit brings forward', async () => {
    const clock = createManualClock();
    const queues = createSqliteQueues({ path, clock, id: processId, poll: 50 });
    const queue = queues.queue('snapshots');
    await queue.send({ group: 'a', deduplicationId: 'first', body: 'first' });
    await queue.receive({ max: 1, waitMs: 0, visibilityMs: 600_000 });
    let got: readonly string[] = [];
    const waiting = queue.receive({ max: 1, waitMs: 120_000, visibilityMs: 60_000 });
    void waiting.then((messages) => (got = messages.map(({ body }) => body)));
    await clock.pass(30_000);
    await script('sender.ts', path, 's', '1').ended;
    await clock.pass(50);
    expect(got).toEqual(['s-0']);
    await queues.close();
  });

  test('a file that is no database is refused, with its path and a remedy', () => {
    writeFileSync(path, 'this is not a database, and long enough to be looked at as one');
    expect(openFile).toThrow(
      expect.objectContaining({
        code: 'Q601',
        message: expect.stringMatching(/queue\.sqlite cannot be opened: .*Check queue\.path/),
      }),
    );
  });

  test('a folder that cannot be made is refused in the same way', () => {
    writeFileSync(join(folder, 'file'), '');
    chmodSync(join(folder, 'file'), 0o600);
    path = join(folder, 'file', 'queue.sqlite');
    expect(openFile).toThrow(
      expect.objectContaining({
        code: 'Q601',
        message: expect.stringContaining('Check queue.path'),
      }),
    );
  });

  test('calls of a closed queue fail with a clear error', async () => {
    const queues = openFile();
    const queue = queues.queue('snapshots');
    const waiting = queue.receive({ max: 1, waitMs: 20_000, visibilityMs: 60_000 });
    await queues.close();
    await expect(waiting).rejects.toMatchObject({
      code: 'Q601',
      message: expect.stringContaining('closed'),
    });
    await expect(queue.send({ group: 'a', deduplicationId: '1', body: '' })).rejects.toMatchObject({
      code: 'Q601',
    });
    await queues.close();
  });
});
