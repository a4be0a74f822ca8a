/** A queue on two servers: what was confirmed survives the end of the primary. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PostgresServer } from '../../../shared/config/postgres.ts';
import type { Queue, Queues } from '../../../shared/queue/port.ts';
import { createAddress } from '../../fixtures/postgres/address.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import {
  describeWithPostgres,
  startPostgres,
  waitForStandby,
} from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';
import { createTraffic } from '../../fixtures/queue/traffic.ts';

describeWithPostgres('a queue with a synchronous standby', () => {
  let primary: TestServer;
  let standby: TestServer;
  const address = createAddress();
  let place: PostgresServer;
  const opened: Queues[] = [];
  const open = (config: PostgresServer = place): Queue => {
    const queues = openTestQueues(config);
    opened.push(queues);
    return queues.queue('snapshots');
  };

  beforeAll(async () => {
    primary = await startPostgres();
    standby = await startPostgres({ standbyOf: { primary, name: 'b' } });
    address.pointTo(primary);
    place = primary.config('pair', { host: address.host });
    // Creates the tables.
    await open().depth();
    await waitForStandby(primary, 'b');
  });
  afterAll(async () => {
    for (const queues of opened) await queues.close();
    await primary.stop();
    await standby.stop();
    address.remove();
  });

  test('a standby is not taken for the primary, because what it says is old', async () => {
    await expect(open(standby.config('pair')).depth()).rejects.toMatchObject({
      code: 'Q601',
      message: expect.stringMatching(/the server is a standby/),
    });
  });

  test('nothing is confirmed that the standby does not have, however long it is away', async () => {
    await standby.kill();
    const sent = open()
      .send({ group: 'g', deduplicationId: 'unsure', body: 'unsure' })
      .then(
        () => 'confirmed',
        (error: unknown) => error,
      );
    // As the server does when the time limit of the statement ends.
    for (let rows = 0; rows === 0;)
      ({ rowCount: rows } = (await primary.run(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
      )) as { rowCount: number });
    expect(await sent).toMatchObject({
      code: 'Q601',
      message: expect.stringMatching(/no standby has confirmed it in time/),
    });
    await standby.start();
    const [message] = await open().receive({ max: 1, waitMs: 5_000, visibilityMs: 60_000 });
    expect(message?.body).toBe('unsure');
    await open().delete(message!.receipt);
  });

  test('the primary is killed while it is used, its standby takes over: nothing is lost, the order is kept', async () => {
    const traffic = createTraffic();
    const senders = ['x', 'y', 'z'].map((name) => traffic.send(open(), name));
    const receivers = Array.from({ length: 3 }, () => traffic.receive(open()));
    await traffic.handled(60);
    await primary.kill('SIGKILL');
    await standby.run('SELECT pg_promote()');
    address.pointTo(standby);
    await traffic.handled(traffic.seen().confirmed + 60);
    traffic.stopSending();
    await Promise.all(senders);
    await traffic.handledAll();
    traffic.stop();
    await Promise.all(receivers);
    expect(traffic.seen()).toMatchObject({ lost: [], disorder: [] });
    expect(traffic.seen().failedCalls).toBeGreaterThan(0);
  });
});
