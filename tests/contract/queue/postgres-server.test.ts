/** Properties of queues in PostgreSQL that others do not have: several processes, its failures. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Client, Pool } from 'pg';
import type { PostgresServer } from '../../../shared/config/postgres.ts';
import { connectPostgres } from '../../../shared/postgres/database.ts';
import { inTransaction } from '../../../shared/postgres/transaction.ts';
import { QUEUE_MIGRATIONS } from '../../../shared/queue/postgres/migrations.ts';
import type { Queue, QueueMessage, Queues } from '../../../shared/queue/port.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import type { TestQueuesOptions } from '../../fixtures/postgres/queues.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';

describeWithPostgres('queues in PostgreSQL', () => {
  let server: TestServer;
  let place: PostgresServer;
  let runs = 0;
  const opened: Queues[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    runs += 1;
    place = server.config(`server_${runs}`);
  });
  afterEach(async () => {
    for (const queues of opened.splice(0)) await queues.close();
  });

  /** As another process has it. */
  const open = (options: TestQueuesOptions = {}, config = place): Queue => {
    const queues = openTestQueues(config, options);
    opened.push(queues);
    return queues.queue('snapshots');
  };
  const send = (queue: Queue, group: string, body: string): Promise<void> =>
    queue.send({ group, deduplicationId: body, body });
  const take = (queue: Queue, waitMs = 0): Promise<readonly QueueMessage[]> =>
    queue.receive({ max: 10, waitMs, visibilityMs: 60_000 });

  /** For the database, whose times are the only ones. */
  const later = (interval: string): Promise<unknown> =>
    server.run(
      `CREATE OR REPLACE FUNCTION ${place.schema}.present() RETURNS timestamptz LANGUAGE sql
       AS 'SELECT clock_timestamp() + interval ''${interval}'''`,
    );

  test('processes that start together create the tables once', async () => {
    const all = Array.from({ length: 6 }, () => open());
    await Promise.all(all.map((queue, i) => send(queue, 'a', `m${i}`)));
    expect(await take(all[0]!)).toHaveLength(6);
    const { rows } = await server.run(`SELECT part, step FROM ${place.schema}.migration`);
    expect(rows).toEqual([{ part: 'queue', step: 1 }]);
  });

  test('receivers that work at once get each message once, in the order of its group', async () => {
    const [sender, ...receivers] = Array.from({ length: 5 }, () => open());
    const groups = ['g0', 'g1', 'g2', 'g3', 'g4', 'g5'];
    for (let i = 0; i < 20; i += 1)
      await Promise.all(groups.map((group) => send(sender!, group, `${group}-${i}`)));
    const got: string[] = [];
    const holders = new Map<string, number>();
    const work = async (queue: Queue): Promise<void> => {
      while (got.length < 120) {
        for (const { group, body, receipt } of await queue.receive({
          max: 3,
          waitMs: 1,
          visibilityMs: 60_000,
        })) {
          got.push(body);
          holders.set(group, (holders.get(group) ?? 0) + 1);
          await queue.delete(receipt);
        }
      }
    };
    await Promise.all(receivers.map(work));
    for (const group of groups)
      expect(got.filter((body) => body.startsWith(group))).toEqual(
        Array.from({ length: 20 }, (_, i) => `${group}-${i}`),
      );
    expect(got).toHaveLength(120);
  });

  test('a message that another process sends wakes a receiver before its next poll', async () => {
    let sleeping = 0;
    // Time never passes for this receiver.
    const clock = {
      ...processClock,
      monotonic: () => 0,
      sleep: (_: number, signal?: AbortSignal) => {
        sleeping += 1;
        return new Promise<void>((resolve) =>
          signal?.addEventListener('abort', () => resolve(), { once: true }),
        );
      },
    };
    const waiting = take(open({ clock }), 20_000);
    const sender = open();
    for (;;) {
      const { rowCount } = await server.run(
        "SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'",
      );
      if (sleeping > 0 && rowCount === 1) break;
    }
    await send(sender, 'a', 'a1');
    expect(await waiting).toMatchObject([{ body: 'a1' }]);
  });

  test('without notices, as behind a pooler, messages of other processes arrive by polling', async () => {
    const waiting = take(open({ deaf: true }), 20_000);
    await send(open(), 'a', 'a1');
    expect(await waiting).toMatchObject([{ body: 'a1' }]);
  });

  test('what was confirmed survives a crash of the server, and what was in flight is still held', async () => {
    const queue = open();
    await send(queue, 'a', 'held');
    await send(queue, 'b', 'waits');
    const [held] = await queue.receive({ max: 1, waitMs: 0, visibilityMs: 60_000 });
    await server.kill();
    await expect(send(queue, 'c', 'lost')).rejects.toMatchObject({
      code: 'Q601',
      message: expect.stringMatching(/^Queue snapshots in PostgreSQL at .*Sluice retries/),
    });
    await server.start();
    expect((await take(queue)).map(({ body }) => body)).toEqual(['waits']);
    await queue.delete(held!.receipt);
    await send(queue, 'c', 'lost');
    expect((await take(queue)).map(({ body }) => body)).toEqual(['lost']);
  });

  test('a renewal that is not committed yet keeps its message, even if the visibility ends meanwhile', async () => {
    const [a, b] = [open(), open()];
    await send(a, 'g', '1');
    await send(a, 'g', '2');
    const [first] = await a.receive({ max: 1, waitMs: 0, visibilityMs: 60_000 });
    const renewing = new Client({ host: place.host, user: place.user, database: place.database });
    await renewing.connect();
    await renewing.query('BEGIN');
    const renew = `SELECT ${place.schema}.hide('snapshots', $1, 300000)`;
    await renewing.query(renew, [first!.receipt]);
    await later('2 minutes');
    expect(await take(b)).toEqual([]);
    await renewing.query('COMMIT');
    await renewing.end();
    expect(await take(b)).toEqual([]);
    await a.delete(first!.receipt);
    expect((await take(b)).map(({ body }) => body)).toEqual(['2']);
  });

  test('a connection that ends between two statements fails its call, and not the process', async () => {
    const { host, user, database } = place;
    const pool = new Pool({ host, user, database, max: 1 });
    const call = inTransaction(pool, async (client) => {
      const ended = new Promise((resolve) => void client.once('end', () => resolve(undefined)));
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      await server.run('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await ended;
    });
    await expect(call).rejects.toThrow(/not queryable|closed/);
    await pool.end();
  });

  test('nothing of a call stays in its session, and neither statements nor open transactions last without a limit', async () => {
    const database = connectPostgres({
      server: { ...place, connections: 1 },
      secrets: { resolve: () => Promise.resolve('') },
      clock: processClock,
      migrations: [QUEUE_MIGRATIONS],
    });
    const read = (): Promise<
      readonly Readonly<Record<'limit' | 'idle' | 'names' | 'path', string>>[]
    > =>
      database.call(
        `SELECT current_setting('statement_timeout') AS limit, current_setting('search_path') AS path,
         current_setting('idle_in_transaction_session_timeout') AS idle,
         (SELECT count(*) FROM pg_prepared_statements) AS names`,
        [],
      );
    await database.call('SELECT $schema.send($1, $2, $3, $4)', ['snapshots', 'a', '1', 'x']);
    expect(await read()).toEqual([
      { limit: '15s', idle: '15s', names: '0', path: '"$user", public' },
    ]);
    await database.close();
  });

  test('the number of connections is bounded', async () => {
    const queue = open({}, { ...place, connections: 2 });
    await Promise.all(Array.from({ length: 12 }, (_, i) => send(queue, `g${i}`, `m${i}`)));
    const { rowCount } = await server.run(
      "SELECT FROM pg_stat_activity WHERE application_name = 'sluice'",
    );
    expect(rowCount).toBeLessThanOrEqual(2);
  });

  test('old deduplication ids and groups without messages are removed', async () => {
    const queue = open();
    await send(queue, 'old', 'gone');
    await send(queue, 'kept', 'waits');
    for (const { body, receipt } of await take(queue))
      if (body === 'gone') await queue.delete(receipt);
    await later('2 hours');
    await take(open());
    const groups = await server.run(`SELECT grp FROM ${place.schema}.message_group`);
    const seen = await server.run(`SELECT FROM ${place.schema}.seen`);
    expect([groups.rows, seen.rowCount]).toEqual([[{ grp: 'kept' }], 0]);
  });

  test('messages tell the role that sent them, also those that went to the dead letters', async () => {
    await server.run('CREATE ROLE watcher LOGIN SUPERUSER');
    await send(open({}, { ...place, user: 'watcher' }), 'a', 'a1');
    const receiver = open({ maxReceiveCount: 1 });
    const [message] = await take(receiver);
    expect(message).toMatchObject({ sender: 'watcher' });
    await receiver.changeVisibility(message!.receipt, 0);
    expect(await take(receiver)).toEqual([]);
    expect(await take(opened.at(-1)!.queue('snapshots-dead'))).toMatchObject([
      { id: message!.id, body: 'a1', sender: 'watcher', redriven: true },
    ]);
  });

  test.each([
    ['a database that does not exist', { database: 'nowhere' }, 'Q603', /"nowhere" does not exist/],
    ['a role that does not exist', { user: 'nobody_here' }, 'Q602', /pg_hba\.conf/],
    ['no server', { host: '/nonexistent' }, 'Q601', /no such file.*Check host, port/],
  ])('%s is reported with a remedy', async (_, change, code, message) => {
    await expect(take(open({}, { ...place, ...change }))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('a database whose encoding cannot hold every event is refused before anything is created', async () => {
    await server.run("CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0");
    const narrow = { ...place, database: 'narrow' };
    await expect(take(open({}, narrow))).rejects.toMatchObject({
      code: 'Q601',
      message: expect.stringMatching(/encoding LATIN1; create one with ENCODING 'UTF8'/),
    });
  });

  test('calls of a closed queue fail with a clear error', async () => {
    const queue = open();
    await send(queue, 'a', '1');
    const waiting = queue.receive({ max: 1, waitMs: 20_000, visibilityMs: 60_000 });
    await opened[0]!.close();
    await waiting.catch(() => undefined);
    await expect(take(queue)).rejects.toMatchObject({
      code: 'Q601',
      message: expect.stringMatching(/^Queue snapshots is closed/),
    });
  });
});
