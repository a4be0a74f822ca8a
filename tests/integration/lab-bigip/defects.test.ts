import { afterEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { BigipOptions, LabBigip } from '../../../infra/lab/bigip/index.ts';
import { app, call, declare, finished, member, resultOf, tenant } from './client.ts';

describe('editing members through AS3', () => {
  let bigip: LabBigip;
  const start = async (options: BigipOptions = {}): Promise<void> => {
    bigip = await startBigip({
      dataPath: false,
      timings: { declare: 0, memberWrite: 0 },
      ...options,
    });
  };
  afterEach(() => bigip.close());

  type Members = readonly unknown[];
  const twoPools = (a: Members, b: Members) => ({
    k8s: tenant({ a: app({ members: a }), b: app({ port: 32401, members: b }) }),
  });
  const message = async (a: Members, b: Members = []): Promise<unknown> =>
    resultOf(await declare(bigip, twoPools(a, b)))['message'];
  const members = (pool: 'a' | 'b') =>
    bigip
      .view()
      .partitions.find((p) => p.name === 'k8s')
      ?.pools.find((p) => p.path === `/k8s/${pool}/pool`)?.members ?? [];
  const paths = (pool: 'a' | 'b'): readonly string[] => members(pool).map((m) => m.path);
  const one = { ...member(80, '10.0.0.1') };
  const disabled = { ...one, adminState: 'disable' };
  const two = member(80, '10.0.0.2');

  test('3.56 omits an addition next to an edited member of another pool, and reports success', async () => {
    await start();
    await message([one]);
    expect(await message([disabled], [two])).toBe('success');
    expect([members('a')[0]?.session, paths('b')]).toEqual(['user-disabled', []]);
    expect(await message([disabled], [two])).toBe('success');
    expect(paths('b')).toEqual(['/k8s/10.0.0.2:80']);
    expect(await message([disabled], [two])).toBe('no change');
  });

  test.each([
    ['another version', { as3Version: '3.54.2' }],
    ['the defects switched off', { defects: false }],
  ])('%s does both at once', async (_name, options) => {
    await start(options);
    await message([one]);
    await message([disabled], [two]);
    expect([members('a')[0]?.session, paths('b')]).toEqual(['user-disabled', ['/k8s/10.0.0.2:80']]);
  });

  test('3.56 needs two declares for an edited remark, and one of its own for it', async () => {
    await start();
    const description = async (): Promise<unknown> =>
      (await call(bigip, 'GET', '/mgmt/tm/ltm/pool/~k8s~a~pool/members/~k8s~10.0.0.1:80')).body[
        'description'
      ];
    await message([{ ...one, remark: 'first' }]);
    expect(await message([{ ...one, remark: 'second' }])).toBe('success');
    expect(await description()).toBeUndefined();
    await message([{ ...one, remark: 'second' }]);
    expect(await description()).toBe('second');
    const both = [{ ...disabled, remark: 'third' }];
    expect(await message(both)).toBe('declaration failed');
    expect(await message(both)).toBe('declaration failed');
    expect(paths('a')).toEqual(['/k8s/10.0.0.1:80']);
  });

  test('a changed value of a member\'s metadata is "success" for ever', async () => {
    await start();
    const tagged = (value: string) => [{ ...one, metadata: { owner: { value } } }];
    await message(tagged('a'));
    expect(await message(tagged('b'))).toBe('success');
    expect(await message(tagged('b'))).toBe('success');
  });

  test('an edited member is deleted and added again, which resets its state', async () => {
    await start();
    await message([member(80, '10.0.0.1', '10.0.0.2')]);
    expect(await message([two, one])).toBe('no change');
    await call(bigip, 'PATCH', '/mgmt/tm/ltm/node/~k8s~10.0.0.1', {
      body: { session: 'user-disabled' },
    });
    await message([{ ...one, ratio: 2 }, two]);
    expect(members('a').map((m) => [m.path, m.enabled])).toEqual([
      ['/k8s/10.0.0.2:80', true],
      ['/k8s/10.0.0.1:80', false],
    ]);
  });

  test('the next declare enables a drained member, but not a drained node', async () => {
    await start();
    await message([one, two]);
    await call(bigip, 'PATCH', '/mgmt/tm/ltm/pool/~k8s~a~pool/members/~k8s~10.0.0.1:80', {
      body: { session: 'user-disabled' },
    });
    await call(bigip, 'PATCH', '/mgmt/tm/ltm/node/~k8s~10.0.0.2', {
      body: { session: 'user-disabled', description: 'sluice 1.2' },
    });
    expect(await message([one, two])).toBe('success');
    expect(Object.fromEntries(members('a').map((m) => [m.address, m.enabled]))).toEqual({
      '10.0.0.1': true,
      '10.0.0.2': false,
    });
    expect(await message([one, two])).toBe('no change');
  });

  test('a member written by hand as declared makes the declare a no-op; others are removed', async () => {
    await start();
    await message([one]);
    await call(bigip, 'POST', '/mgmt/tm/ltm/pool/~k8s~a~pool/members', {
      body: { name: '10.0.0.2:80', partition: 'k8s' },
    });
    expect(await message([one, two])).toBe('no change');
    await call(bigip, 'POST', '/mgmt/tm/ltm/pool/~k8s~a~pool/members', {
      body: { name: '10.0.0.3:80', partition: 'k8s' },
    });
    expect(await message([one, two])).toBe('success');
    expect(paths('a')).toEqual(['/k8s/10.0.0.1:80', '/k8s/10.0.0.2:80']);
    expect((await call(bigip, 'GET', '/mgmt/tm/ltm/node/~k8s~10.0.0.3')).status).toBe(404);
  });

  test('a write by hand between read and script fails the declare, and the rollback undoes it', async () => {
    await start();
    await message([one, two]);
    bigip.faults.timings.declare = 2000;
    // When the declare is accepted, the device has been read; the script runs later.
    const accepted = await declare(bigip, twoPools([one], []), '?async=true');
    await call(bigip, 'DELETE', '/mgmt/tm/ltm/pool/~k8s~a~pool/members/~k8s~10.0.0.2:80');
    expect(resultOf(await finished(bigip, String(accepted.body['id'])))).toMatchObject({
      message: 'declaration failed',
      response: expect.stringContaining('01020036:3'),
    });
    expect(paths('a')).toEqual(['/k8s/10.0.0.1:80', '/k8s/10.0.0.2:80']);
  });

  test('a pool attribute changes without the members; monitors are "all" or at least some', async () => {
    await start();
    await message([one, two]);
    const pool = {
      loadBalancingMode: 'least-connections-member',
      monitors: ['tcp', 'http'],
      minimumMonitors: 'all',
    };
    expect(
      resultOf(await declare(bigip, { k8s: tenant({ a: app({ members: [one, two], pool }) }) }))[
        'message'
      ],
    ).toBe('success');
    const item = (await call(bigip, 'GET', '/mgmt/tm/ltm/pool/~k8s~a~pool')).body;
    expect([item['loadBalancingMode'], item['monitor']]).toEqual([
      'least-connections-member',
      '/Common/tcp and /Common/http',
    ]);
    await declare(bigip, {
      k8s: tenant({ a: app({ members: [one, two], pool: { ...pool, minimumMonitors: 1 } }) }),
    });
    expect((await call(bigip, 'GET', '/mgmt/tm/ltm/pool/~k8s~a~pool')).body['monitor']).toBe(
      'min 1 of { /Common/tcp /Common/http }',
    );
  });
});
