/** Connections to PostgreSQL on another machine. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createCertificates } from '../../../infra/lab/kubernetes/certificates.ts';
import type { PostgresServer } from '../../../shared/config/postgres.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';

const SECRETS: Record<string, string> = { 'env:PASSWORD': 'correct', 'env:WRONG': 'wrong' };

describeWithPostgres('PostgreSQL over TLS', () => {
  let server: TestServer;
  const opened: Queues[] = [];
  const asked: string[] = [];
  const resolve = async (reference: string): Promise<string> => {
    asked.push(reference);
    return SECRETS[reference] ?? '';
  };

  beforeAll(async () => {
    const [mine, strange] = [
      await createCertificates('127.0.0.1'),
      await createCertificates('127.0.0.1'),
    ];
    SECRETS['env:CA'] = mine.ca;
    SECRETS['env:STRANGE_CA'] = strange.ca;
    server = await startPostgres({ tls: mine });
    await server.run("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'correct'");
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    asked.length = 0;
    for (const queues of opened.splice(0)) await queues.close();
  });

  const depth = (change: Partial<PostgresServer>): Promise<unknown> => {
    const config = server.config('tls', {
      host: '127.0.0.1',
      user: 'app',
      password: 'env:PASSWORD',
      ca: 'env:CA',
      ...change,
    });
    const queues = openTestQueues(config, { resolve });
    opened.push(queues);
    return queues.queue('slices').depth();
  };

  test('a certificate of the given CA for the host is accepted, with the password by reference', async () => {
    expect(await depth({})).toEqual({ waiting: 0, inFlight: 0 });
    expect(await depth({ host: 'localhost' })).toEqual({ waiting: 0, inFlight: 0 });
    expect(new Set(asked)).toEqual(new Set(['env:CA', 'env:PASSWORD']));
  });

  test.each([
    ['for another host', { host: '127.0.0.2' }, 'Q601', /certificate is for another name/],
    ['of another CA', { ca: 'env:STRANGE_CA' }, 'Q601', /certificate/],
    ['asked without TLS', { ca: undefined }, 'Q602', /pg_hba\.conf/],
    ['given a wrong password', { password: 'env:WRONG' }, 'Q602', /password authentication failed/],
  ])('a server %s is refused with the reason', async (_, change, code, message) => {
    await expect(depth(change)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    await expect(depth(change)).rejects.not.toMatchObject({
      message: expect.stringContaining('wrong'),
    });
  });
});
