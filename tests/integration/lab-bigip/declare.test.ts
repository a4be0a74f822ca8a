import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { adc, app, call, declare, member, resultOf, tenant } from './client.ts';

const DECLARE = '/mgmt/shared/appsvcs/declare';

describe('AS3 declarations', () => {
  let bigip: LabBigip;
  beforeEach(async () => {
    bigip = await startBigip({ dataPath: false, timings: { declare: 0, memberWrite: 0 } });
  });
  afterEach(() => bigip.close());

  const partition = (name: string) => bigip.view().partitions.find((p) => p.name === name);
  const poolMembers = (name: string): readonly string[] =>
    (partition(name)?.pools[0]?.members ?? []).map((m) => m.path);

  test('info returns the version, and GET before the first declaration has no content', async () => {
    expect((await call(bigip, 'GET', '/mgmt/shared/appsvcs/info')).body).toMatchObject({
      version: '3.56.0',
      schemaMinimum: '3.0.0',
    });
    expect((await call(bigip, 'GET', DECLARE)).status).toBe(204);
  });

  test('the first post succeeds, the same again is no change, and an edit succeeds', async () => {
    const k8s = tenant({ a: app({ members: [member(80, '10.0.0.1')] }) });
    expect(resultOf(await declare(bigip, { k8s }))).toMatchObject({
      code: 200,
      message: 'success',
      host: 'localhost',
      tenant: 'k8s',
    });
    expect(resultOf(await declare(bigip, { k8s }))).toMatchObject({
      code: 200,
      message: 'no change',
    });
    expect(
      resultOf(
        await declare(bigip, {
          k8s: tenant({ a: app({ members: [member(80, '10.0.0.1', '10.0.0.2')] }) }),
        }),
      ),
    ).toMatchObject({ message: 'success' });
    expect(poolMembers('k8s')).toEqual(['/k8s/10.0.0.1:80', '/k8s/10.0.0.2:80']);
  });

  test('the AS3 wrapper, a bare ADC and an array are all accepted', async () => {
    const k8s = tenant({ a: app() });
    expect(
      (
        await call(bigip, 'POST', DECLARE, {
          body: { class: 'AS3', action: 'deploy', declaration: adc({ k8s }) },
        })
      ).status,
    ).toBe(200);
    const answer = await call(bigip, 'POST', DECLARE, {
      body: [
        adc({ k8s }),
        {
          class: 'AS3',
          declaration: adc({ other: tenant({ a: app({ address: '172.16.100.9' }) }) }),
        },
      ],
    });
    expect(answer.body).toMatchObject({
      code: 200,
      items: [{ results: [{ message: 'no change' }] }, { results: [{ message: 'success' }] }],
    });
    const twice = await call(bigip, 'POST', DECLARE, { body: [adc({ k8s }), adc({ k8s })] });
    expect(twice.status).toBe(422);
  });

  test('one tenant failing among two is 207, and the good one is kept', async () => {
    const answer = await declare(bigip, {
      good: tenant({ a: app({ address: '172.16.100.1' }) }),
      bad: tenant({
        a: app({ address: '172.16.100.2', virtual: { allowVlans: [{ bigip: '/Common/nosuch' }] } }),
      }),
    });
    expect(answer.status).toBe(207);
    expect(answer.body['results']).toEqual([
      expect.objectContaining({ tenant: 'good', code: 200 }),
      expect.objectContaining({
        tenant: 'bad',
        code: 422,
        message: 'declaration failed',
        response: '01020036:3: The requested VLAN (/Common/nosuch) was not found.',
      }),
    ]);
    const stored = await call(bigip, 'GET', DECLARE);
    expect(Object.keys(stored.body)).toContain('good');
    expect(Object.keys(stored.body)).not.toContain('bad');
    expect(partition('bad')).toBeUndefined();
  });

  test('an object in /Common can be referred to as soon as it exists', async () => {
    const k8s = tenant({
      a: app({
        virtual: {
          iRules: [{ bigip: '/Common/mine' }],
          allowVlans: [{ bigip: '/Common/external' }],
          snat: { bigip: '/Common/pool1' },
        },
      }),
    });
    const words = async (): Promise<unknown> => (await declare(bigip, { k8s })).body['message'];
    expect(await words()).toBe('Unable to find /Common/pool1 for /k8s/a/virtual/snat');
    bigip.common.snatPools.add('/Common/pool1');
    expect(await words()).toBe('Unable to find /Common/mine for /k8s/a/virtual/iRules/0');
    bigip.common.iRules.add('/Common/mine');
    expect((await declare(bigip, { k8s })).status).toBe(200);
  });

  test('a failed script leaves the whole tenant as it was', async () => {
    await declare(bigip, {
      k8s: tenant({ a: app({ members: [member(80, '10.0.0.1', '10.0.0.2')] }) }),
    });
    const before = bigip.view();
    const answer = await declare(bigip, {
      k8s: tenant({
        a: app({ members: [member(80, '10.0.0.1')] }),
        b: app({ port: 32401, members: [member(80, '10.0.0.3')] }),
        c: app(),
      }),
    });
    expect(resultOf(answer)).toMatchObject({
      code: 422,
      response: expect.stringMatching(
        /^01070333:3: Virtual Server .* illegally shares destination address/,
      ),
    });
    expect(bigip.view()).toEqual(before);
  });

  test('the same address and port as another partition is refused, and so is the same address', async () => {
    await declare(bigip, { one: tenant({ a: app() }) });
    expect(
      resultOf(await declare(bigip, { two: tenant({ a: app({ port: 1 }) }) }))['response'],
    ).toBe('0107176c:3: Invalid Virtual Address, the IP address 172.16.100.195 already exists.');
    expect(
      (
        await declare(bigip, {
          one: tenant({ a: app(), udp: app({ virtual: { class: 'Service_UDP' } }) }),
        })
      ).status,
    ).toBe(200);
  });

  test('a node of another tenant is a conflict for the whole request, unless nodes are shared', async () => {
    const shared = (address: string) =>
      tenant({ a: app({ address, members: [{ ...member(80, '10.0.0.1'), shareNodes: true }] }) });
    await declare(bigip, { one: tenant({ a: app({ members: [member(80, '10.0.0.1')] }) }) });
    const moved = await declare(bigip, {
      one: tenant({ sluice: { class: 'Application' } }),
      two: tenant({ a: app({ address: '172.16.100.7', members: [member(80, '10.0.0.1')] }) }),
    });
    expect(moved.body).toMatchObject({
      code: 422,
      message: 'declaration is invalid',
      errors: [
        '/two/a/pool/members: pool member /two/a/pool/members/0 static address 10.0.0.1 ' +
          'conflicts with bigip node /one/10.0.0.1',
      ],
    });
    expect((await declare(bigip, { two: shared('172.16.100.2') })).body['errors']).toEqual(
      moved.body['errors'],
    );
    await call(bigip, 'DELETE', `${DECLARE}/one`);
    expect((await declare(bigip, { one: shared('172.16.100.1') })).status).toBe(200);
    const alone = tenant({
      a: app({ address: '172.16.100.2', members: [member(80, '10.0.0.1')] }),
    });
    expect((await declare(bigip, { two: alone })).body['errors']).toEqual([
      '/two/a/pool/members: The node /two/10.0.0.1 conflicts with /Common/10.0.0.1',
    ]);
    expect((await declare(bigip, { two: shared('172.16.100.2') })).status).toBe(200);
    const node = await call(bigip, 'GET', '/mgmt/tm/ltm/node/~Common~10.0.0.1');
    expect(node.body['metadata']).toEqual([{ name: 'references', value: '2', persist: 'true' }]);
    await call(bigip, 'DELETE', `${DECLARE}/one`);
    await call(bigip, 'DELETE', `${DECLARE}/two`);
    expect((await call(bigip, 'GET', '/mgmt/tm/ltm/node/~Common~10.0.0.1')).status).toBe(404);
  });

  test('only tenants in both the path and the body are changed', async () => {
    await declare(bigip, { one: tenant({ a: app() }) });
    const body = adc({ one: tenant(), two: tenant({ a: app({ address: '172.16.100.2' }) }) });
    expect((await call(bigip, 'POST', `${DECLARE}/two`, { body })).body['results']).toHaveLength(1);
    expect(partition('one')?.virtualServers).toHaveLength(1);
    const unchanged = await call(bigip, 'POST', `${DECLARE}/three`, { body });
    expect(resultOf(unchanged)).toMatchObject({ code: 200, message: 'no change' });
  });

  test('selective leaves other tenants alone, complete removes them', async () => {
    await declare(bigip, { one: tenant({ a: app() }) });
    await call(bigip, 'POST', DECLARE, {
      body: adc({ two: tenant({ a: app({ address: '172.16.100.2' }) }) }),
    });
    expect(['one', 'two'].map((name) => partition(name)?.virtualServers.length)).toEqual([1, 1]);
    await call(bigip, 'POST', DECLARE, {
      body: adc(
        { two: tenant({ a: app({ address: '172.16.100.2' }) }) },
        { updateMode: 'complete' },
      ),
    });
    expect(['one', 'two'].map((name) => partition(name)?.virtualServers.length)).toEqual([
      undefined,
      1,
    ]);
  });

  test('an empty tenant deletes, DELETE of a missing tenant is no change, of a missing application 500', async () => {
    await declare(bigip, { one: tenant({ a: app() }) });
    expect((await call(bigip, 'DELETE', `${DECLARE}/one/applications/nosuch`)).status).toBe(500);
    expect(resultOf(await declare(bigip, { one: tenant() }))).toMatchObject({
      code: 200,
      message: 'success',
    });
    expect(partition('one')).toBeUndefined();
    expect((await call(bigip, 'GET', DECLARE)).status).toBe(204);
    expect(resultOf(await call(bigip, 'DELETE', `${DECLARE}/one`))).toMatchObject({
      code: 200,
      message: 'no change',
    });
  });

  test('action remove without a declaration removes every tenant, whatever the path says', async () => {
    await declare(bigip, {
      one: tenant({ a: app() }),
      two: tenant({ a: app({ address: '172.16.100.2' }) }),
    });
    await call(bigip, 'POST', `${DECLARE}/one`, { body: { class: 'AS3', action: 'remove' } });
    expect(bigip.view().partitions.map((p) => p.name)).toEqual(['Common']);
  });

  test('constants alone are stored although the device sees no change', async () => {
    const withConstants = (revision: number) =>
      tenant({ a: app() }, { constants: { class: 'Constants', revision } });
    await declare(bigip, { k8s: withConstants(1) });
    expect(resultOf(await declare(bigip, { k8s: withConstants(2) }))['message']).toBe('no change');
    expect((await call(bigip, 'GET', `${DECLARE}/k8s`)).body['k8s'].constants.revision).toBe(2);
  });

  test('a tenant with only constants loses its partition; an empty application keeps it', async () => {
    const constants = { class: 'Constants', revision: 1 };
    await declare(bigip, { k8s: tenant({ sluice: { class: 'Application' } }, { constants }) });
    expect(partition('k8s')).toBeDefined();
    await declare(bigip, { k8s: tenant({}, { constants }) });
    expect(partition('k8s')).toBeUndefined();
    expect((await call(bigip, 'GET', `${DECLARE}/k8s`)).body['k8s'].constants).toEqual(constants);
  });

  test('a dry run returns the outcome, changes nothing and stores nothing', async () => {
    const body = adc(
      { k8s: tenant({ a: app() }) },
      { controls: { class: 'Controls', dryRun: true, traceResponse: true } },
    );
    const answer = await call(bigip, 'POST', `${DECLARE}/k8s`, { body });
    expect(resultOf(answer)).toMatchObject({ code: 200, message: 'success', dryRun: true });
    expect(answer.body['traces'].k8sScript).toContain('create ltm virtual /k8s/a/virtual');
    expect(partition('k8s')).toBeUndefined();
    expect((await call(bigip, 'GET', DECLARE)).status).toBe(204);
  });

  test.each([
    [
      'a missing pool',
      { a: app({ virtual: { pool: 'nosuch' } }) },
      '/k8s/a/virtual/pool: contains path to non-existent object nosuch',
    ],
    [
      'a pointer into another application',
      { a: app({ virtual: { pool: { use: '/k8s/b/pool' } } }), b: app({ port: 2 }) },
      'must contain path pointing into same Application',
    ],
    ['a port out of range', { a: app({ port: 70_000 }) }, '/k8s/a/virtual/virtualPort'],
    [
      'a method that BIG-IP does not have',
      { a: app({ pool: { loadBalancingMode: 'best' } }) },
      '/k8s/a/pool/loadBalancingMode',
    ],
    [
      'two equal members',
      { a: app({ members: [member(80, '10.0.0.1'), member(80, '10.0.0.1')] }) },
      'duplicate',
    ],
    ['an IPv6 colon in a name', { 'gw-fd00::1': app() }, 'should match pattern'],
    ['an unknown class', { a: app({ more: { x: { class: 'GSLB_Domain' } } }) }, 'GSLB_Domain'],
  ])('the schema refuses %s', async (_what, applications, text) => {
    const answer = await declare(bigip, { k8s: tenant(applications) });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: 422,
      message: 'declaration is invalid',
      errors: [expect.stringContaining(text)],
    });
  });

  test('a schemaVersion newer than AS3 is refused, an older one is not', async () => {
    const post = (schemaVersion: string) =>
      call(bigip, 'POST', DECLARE, {
        body: { ...adc({ k8s: tenant({ a: app() }) }), schemaVersion },
      });
    expect((await post('3.57.0')).status).toBe(422);
    expect((await post('3.0.0')).status).toBe(200);
  });

  test.each([
    ['GET', '?async=true', 400],
    ['GET', '?what=1', 400],
    ['GET', '?age=16', 400],
    ['POST', '?show=all', 400],
    ['GET', '/a/b', 400],
    ['GET', '/nosuch', 404],
  ])('%s /declare%s is %i', async (method, rest, status) => {
    await declare(bigip, { k8s: tenant({ a: app() }) });
    expect(
      (await call(bigip, method, `${DECLARE}${rest}`, method === 'POST' ? { body: adc({}) } : {}))
        .status,
    ).toBe(status);
  });

  test('an unknown action and an unknown setting are 422, an empty body 408, broken JSON 400', async () => {
    expect(
      (await call(bigip, 'POST', DECLARE, { body: { class: 'AS3', action: 'explode' } })).status,
    ).toBe(422);
    expect(
      (await call(bigip, 'POST', '/mgmt/shared/appsvcs/settings', { body: { nosuch: true } }))
        .status,
    ).toBe(422);
    expect((await call(bigip, 'POST', DECLARE)).status).toBe(408);
    expect((await call(bigip, 'POST', DECLARE, { body: '{"class":' })).status).toBe(400);
  });

  test('what controls a declaration is stored with it, and with the time', async () => {
    const controls = { class: 'Controls', userAgent: 'test' };
    const declaration = { ...adc({ k8s: tenant({ a: app() }) }), controls };
    await call(bigip, 'POST', DECLARE, { body: declaration });
    expect((await call(bigip, 'GET', DECLARE)).body['controls']).toEqual({
      ...controls,
      archiveTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test('older declarations can be listed, read and deployed again', async () => {
    const first = tenant({ a: app({ port: 1 }) });
    await declare(bigip, { k8s: first });
    await declare(bigip, { k8s: tenant({ a: app({ port: 2 }) }) });
    expect((await call(bigip, 'GET', `${DECLARE}?age=list`)).body).toHaveLength(2);
    expect((await call(bigip, 'GET', `${DECLARE}?age=1`)).body['k8s']).toEqual(first);
    expect(
      (
        await call(bigip, 'POST', DECLARE, {
          body: { class: 'AS3', action: 'redeploy', redeployAge: 1 },
        })
      ).status,
    ).toBe(200);
    expect(partition('k8s')?.virtualServers[0]?.port).toBe(1);
    expect(
      (
        await call(bigip, 'POST', DECLARE, {
          body: { class: 'AS3', action: 'redeploy', redeployAge: 9 },
        })
      ).status,
    ).toBe(404);
  });

  test('PATCH changes the stored declaration and deploys it', async () => {
    await declare(bigip, { k8s: tenant({ a: app({ port: 1 }), b: app({ port: 2 }) }) });
    const body = [
      { op: 'replace', path: '/k8s/a/virtual/virtualPort', value: 11 },
      { op: 'remove', path: '/k8s/b' },
    ];
    expect((await call(bigip, 'PATCH', DECLARE, { body })).status).toBe(200);
    expect(partition('k8s')?.virtualServers.map((v) => v.port)).toEqual([11]);
    expect(
      (await call(bigip, 'PATCH', DECLARE, { body: [{ op: 'remove', path: '/k8s/nosuch' }] }))
        .status,
    ).toBe(422);
  });

  test('defaults show up with show=full, and not without', async () => {
    await declare(bigip, { k8s: tenant({ a: app() }) });
    expect((await call(bigip, 'GET', `${DECLARE}/k8s`)).body['k8s'].a.virtual.snat).toBeUndefined();
    expect((await call(bigip, 'GET', `${DECLARE}/k8s?show=full`)).body['k8s'].a.virtual.snat).toBe(
      'auto',
    );
  });

  test('every mutating request is recorded with its status and tenant, reads and logins are not', async () => {
    await declare(bigip, { k8s: tenant({ a: app() }) });
    await call(bigip, 'GET', DECLARE);
    await call(bigip, 'POST', '/mgmt/shared/authn/login', {
      headers: {},
      body: { username: 'admin', password: 'lab-bigip' },
    });
    await call(bigip, 'POST', DECLARE, { body: { class: 'AS3', action: 'explode' } });
    expect(
      bigip.writes.map(({ method, path, status, tenant: name, handled }) => ({
        method,
        path,
        status,
        name,
        handled,
      })),
    ).toEqual([
      { method: 'POST', path: `${DECLARE}/k8s`, status: 200, name: 'k8s', handled: true },
      { method: 'POST', path: DECLARE, status: 422, name: undefined, handled: true },
    ]);
  });

  test('a device that was switched off and on keeps what was declared and configured', async () => {
    await declare(bigip, { k8s: tenant({ a: app({ members: [member(80, '10.0.0.1')] }) }) });
    const state = structuredClone(bigip.snapshotState());
    const again = await startBigip({ dataPath: false, state });
    try {
      expect(again.view()).toEqual(bigip.view());
      expect((await call(again, 'GET', DECLARE)).body).toEqual(
        (await call(bigip, 'GET', DECLARE)).body,
      );
    } finally {
      await again.close();
    }
  });
});
