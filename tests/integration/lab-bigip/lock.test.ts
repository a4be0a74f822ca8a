import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { adc, app, call, declare, finished, member, resultOf, tenant, until } from './client.ts';

const DECLARE = '/mgmt/shared/appsvcs/declare';
const BUSY =
  'Error: Configuration operation in progress on device localhost, please try again in 2 minutes';

describe('one declare at a time, tasks and the optimistic lock', () => {
  let bigip: LabBigip;
  beforeEach(async () => {
    bigip = await startBigip({ dataPath: false, timings: { declare: 0, memberWrite: 0 } });
  });
  afterEach(() => bigip.close());

  const k8s = tenant({ a: app({ members: [member(80, '10.0.0.1')] }) });

  test('while another client holds the lock, writes and dry runs get 503 and reads work', async () => {
    bigip.faults.lockHeldFor(600_000);
    expect((await declare(bigip, { k8s })).body).toMatchObject({ code: 503, message: BUSY });
    expect(
      (
        await call(bigip, 'POST', `${DECLARE}/k8s`, {
          body: { class: 'AS3', action: 'dry-run', declaration: adc({ k8s }) },
        })
      ).status,
    ).toBe(503);
    expect((await call(bigip, 'GET', DECLARE)).status).toBe(204);
  });

  test('the lock is a data group that exists while it is held', async () => {
    const lock = '/mgmt/tm/ltm/data-group/internal/~Common~appsvcs~____appsvcs_lock';
    expect((await call(bigip, 'GET', lock)).status).toBe(404);
    bigip.faults.lockHeldFor(600_000);
    const held = await call(bigip, 'GET', lock);
    expect(held).toMatchObject({
      status: 200,
      body: { fullPath: '/Common/appsvcs/____appsvcs_lock', type: 'string' },
    });
    expect(Number(held.body['description'])).toBeGreaterThan(0);
    bigip.faults.lockHeldFor(0);
    expect((await call(bigip, 'GET', lock)).status).toBe(404);
  });

  test('an asynchronous declare that finds the lock taken is 202 and then a task with 503', async () => {
    bigip.faults.lockHeldFor(600_000);
    const accepted = await declare(bigip, { k8s }, '?async=true');
    expect(accepted.status).toBe(202);
    const task = await finished(bigip, String(accepted.body['id']));
    expect(task.body).toMatchObject({ results: [{ code: 503, message: BUSY }], declaration: {} });
  });

  test('of two declares at the same time one wins and the other is turned away', async () => {
    bigip.faults.timings.declare = 500;
    const answers = await Promise.all([
      declare(bigip, { k8s }),
      declare(bigip, { two: tenant({ a: app({ address: '172.16.100.2' }) }) }),
    ]);
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 503]);
  });

  test('a pending task says in progress; unknown ones are 404; the list has them all', async () => {
    bigip.faults.timings.declare = 60_000;
    const id = String((await declare(bigip, { k8s }, '?async=true')).body['id']);
    expect((await call(bigip, 'GET', `/mgmt/shared/appsvcs/task/${id}`)).body['results']).toEqual([
      expect.objectContaining({ code: 0, message: 'in progress' }),
    ]);
    expect((await call(bigip, 'GET', '/mgmt/shared/appsvcs/task')).body['items']).toHaveLength(1);
    const unknown = await call(bigip, 'GET', '/mgmt/shared/appsvcs/task/nosuch');
    expect([unknown.status, unknown.body['message']]).toEqual([
      404,
      'No record found with ID of nosuch',
    ]);
    bigip.faults.forgetTask(id);
    expect((await call(bigip, 'GET', `/mgmt/shared/appsvcs/task/${id}`)).status).toBe(404);
  });

  test('a declaration that the schema refuses fails its task', async () => {
    const accepted = await declare(
      bigip,
      { k8s: tenant({ a: app({ port: 70_000 }) }) },
      '?async=true',
    );
    const task = await finished(bigip, String(accepted.body['id']));
    expect(task.body['results']).toEqual([
      expect.objectContaining({ code: 422, message: 'declaration is invalid' }),
    ]);
  });

  test('a restart cancels pending tasks, forgets tokens and frees the lock', async () => {
    bigip.faults.timings.declare = 60_000;
    const id = String((await declare(bigip, { k8s }, '?async=true')).body['id']);
    bigip.faults.restart();
    bigip.faults.timings.declare = 0;
    expect(
      (await call(bigip, 'GET', `/mgmt/shared/appsvcs/task/${id}`)).body['results'][0].message,
    ).toBe('task cancelled');
    expect((await declare(bigip, { k8s })).status).toBe(200);
  });

  test('a synchronous declare that takes too long becomes a task', async () => {
    Object.assign(bigip.faults.timings, { declare: 200, syncLimit: 20 });
    const answer = await declare(bigip, { k8s });
    expect(answer.status).toBe(202);
    expect((await finished(bigip, String(answer.body['id']))).body['results'][0]).toMatchObject({
      code: 200,
      tenant: 'k8s',
    });
  });

  test('a script over the limit is answered 422, and its change lands all the same', async () => {
    Object.assign(bigip.faults.timings, { declare: 200, scriptLimit: 20 });
    expect(resultOf(await declare(bigip, { k8s }))).toMatchObject({
      code: 422,
      response: 'TMSH CLI script taking longer than expected',
    });
    await until(() => bigip.view().partitions.some((partition) => partition.name === 'k8s'));
  });

  test('the lock key is the hash of the stored text, and a stale one is refused without an effect', async () => {
    const key = createHash('sha256')
      .update(Buffer.from(JSON.stringify(k8s)).toString('base64'))
      .digest('base64');
    expect(
      (
        await declare(bigip, {
          k8s: { ...k8s, optimisticLockKey: 'ignored, there is no tenant yet' },
        })
      ).status,
    ).toBe(200);
    expect(
      (await call(bigip, 'GET', `${DECLARE}/k8s?showHash=true`)).body['k8s'].optimisticLockKey,
    ).toBe(key);
    const next = tenant({ a: app({ members: [member(80, '10.0.0.1', '10.0.0.2')] }) });
    const posted = await declare(
      bigip,
      { k8s: { ...next, optimisticLockKey: key } },
      '?showHash=true',
    );
    expect(posted.status).toBe(200);
    expect(posted.body['declaration'].k8s.optimisticLockKey).not.toBe(key);
    const stale = await declare(bigip, { k8s: { ...k8s, optimisticLockKey: key } });
    expect(resultOf(stale)).toMatchObject({
      code: 422,
      message: expect.stringMatching(/^The hash you submitted does not match/),
    });
    expect((await call(bigip, 'GET', `${DECLARE}/k8s`)).body['k8s']).toEqual(next);
  });

  test('the lock key depends on the order of keys, and changes with the order alone', async () => {
    const pool = { class: 'Pool', members: [] };
    await declare(bigip, { k8s: tenant({ a: { class: 'Application', pool } }) });
    const before = (await call(bigip, 'GET', `${DECLARE}?showHash=true`)).body['k8s']
      .optimisticLockKey;
    expect(
      resultOf(await declare(bigip, { k8s: tenant({ a: { pool, class: 'Application' } }) }))[
        'message'
      ],
    ).toBe('no change');
    expect(
      (await call(bigip, 'GET', `${DECLARE}?showHash=true`)).body['k8s'].optimisticLockKey,
    ).not.toBe(before);
  });
});
