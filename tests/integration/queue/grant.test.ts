/** A role of `sluice queue grant` can be the watcher of its cluster, and nothing else. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { openBlobs } from '../../../shared/failures/open.ts';
import { grantQueue } from '../../../shared/operations/queue/grant.ts';
import type { QueueName, Queues } from '../../../shared/queue/port.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';

const ONE = { max: 10, waitMs: 0, visibilityMs: 60_000 };
const clusters = ['west', 'east-1'].map((id) => ({ id })) as unknown as SluiceConfig['clusters'];

describeWithPostgres('a role for the watcher of west', () => {
  let server: TestServer;
  let config: Pick<SluiceConfig, 'queue' | 'clusters'>;
  let owner: Queues;
  let watcher: Queues;
  const asWatcher = (): Client =>
    new Client({ host: server.host, user: 'sluice_west', database: 'postgres' });

  beforeAll(async () => {
    server = await startPostgres();
    const place = server.config('site');
    config = { queue: { kind: 'postgres', ...place }, clusters };
    owner = openTestQueues(place);
    const blobs = openBlobs(
      { kind: 'postgres', ...place, retentionDays: 90, replayers: [], replay: [] },
      { clock: processClock, id: processId, secrets: NO_SECRETS },
    );
    await blobs.put('index/aa.json', 'secret');
    await blobs.close();
    for (const name of ['snapshots', 'slices', 'settled-west', 'settled-east-1'] as const)
      await owner.queue(name).send({ group: 'g', deduplicationId: name, body: name });
    // Twice, because it may be run again.
    for (let i = 0; i < 2; i += 1) await server.run(grantQueue(config, { cluster: 'west' }).sql);
    watcher = openTestQueues({ ...place, user: 'sluice_west' });
  });
  afterAll(async () => {
    await watcher.close();
    await owner.close();
    await server.stop();
  });

  test('sends snapshots under its name, and works its own settled queue', async () => {
    for (const group of ['west', 'west/istio-system/ingress', `west/${'é'.repeat(200)}/ingress`])
      await watcher
        .queue('snapshots')
        .send({ group, deduplicationId: group, body: group.slice(0, 20) });
    const got = await owner.queue('snapshots').receive(ONE);
    expect(got.map(({ body, sender }) => [body, sender])).toEqual([
      ['snapshots', 'sluice'],
      ['west', 'sluice_west'],
      ['west/istio-system/in', 'sluice_west'],
      [`west/${'é'.repeat(15)}`, 'sluice_west'],
    ]);
    const settled = watcher.queue('settled-west');
    const [message] = await settled.receive(ONE);
    await settled.changeVisibility(message!.receipt, 60_000);
    expect(await settled.depth()).toMatchObject({ inFlight: 1 });
    await settled.delete(message!.receipt);
    expect(await settled.receive(ONE)).toEqual([]);
  });

  test.each<QueueName>(['slices', 'express', 'slices-dead', 'settled-west', 'settled-east-1'])(
    'may not send to %s',
    async (name) => {
      await expect(
        watcher.queue(name).send({ group: 'g', deduplicationId: 'x', body: 'x' }),
      ).rejects.toMatchObject({
        code: 'Q602',
        message: expect.stringContaining(`role sluice_west may not send queue ${name}`),
      });
    },
  );

  // It could leave the transaction open, and so lock what waits for the other cluster.
  test.each(['east-1', 'east-1/istio-system/ingress', 'west-2/x', 'westx'])(
    'may not send to the group %s of another cluster',
    async (group) => {
      await expect(
        watcher.queue('snapshots').send({ group, deduplicationId: group, body: 'x' }),
      ).rejects.toMatchObject({
        code: 'Q602',
        message: expect.stringContaining(`may not send queue snapshots with group ${group}`),
      });
    },
  );

  test.each<QueueName>(['snapshots', 'slices', 'snapshots-dead', 'settled-east-1'])(
    'may not receive, delete, hide or count messages of %s',
    async (name) => {
      const queue = watcher.queue(name);
      const refused = { code: 'Q602' };
      await expect(queue.receive(ONE)).rejects.toMatchObject(refused);
      await expect(queue.delete('x')).rejects.toMatchObject(refused);
      await expect(queue.changeVisibility('x', 0)).rejects.toMatchObject(refused);
      await expect(queue.depth()).rejects.toMatchObject(refused);
    },
  );

  describe('may not', () => {
    const client = { now: undefined as Client | undefined };
    afterEach(async () => client.now?.end());
    test.each([
      ['read messages', 'SELECT body FROM site.message'],
      ['write messages', "UPDATE site.message SET body = 'forged'"],
      ['delete messages', 'DELETE FROM site.message'],
      ['forge a sender', "SELECT site.place('snapshots', 'g', 'd', 'b', 'sluice')"],
      ['forge a migration', "INSERT INTO site.migration (part, step) VALUES ('queue', 99)"],
      [
        'give itself rights',
        "INSERT INTO site.queue_right VALUES ('sluice_west', 'slices', 'send')",
      ],
      ['read the failure store', 'SELECT text FROM site.blob'],
      [
        'set the time',
        "CREATE OR REPLACE FUNCTION site.present() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
      ],
      ['create tables beside the others', 'CREATE TABLE site.mine (x int)'],
      [
        'move its messages into another queue',
        "SELECT site.receive('settled-west', 10, 1000, 0, 'slices')",
      ],
      [
        'move its messages where nobody takes them',
        "SELECT site.receive('settled-west', 10, 1000, 0, 'settled-west-dead')",
      ],
      [
        'send more than a message holds',
        "SELECT site.send('snapshots', 'west', 'd', repeat('x', 1048577))",
      ],
      ['send without a group', "SELECT site.send('snapshots', '', 'd', 'x')"],
      ['become the owner', 'SET ROLE sluice'],
      [
        'shadow a table',
        "SET search_path = pg_temp, site; CREATE TEMP TABLE queue_right AS SELECT 'sluice_west'::text AS role, 'slices'::text AS queue, 'send'::text AS may; SELECT site.send('slices', 'g', 'd', 'b')",
      ],
    ])('%s', async (_, sql) => {
      client.now = asWatcher();
      await client.now.connect();
      await expect(client.now.query(sql)).rejects.toMatchObject({
        message: expect.stringMatching(/permission denied|must be owner|may not/),
      });
    });
  });

  test.each([
    ['a cluster that is unknown', { cluster: 'north' }, /"north" is not in clusters.*west, east-1/],
    ['a role with a quote', { cluster: 'west', role: 'a"b' }, /role "a\\"b" must be a name/],
    ['the owner of the queues', { cluster: 'west', role: 'sluice' }, /sluice is queue\.user/],
  ])('is not made for %s', (_, wanted, said) => {
    expect(() => grantQueue(config, wanted)).toThrow(said);
  });

  test('is not made for a queue without roles', () => {
    const sqlite = { ...config, queue: { kind: 'sqlite' as const, path: 'x' } };
    expect(() => grantQueue(sqlite, { cluster: 'west' })).toThrow(/queue\.kind is sqlite/);
  });

  test('has a name of its own for each cluster', () => {
    expect(grantQueue(config, { cluster: 'east-1' }).role).toBe('sluice_east_1');
  });
});
