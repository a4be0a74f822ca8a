/** `sluice doctor` asks PostgreSQL whether it keeps what it accepted. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { postgresChecks } from '../../../shared/operations/doctor/postgres-checks.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import type { PostgresServer } from '../../../shared/config/postgres.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';

const SAFE = { fsync: 'on' };

describeWithPostgres('doctor and PostgreSQL', () => {
  let primary: TestServer;
  let standby: TestServer;
  beforeAll(async () => {
    primary = await startPostgres({ settings: SAFE });
    standby = await startPostgres({ standbyOf: { primary, name: 'b' }, settings: SAFE });
    await primary.run('CREATE ROLE plain LOGIN');
    await primary.run('GRANT CREATE ON DATABASE postgres TO plain');
  });
  afterAll(async () => {
    await standby.stop();
    await primary.stop();
  });

  const set = async (setting: string): Promise<void> => {
    await primary.run(`ALTER SYSTEM SET ${setting}`);
    await primary.run('SELECT pg_reload_conf()');
  };
  const ask = async (place: PostgresServer): Promise<readonly (readonly [string, string])[]> => {
    const server = { kind: 'postgres', ...place };
    const config = { queue: server, failures: server } as unknown as Runtime['config'];
    const runtime = { config, secrets: NO_SECRETS, clock: processClock };
    return (await postgresChecks(runtime)).map((one) => [one.state, describeFinding(one)]);
  };

  test('an asynchronous standby is a warning, for any role, until commits wait for it', async () => {
    const place = primary.config('plain_role', { user: 'plain' });
    const behind = /^no standby is synchronous, and 1 other.* set synchronous_standby_names/;
    expect(await ask(place)).toEqual([['warn', expect.stringMatching(behind)]]);
    await set("synchronous_standby_names = 'FIRST 1 (b)'");
    const [[state, says] = []] = await ask(place);
    expect([state, says]).toEqual(['ok', expect.stringMatching(/FIRST 1 \(b\); which .* hidden/)]);
    for (;;) {
      const [all] = await ask(primary.config('plain_role'));
      if (all?.[1].endsWith('FIRST 1 (b), now b')) break;
    }
    await set('synchronous_commit = local');
    expect(await ask(place)).toEqual([['warn', expect.stringContaining('is local, which waits')]]);
    await set('synchronous_commit = on');
  });

  test('a table that is unlogged and a role with settings of its own are found', async () => {
    const place = primary.config('own', { user: 'plain' });
    const queues = openTestQueues(place);
    await queues.queue('snapshots').send({ group: 'a', deduplicationId: '1', body: 'x' });
    await queues.close();
    await primary.run('ALTER TABLE own.message SET UNLOGGED');
    await primary.run('ALTER ROLE plain SET synchronous_commit = off');
    expect(await ask(place)).toEqual([
      ['warn', expect.stringMatching(/is off, so a crash.*; ALTER ROLE … RESET/)],
      ['warn', expect.stringMatching(/^table message is unlogged/)],
    ]);
  });

  test('a server that does not answer is reported with a remedy', async () => {
    expect(await ask({ ...primary.config('own'), host: '/nonexistent' })).toEqual([
      ['fail', expect.stringMatching(/^it cannot be read \(no such file.*Check host, port/)],
    ]);
  });
});
