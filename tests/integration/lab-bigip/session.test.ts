import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { call } from './client.ts';
import type { Answer } from './client.ts';

const LOGIN = '/mgmt/shared/authn/login';
const READY = '/mgmt/tm/sys/ready';

describe('login and tokens', () => {
  let bigip: LabBigip;
  let now: number;
  beforeEach(async () => {
    now = Date.UTC(2026, 0, 1);
    bigip = await startBigip({ dataPath: false, now: () => now });
  });
  afterEach(() => bigip.close());

  const login = (password = 'lab-bigip'): Promise<Answer> =>
    call(bigip, 'POST', LOGIN, {
      headers: {},
      body: { username: 'admin', password, loginProviderName: 'tmos' },
    });
  const token = async (): Promise<string> => String((await login()).body['token'].token);
  const withToken = (
    value: string,
    method = 'GET',
    path = READY,
    body?: unknown,
  ): Promise<Answer> => call(bigip, method, path, { headers: { 'x-f5-auth-token': value }, body });

  test('a login gives a token for 1200 seconds that opens the device', async () => {
    const answer = await login();
    const { timeout, expirationMicros, lastUpdateMicros } = answer.body['token'];
    expect(timeout).toBe(1200);
    expect(expirationMicros - lastUpdateMicros).toBe(1200 * 1e6);
    expect((await withToken(String(answer.body['token'].token))).status).toBe(200);
  });

  test('a wrong password, missing credentials and an unknown token get 401, each with its message', async () => {
    expect((await login('wrong')).status).toBe(401);
    expect((await call(bigip, 'GET', READY, { headers: {} })).body).toMatchObject({
      code: 401,
      kind: ':resterrorresponse',
      message: expect.stringContaining('no user authentication header or token detected'),
    });
    expect((await withToken('NOSUCH')).body['message']).toBe('X-F5-Auth-Token does not exist.');
    expect(
      (
        await call(bigip, 'GET', READY, {
          headers: { authorization: `Basic ${Buffer.from('admin:no').toString('base64')}` },
        })
      ).status,
    ).toBe(401);
  });

  test('a token ends at its time, and a longer one can be asked for, up to 36000 seconds', async () => {
    const value = await token();
    const path = `/mgmt/shared/authz/tokens/${value}`;
    expect((await withToken(value, 'PATCH', path, { timeout: 36_000 })).body['timeout']).toBe(
      36_000,
    );
    expect((await withToken(value, 'PATCH', path, { timeout: 36_001 })).body['message']).toBe(
      'Auth-token absolute timeout (36000 seconds) exceeded',
    );
    now += 35_999_000;
    expect((await withToken(value)).status).toBe(200);
    now += 1000;
    expect((await withToken(value)).body['message']).toBe('X-F5-Auth-Token has expired.');
  });

  test('the 101st token is refused until one is deleted', async () => {
    const first = await token();
    for (let i = 1; i < 100; i += 1) await token();
    expect((await login()).body).toMatchObject({
      code: 400,
      message: 'user admin has reached maximum active login tokens',
    });
    expect((await withToken(first, 'DELETE', `/mgmt/shared/authz/tokens/${first}`)).status).toBe(
      200,
    );
    expect((await login()).status).toBe(200);
  });

  test('faults take tokens away: expired, or unknown as on the peer', async () => {
    const value = await token();
    bigip.faults.expireTokens();
    expect((await withToken(value)).body['message']).toBe('X-F5-Auth-Token has expired.');
    bigip.faults.dropTokens();
    expect((await withToken(value)).body['message']).toBe('X-F5-Auth-Token does not exist.');
  });
});
