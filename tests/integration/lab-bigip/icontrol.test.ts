import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { app, call, declare, member, tenant } from './client.ts';

describe('iControl REST', () => {
  let bigip: LabBigip;
  beforeEach(async () => {
    bigip = await startBigip({
      dataPath: false,
      timings: { declare: 0, memberWrite: 0 },
      hostname: 'east.lab',
      version: '17.5.0',
    });
    const probe = {
      class: 'Monitor',
      monitorType: 'http',
      targetPort: 15021,
      send: 'GET /healthz/ready HTTP/1.1\\r\\n\\r\\n',
      receive: '200',
      interval: 10,
      timeout: 31,
    };
    const pool = { monitors: [{ use: 'ready' }, 'tcp'], minimumMonitors: 'all' };
    await declare(bigip, {
      k8s: tenant({
        a: app({ members: [member(80, '10.0.0.1', '10.0.0.2')], pool, more: { ready: probe } }),
      }),
    });
  });
  afterEach(() => bigip.close());

  const MEMBER = '/mgmt/tm/ltm/pool/~k8s~a~pool/members/~k8s~10.0.0.1:80';
  const get = async (path: string) => (await call(bigip, 'GET', path)).body;

  test('virtual servers are listed as BIG-IP lists them', async () => {
    const [virtual] = (await get('/mgmt/tm/ltm/virtual?expandSubcollections=true'))['items'];
    expect(virtual).toMatchObject({
      kind: 'tm:ltm:virtual:virtualstate',
      name: 'virtual',
      partition: 'k8s',
      subPath: 'a',
      fullPath: '/k8s/a/virtual',
      destination: '/k8s/172.16.100.195:32400',
      enabled: true,
      ipProtocol: 'tcp',
      pool: '/k8s/a/pool',
      description: 'a',
      sourceAddressTranslation: { type: 'automap' },
      profilesReference: {
        isSubcollection: true,
        items: [{ fullPath: '/Common/f5-tcp-progressive' }],
      },
    });
    expect(
      (await get('/mgmt/tm/ltm/virtual?$filter=partition eq Common'))['items'],
    ).toBeUndefined();
    expect(await get('/mgmt/tm/ltm/virtual-address/~k8s~172.16.100.195')).toMatchObject({
      address: '172.16.100.195',
      enabled: 'yes',
    });
  });

  test('a list has only the fields that are selected, if an item has them', async () => {
    const query = '$filter=partition eq k8s&$select=fullPath,destination,nothing';
    expect((await get(`/mgmt/tm/ltm/virtual?${query}`))['items']).toEqual([
      { fullPath: '/k8s/a/virtual', destination: '/k8s/172.16.100.195:32400' },
    ]);
  });

  test('pools are listed with their members, and an empty collection comes without items', async () => {
    const [pool] = (await get('/mgmt/tm/ltm/pool?expandSubcollections=true'))['items'];
    expect(pool).toMatchObject({
      fullPath: '/k8s/a/pool',
      loadBalancingMode: 'round-robin',
      monitor: '/k8s/a/ready and /Common/tcp',
    });
    expect(pool.membersReference.items.map((m: { fullPath: string }) => m.fullPath)).toEqual([
      '/k8s/10.0.0.1:80',
      '/k8s/10.0.0.2:80',
    ]);
    expect(await get('/mgmt/tm/ltm/monitor/http/~k8s~a~ready')).toMatchObject({
      destination: '*:15021',
      interval: 10,
      timeout: 31,
      recv: '200',
    });
    await declare(bigip, { k8s: tenant({ a: app() }) });
    expect(
      (await get('/mgmt/tm/ltm/pool/~k8s~a~pool?expandSubcollections=true'))['membersReference']
        .items,
    ).toBeUndefined();
    expect((await get('/mgmt/tm/ltm/node'))['items']).toBeUndefined();
  });

  test('a member is drained, forced off and enabled again, and reads say what monitors find', async () => {
    expect(await get(MEMBER)).toMatchObject({
      session: 'monitor-enabled',
      state: 'up',
      address: '10.0.0.1',
    });
    await call(bigip, 'PATCH', MEMBER, { body: { state: 'user-up', session: 'user-disabled' } });
    expect(await get(MEMBER)).toMatchObject({ session: 'user-disabled', state: 'up' });
    await call(bigip, 'PATCH', MEMBER, { body: { state: 'user-down' } });
    expect(await get(MEMBER)).toMatchObject({ state: 'user-down' });
    await call(bigip, 'PATCH', MEMBER, { body: { state: 'user-up', session: 'user-enabled' } });
    bigip.faults.health('10.0.0.1', 'down');
    expect(await get(MEMBER)).toMatchObject({ session: 'monitor-enabled', state: 'down' });
  });

  test('writing back what a read shows is refused', async () => {
    for (const body of [{ state: 'up' }, { session: 'monitor-enabled' }]) {
      expect(await call(bigip, 'PATCH', MEMBER, { body })).toMatchObject({
        status: 400,
        body: { code: 400, message: expect.stringContaining('01070734:3'), errorStack: [] },
      });
    }
  });

  test('what is not there is 404 01020036:3, what is there already 409 01020066:3', async () => {
    const body = { name: '10.0.0.1:80', partition: 'k8s' };
    expect(
      (await call(bigip, 'POST', '/mgmt/tm/ltm/pool/~k8s~a~pool/members', { body })).body,
    ).toMatchObject({ code: 409, message: expect.stringContaining('01020066:3') });
    expect(
      (await call(bigip, 'DELETE', '/mgmt/tm/ltm/pool/~k8s~a~pool/members/~k8s~10.9.9.9:80')).body,
    ).toMatchObject({ code: 404, message: expect.stringContaining('01020036:3') });
    expect((await call(bigip, 'GET', '/mgmt/tm/ltm/pool/~k8s~a~nosuch')).status).toBe(404);
    expect((await call(bigip, 'GET', '/mgmt/tm/ltm/nosuch')).status).toBe(404);
  });

  test('a node in use cannot be deleted, nor a partition with objects', async () => {
    expect(
      (await call(bigip, 'DELETE', '/mgmt/tm/ltm/node/~k8s~10.0.0.1')).body['message'],
    ).toContain('01070110:3');
    expect((await call(bigip, 'DELETE', '/mgmt/tm/auth/partition/k8s')).body['message']).toContain(
      '0107082a:3',
    );
    expect((await call(bigip, 'DELETE', MEMBER)).status).toBe(200);
    expect((await call(bigip, 'DELETE', '/mgmt/tm/ltm/node/~k8s~10.0.0.1')).status).toBe(200);
  });

  test('a member list in a PATCH of the pool replaces the members', async () => {
    await call(bigip, 'PATCH', '/mgmt/tm/ltm/pool/~k8s~a~pool', {
      body: { members: [{ name: '10.0.0.2:80' }, { name: '10.0.0.3:80' }] },
    });
    expect(
      (await get('/mgmt/tm/ltm/pool/~k8s~a~pool/members'))['items'].map(
        (m: { name: string }) => m.name,
      ),
    ).toEqual(['10.0.0.2:80', '10.0.0.3:80']);
  });

  test('another client may have a partition with virtual servers, whose addresses are taken', async () => {
    await call(bigip, 'POST', '/mgmt/tm/auth/partition', { body: { name: 'theirs' } });
    await call(bigip, 'POST', '/mgmt/tm/ltm/pool', {
      body: { name: 'web', partition: 'theirs', members: [{ name: '10.8.0.1:80' }] },
    });
    const virtual = {
      name: 'web',
      partition: 'theirs',
      destination: '/theirs/172.16.100.50:443',
      pool: 'web',
      ipProtocol: 'tcp',
    };
    expect((await call(bigip, 'POST', '/mgmt/tm/ltm/virtual', { body: virtual })).status).toBe(200);
    const clash = await declare(bigip, {
      k8s: tenant({ a: app({ address: '172.16.100.50', port: 443 }) }),
    });
    expect(clash.body['results'][0].response).toContain('0107176c:3');
    expect(
      (await call(bigip, 'PATCH', '/mgmt/tm/ltm/virtual/~theirs~web', { body: { disabled: true } }))
        .body['disabled'],
    ).toBe(true);
    expect((await call(bigip, 'DELETE', '/mgmt/tm/ltm/virtual/~theirs~web')).status).toBe(200);
    expect(
      (await declare(bigip, { k8s: tenant({ a: app({ address: '172.16.100.50', port: 443 }) }) }))
        .status,
    ).toBe(200);
  });

  test.each([
    ['192.0.2.7:80', '0.0.0.0/0'],
    ['192.0.2.7%2:80', '0.0.0.0%2/0'],
    ['2001:db8::7.80', '::/0'],
  ])('a virtual server at %s takes connections from all of %s', async (destination, source) => {
    bigip.common.routeDomains.add('2');
    const body = { name: 'theirs', partition: 'Common', destination, ipProtocol: 'tcp' };
    const made = await call(bigip, 'POST', '/mgmt/tm/ltm/virtual', { body });
    expect([made.status, made.body['source']]).toEqual([200, source]);
  });

  test.each([
    ['/mgmt/tm/ltm/pool/%zz', 400],
    ['/mgmt/tm/net/fdb/tunnel/~Common~t/records/%', 400],
    ['//', 404],
  ])('the address %s is answered with %i', async (path, status) => {
    expect((await call(bigip, 'GET', path)).status).toBe(status);
  });

  test('statistics are nested as BIG-IP nests them', async () => {
    bigip.faults.health('10.0.0.1', 'down');
    const entriesOf = async (
      path: string,
    ): Promise<Record<string, { description?: string; value?: number }>> => {
      const [first] = Object.values<{
        nestedStats: { entries: Record<string, { description?: string }> };
      }>((await get(path))['entries']);
      return first!.nestedStats.entries;
    };
    expect(
      await entriesOf('/mgmt/tm/ltm/pool/~k8s~a~pool/members/~k8s~10.0.0.1:80/stats'),
    ).toMatchObject({
      'status.availabilityState': { description: 'offline' },
      'serverside.curConns': { value: 0 },
    });
    expect(await entriesOf('/mgmt/tm/ltm/pool/~k8s~a~pool/stats')).toMatchObject({
      'status.availabilityState': { description: 'available' },
      availableMemberCnt: { value: 1 },
    });
    expect(await entriesOf('/mgmt/tm/ltm/virtual/~k8s~a~virtual/stats')).toMatchObject({
      'status.enabledState': { description: 'enabled' },
      'clientside.totConns': { value: 0 },
    });
    bigip.faults.health('10.0.0.2', 'down');
    expect(await entriesOf('/mgmt/tm/ltm/virtual/stats')).toMatchObject({
      'status.availabilityState': { description: 'offline' },
    });
  });

  test('the device reports its role, readiness and version, and saves', async () => {
    const entry = async (path: string, key: string): Promise<unknown> =>
      Object.values<{ nestedStats: { entries: Record<string, { description: string }> } }>(
        (await get(path))['entries'],
      )[0]!.nestedStats.entries[key]!.description;
    expect(await entry('/mgmt/tm/cm/failover-status', 'status')).toBe('ACTIVE');
    bigip.faults.standby();
    expect(await entry('/mgmt/tm/cm/failover-status', 'status')).toBe('STANDBY');
    expect(await entry('/mgmt/tm/cm/sync-status', 'color')).toBe('green');
    expect(await entry('/mgmt/tm/sys/ready', 'configReady')).toBe('yes');
    expect(await entry('/mgmt/tm/sys/version', 'Version')).toBe('17.5.0');
    expect(
      (await call(bigip, 'POST', '/mgmt/tm/sys/config', { body: { command: 'save' } })).status,
    ).toBe(200);
    expect(
      (await call(bigip, 'POST', '/mgmt/tm/sys/config', { body: { command: 'erase' } })).status,
    ).toBe(400);
    expect(
      (await get('/mgmt/tm/auth/partition'))['items'].map((p: { name: string }) => p.name),
    ).toEqual(['Common', 'k8s']);
  });
});
