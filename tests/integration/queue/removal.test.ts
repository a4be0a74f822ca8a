/** Taking the queue and the failure store out of PostgreSQL. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { openFailures } from '../../../shared/failures/open.ts';
import { storeParts } from '../../../shared/operations/uninstall/store-parts.ts';
import type { UninstallPart } from '../../../shared/operations/uninstall/part.ts';
import { grantQueue } from '../../../shared/operations/queue/grant.ts';
import { openQueues } from '../../../shared/queue/open.ts';
import { smallConfig } from '../../fixtures/config.ts';
import {
  describeWithPostgres,
  startPostgres,
  type TestServer,
} from '../../fixtures/postgres/server.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

const OPTIONS = { clock: processClock, id: processId, secrets: NO_SECRETS };

describeWithPostgres('the schema of Sluice', () => {
  let server: TestServer;
  let config: SluiceConfig;
  beforeAll(async () => {
    server = await startPostgres();
    const place = { kind: 'postgres', ...server.config('site') } as const;
    config = {
      ...smallConfig(),
      queue: place,
      failures: { ...place, retentionDays: 90, replayers: [], replay: [] },
    };
  });
  afterAll(() => server.stop());

  const look = async <T>(
    work: (part: UninstallPart) => T | Promise<T>,
    discard = false,
  ): Promise<T> => {
    const runtime = runtimeWith({
      config,
      queues: openQueues(config.queue, OPTIONS),
      secrets: NO_SECRETS,
    });
    const failures = openFailures(config.failures, OPTIONS);
    try {
      return await work(await storeParts({ context: { ...failures, runtime }, discard }));
    } finally {
      await failures.close();
      await runtime.queues.close();
    }
  };
  const objects = (part: UninstallPart, action: string): readonly string[] =>
    part.items.filter((one) => one.action === action).map(({ object }) => object);
  const isThere = async (): Promise<boolean> =>
    (await server.run("SELECT FROM pg_namespace WHERE nspname = 'site'")).rowCount === 1;

  test('a look creates nothing; what waits and what others made stays; the rest goes in one transaction', async () => {
    expect(await look(({ items }) => items)).toEqual([]);
    expect(await isThere()).toBe(false);

    const queues = openQueues(config.queue, OPTIONS);
    await queues.queue('slices').send({ group: 'g', deduplicationId: 'd', body: '{}' });
    await server.run(grantQueue(config, { cluster: 'east' }).sql);
    expect(await look(({ running }) => running)).toEqual([
      expect.stringMatching(/^\d+ connections? from .* \(role .*\) to PostgreSQL at .*: stop /),
    ]);
    await queues.close();

    await look((part) => {
      expect(part).toMatchObject({ steps: [], running: [] });
      expect(part.items[0]).toMatchObject({
        action: 'keep',
        why: expect.stringContaining('1 message in slices'),
      });
    });
    await server.run('CREATE TABLE site.theirs ()');
    // As "sluice store move" leaves it.
    await server.run('CREATE TABLE site.arrival ()');
    await look(async (part) => {
      expect(objects(part, 'remove')).toEqual(
        expect.arrayContaining([
          'table site.arrival',
          'table site.message',
          'table site.migration',
        ]),
      );
      expect(objects(part, 'keep')).toEqual(['table site.theirs', 'role sluice_east']);
      await part.steps[0]?.run();
    }, true);
    expect(await look((part) => [objects(part, 'remove'), objects(part, 'keep')])).toEqual([
      [],
      ['table site.theirs'],
    ]);
    await server.run('DROP TABLE site.theirs');
    await look((part) => part.steps[0]?.run());
    expect(await isThere()).toBe(false);
  });
});
