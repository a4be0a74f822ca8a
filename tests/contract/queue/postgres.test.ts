/** The queue port on a real PostgreSQL. */
import { afterAll, beforeAll } from '@jest/globals';
import { processClock } from '../../../shared/runtime/process.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';
import { queueContract } from './suite.ts';

describeWithPostgres('PostgreSQL', () => {
  let server: TestServer;
  let runs = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  queueContract('PostgreSQL adapter', async () => {
    runs += 1;
    const schema = `contract_${runs}`;
    let passed = 0;
    let isRefused = false;
    const clock = { ...processClock, monotonic: () => processClock.monotonic() + passed };
    const queues = openTestQueues(server.config(schema), { clock, maxReceiveCount: 3 });
    return {
      queues,
      // Every time is the database's, so its clock is what is set.
      pass: async (ms) => {
        passed += ms;
        if (!isRefused) await queues.queue('snapshots').depth();
        await server.run(
          `CREATE OR REPLACE FUNCTION ${schema}.present() RETURNS timestamptz LANGUAGE sql VOLATILE
           AS 'SELECT clock_timestamp() + interval ''${passed} ms'''`,
        );
      },
      refuse: async (refused) => {
        isRefused = refused;
        const [from, to] = refused ? ['queue', 'gone'] : ['gone', 'queue'];
        await server.run(`ALTER TABLE ${schema}.message RENAME COLUMN ${from} TO ${to}`);
      },
      stop: () => queues.close(),
    };
  });
});
