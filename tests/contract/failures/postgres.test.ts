import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PostgresServer } from '../../../shared/config/postgres.ts';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import { openBlobs } from '../../../shared/failures/open.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';
import { failureStoreContract } from './suite.ts';

function open(server: PostgresServer): Blobs {
  return openBlobs(
    { kind: 'postgres', ...server, retentionDays: 90, replayers: [], replay: [] },
    {
      clock: processClock,
      id: processId,
      secrets: { resolve: (reference) => Promise.reject(new Error(`${reference} is not set`)) },
    },
  );
}

describeWithPostgres('the failure store in PostgreSQL', () => {
  let server: TestServer;
  let runs = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  failureStoreContract('failure store in PostgreSQL', async () => {
    const config = server.config(`store_${(runs += 1)}`, { connections: 3 });
    return { blobs: () => open(config), stop: async () => undefined };
  });

  test('lists in the order of ASCII, whatever the language of the database', async () => {
    await server.run("CREATE DATABASE worded TEMPLATE template0 LOCALE 'C.UTF-8'");
    const blobs = open(server.config('sorted', { database: 'worded' }));
    const keys = ['A/1', 'B', 'Z_', '_a', 'a-b', 'a.b', 'a/b', 'a:b', 'ab', 'b/A'];
    for (const key of keys.toReversed()) await blobs.put(key, '1');
    expect((await blobs.list('')).map(({ key }) => key)).toEqual(keys.toSorted());
    expect((await blobs.list('a')).map(({ key }) => key)).toEqual(
      keys.filter((key) => key.startsWith('a')).toSorted(),
    );
    await blobs.close();
  });

  test('a database that cannot be reached is reported with its place and a remedy', async () => {
    const blobs = open(server.config('x', { host: '/nonexistent' }));
    await expect(blobs.get('index/ab.json')).rejects.toMatchObject({
      code: 'RPL700',
      message: expect.stringMatching(/PostgreSQL at \/nonexistent:5432.*Check host, port/),
    });
    await expect(
      open(server.config('x', { password: 'env:UNSET', user: 'sluice' })).get('a'),
    ).resolves.toBeUndefined();
  });

  test('keeps what was confirmed when the server crashes', async () => {
    const blobs = open(server.config('crash'));
    const tag = await blobs.put('a', 'kept', 'absent');
    await server.kill();
    await expect(blobs.put('a', 'lost', { tag: tag! })).rejects.toMatchObject({ code: 'RPL700' });
    await server.start();
    expect(await blobs.get('a')).toEqual({ text: 'kept', tag });
    expect(await blobs.put('a', 'new', { tag: tag! })).toBeDefined();
    expect(await blobs.put('a', 'late', { tag: tag! })).toBeUndefined();
    await blobs.close();
  });
});
