import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isDeclare, startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { app, call, declare, tenant, until } from './client.ts';

const DECLARE = '/mgmt/shared/appsvcs/declare';
/** What Node says of a connection that the server cut. */
const CUT = /socket hang up|ECONNRESET/;
const READY = '/mgmt/tm/sys/ready';

describe('faults of the device', () => {
  let bigip: LabBigip;
  const k8s = tenant({ a: app() });
  let ahead = 0;
  beforeEach(async () => {
    bigip = await startBigip({
      dataPath: false,
      timings: { declare: 0, memberWrite: 0 },
      now: () => Date.now() + ahead,
    });
  });
  afterEach(() => bigip.close());

  const hasPartition = (): boolean =>
    bigip.view().partitions.some((partition) => partition.name === 'k8s');

  test('the next matching answers are as injected, as often as requested', async () => {
    bigip.faults.next(
      2,
      {
        kind: 'status',
        status: 503,
        body: { code: 503, message: 'There is an active asynchronous task executing.' },
      },
      isDeclare,
    );
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
    expect((await declare(bigip, { k8s })).body['message']).toContain('active asynchronous task');
    expect((await declare(bigip, { k8s })).status).toBe(503);
    expect(hasPartition()).toBe(false);
    expect((await declare(bigip, { k8s })).status).toBe(200);
    expect(bigip.writes.map((write) => [write.status, write.handled])).toEqual([
      [503, false],
      [503, false],
      [200, true],
    ]);
  });

  test('an HTML page, half a JSON document, a reset and a hang', async () => {
    bigip.faults.next(1, { kind: 'html', status: 503 });
    const html = await call(bigip, 'GET', READY);
    expect([html.status, html.type, html.text.startsWith('<html>')]).toEqual([
      503,
      'text/html',
      true,
    ]);
    bigip.faults.next(1, { kind: 'cut' });
    const cut = await call(bigip, 'GET', READY);
    expect(() => JSON.parse(cut.text) as unknown).toThrow(SyntaxError);
    bigip.faults.next(1, { kind: 'reset' });
    await expect(call(bigip, 'GET', READY)).rejects.toThrow(CUT);
    bigip.faults.next(1, { kind: 'hang' });
    await expect(call(bigip, 'GET', READY, { timeout: 30 })).rejects.toThrow('client gave up');
  });

  test('an answer lost after the effect leaves the effect', async () => {
    bigip.faults.loseAnswers(1);
    await expect(declare(bigip, { k8s })).rejects.toThrow(CUT);
    expect(hasPartition()).toBe(true);
    expect(bigip.writes).toEqual([
      expect.objectContaining({ status: 0, handled: true, tenant: 'k8s' }),
    ]);
    expect((await declare(bigip, { k8s })).body['results'][0].message).toBe('no change');
  });

  test('latency delays requests of its path until it is removed', async () => {
    const undo = bigip.faults.latency(DECLARE, 60_000);
    await expect(call(bigip, 'GET', DECLARE, { timeout: 30 })).rejects.toThrow('client gave up');
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
    undo();
    expect((await call(bigip, 'GET', DECLARE)).status).toBe(204);
  });

  test('an injected fault can be removed before it takes effect, alone or with all others', async () => {
    const undo = bigip.faults.inject({
      times: Infinity,
      response: { kind: 'status', status: 500 },
    });
    expect((await call(bigip, 'GET', READY)).status).toBe(500);
    expect((await call(bigip, 'GET', READY)).status).toBe(500);
    undo();
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
    bigip.faults.next(5, { kind: 'reset' });
    bigip.faults.clear();
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
  });

  test('without AS3 its paths are not registered, and come back with it', async () => {
    bigip.faults.as3Absent();
    expect((await call(bigip, 'GET', '/mgmt/shared/appsvcs/info')).body).toMatchObject({
      code: 404,
      message: expect.stringContaining('Public URI path not registered'),
    });
    bigip.faults.as3Absent(false);
    expect((await call(bigip, 'GET', '/mgmt/shared/appsvcs/info')).status).toBe(200);
  });

  test('a restart breaks connections, answers 503 in HTML while it lasts, and forgets tokens', async () => {
    const login = await call(bigip, 'POST', '/mgmt/shared/authn/login', {
      headers: {},
      body: { username: 'admin', password: 'lab-bigip' },
    });
    const headers = { 'x-f5-auth-token': String(login.body['token'].token) };
    bigip.faults.timings.declare = 60_000;
    const pending = declare(bigip, { k8s }).catch(() => 'broken');
    await until(
      async () =>
        (
          await call(bigip, 'POST', DECLARE, {
            body: {
              class: 'AS3',
              action: 'remove',
              declaration: { class: 'ADC', schemaVersion: '3.0.0', other: { class: 'Tenant' } },
            },
          })
        ).status === 503,
    );
    bigip.faults.restart({ downFor: 600_000 });
    expect(await pending).toBe('broken');
    expect((await call(bigip, 'GET', READY)).type).toBe('text/html');
    ahead += 600_000;
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
    expect((await call(bigip, 'GET', READY, { headers })).body['message']).toBe(
      'X-F5-Auth-Token does not exist.',
    );
  });

  test('closing does not wait for hanging requests or long declares', async () => {
    bigip.faults.next(1, { kind: 'hang' });
    bigip.faults.timings.declare = 600_000;
    const open = [call(bigip, 'GET', READY), declare(bigip, { k8s })].map((answer) =>
      answer.catch(() => 'broken'),
    );
    await until(async () => (await call(bigip, 'GET', READY)).status === 200);
    await bigip.close();
    expect(await Promise.all(open)).toEqual(['broken', 'broken']);
  });
});
