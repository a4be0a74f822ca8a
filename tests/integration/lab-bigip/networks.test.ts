/** Networks over iControl REST. Messages are those that users of BIG-IP reported in public. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { BigipOptions, LabBigip } from '../../../infra/lab/bigip/index.ts';
import { app, call, declare, member, resultOf, tenant } from './client.ts';
import type { Answer } from './client.ts';

const NET = '/mgmt/tm/net';
const TUNNEL = `${NET}/fdb/tunnel/~Common~flannel`;
const DATA = '/mgmt/tm/ltm/data-group/internal';
const MAC = '0a:0a:c0:00:02:0b';

describe('networks of the device', () => {
  let bigip: LabBigip;
  const start = async (options: BigipOptions = {}): Promise<void> => {
    bigip = await startBigip({
      dataPath: false,
      timings: { declare: 0, memberWrite: 0 },
      common: { routeDomains: ['2'] },
      ...options,
    });
  };
  beforeEach(() => start());
  afterEach(() => bigip.close());

  const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
    call(bigip, method, path, { body });
  const get = async (path: string): Promise<Answer['body']> => (await send('GET', path)).body;
  const ok = async (method: string, path: string, body?: unknown): Promise<Answer['body']> => {
    const answer = await send(method, path, body);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body;
  };
  const refused = async (
    method: string,
    path: string,
    body: unknown,
    [status, message]: readonly [number, string],
  ): Promise<void> => {
    const answer = await send(method, path, body);
    expect([answer.status, answer.body['code'], answer.body['message']]).toEqual([
      status,
      status,
      message,
    ]);
  };
  const partition = (name = 'paths'): Promise<unknown> =>
    ok('POST', '/mgmt/tm/auth/partition', { name });
  const self = (name: string, address: string, vlan = 'internal'): Promise<unknown> =>
    ok('POST', `${NET}/self`, { name, partition: 'Common', address, vlan });
  const route = (body: object): object => ({ partition: 'paths', ...body });
  const tunnel = async (floodingType = 'none', localAddress = '192.0.2.1'): Promise<void> => {
    const common = { partition: 'Common' };
    await ok('POST', `${NET}/tunnels/vxlan`, {
      ...common,
      name: 'fl-vxlan',
      port: 8472,
      floodingType,
    });
    await ok('POST', `${NET}/tunnels/tunnel`, {
      ...common,
      name: 'flannel',
      profile: '/Common/fl-vxlan',
      key: 1,
      localAddress,
    });
  };

  describe('routes', () => {
    beforeEach(async () => {
      await partition();
      await self('nodes', '192.0.2.1/24');
      await self('nodes-2', '192.0.2.1%2/24');
    });
    const ROUTE = `${NET}/route`;
    const first = route({ name: 'r1', network: '10.244.1.0/24', gw: '192.0.2.11' });

    test('are created, listed by partition, given another gateway and deleted', async () => {
      expect((await get(ROUTE))['items']).toBeUndefined();
      expect(await ok('POST', ROUTE, { ...first, description: 'sluice gw east' })).toMatchObject({
        kind: 'tm:net:route:routestate',
        fullPath: '/paths/r1',
        network: '10.244.1.0/24',
        gw: '192.0.2.11',
        mtu: 0,
        description: 'sluice gw east',
      });
      await ok('PATCH', `${ROUTE}/~paths~r1`, { gw: '192.0.2.12' });
      const { kind, items } = await get(`${ROUTE}?$filter=partition+eq+paths`);
      expect(kind).toBe('tm:net:route:routecollectionstate');
      expect(items).toMatchObject([
        { name: 'r1', gw: '192.0.2.12', description: 'sluice gw east' },
      ]);
      expect((await get(`${ROUTE}?$filter=partition+eq+Common`))['items']).toBeUndefined();
      await ok('DELETE', `${ROUTE}/~paths~r1`);
      expect((await send('GET', `${ROUTE}/~paths~r1`)).status).toBe(404);
    });

    test.each([
      ['10.244.1.0%0/24', '10.244.1.0/24'],
      ['default', 'default'],
      ['0.0.0.0/0', 'default'],
      ['10.244.1.7/32', '10.244.1.7/32'],
    ])('to %s are shown as to %s', async (network, shown) => {
      const body = await ok('POST', ROUTE, { ...first, network });
      expect(body['network']).toBe(shown);
    });

    test('are unique by network in each route domain, whatever their names and partitions', async () => {
      await ok('POST', ROUTE, first);
      await refused('POST', ROUTE, { ...first, partition: 'Common', name: 'other' }, [
        400,
        '01070734:3: Configuration error: invalid static route, the dest/netmask pair ' +
          '10.244.1.0/255.255.255.0 already exists for /paths/r1',
      ]);
      await refused('POST', ROUTE, first, [
        409,
        '01020066:3: The requested route (/paths/r1) already exists in partition paths.',
      ]);
      await ok(
        'POST',
        ROUTE,
        route({ name: 'r2', network: '10.244.1.0%2/24', gw: '192.0.2.11%2' }),
      );
    });

    test.each([
      ['in no network of a self IP', '10.244.1.0/24', '198.51.100.1'],
      ['in the network of another route domain', '10.244.1.0%2/24', '192.0.2.11'],
    ])('refuse a gateway %s', async (_what, network, gw) => {
      await refused('POST', ROUTE, { ...first, network, gw }, [
        400,
        `01070330:3: Static route gateway ${gw} is not directly connected via an interface.`,
      ]);
    });

    test('keep their gateway if another one is refused', async () => {
      await ok('POST', ROUTE, first);
      await refused('PATCH', `${ROUTE}/~paths~r1`, { gw: '198.51.100.1' }, [
        400,
        '01070330:3: Static route gateway 198.51.100.1 is not directly connected via an interface.',
      ]);
      expect(await get(`${ROUTE}/~paths~r1`)).toMatchObject({ gw: '192.0.2.11' });
    });

    test('prevent the deletion of the self IP of their gateway', async () => {
      await ok('POST', ROUTE, first);
      await refused('DELETE', `${NET}/self/~Common~nodes`, undefined, [
        400,
        '01070330:3: Static route gateway 192.0.2.11 is not directly connected via an interface.',
      ]);
      await self('second', '192.0.2.2/24');
      await ok('DELETE', `${NET}/self/~Common~nodes`);
    });

    test('cannot have the network of a self IP', async () => {
      await refused('POST', ROUTE, { ...first, network: '192.0.2.0/24' }, [
        400,
        '01070666:3: Static route duplicates Self IP 192.0.2.0 / 255.255.255.0 implied route',
      ]);
    });

    test('never change their network, not even to the same one', async () => {
      await ok('POST', ROUTE, first);
      await refused('PATCH', `${ROUTE}/~paths~r1`, { network: '10.244.1.0/24' }, [
        400,
        '"network" may not be specified in the context of the "modify" command. "network" ' +
          'may be specified using the following commands: create, list, show',
      ]);
    });

    test.each([
      [{ network: '10.244.1.5/24' }, 'invalid property value "network":"10.244.1.5/24"'],
      [{ network: '10.244.1.0/33' }, 'invalid property value "network":"10.244.1.0/33"'],
      [{ gw: 'router' }, 'invalid property value "gw":"router"'],
      [
        { network: '10.244.1.0%7/24', gw: '192.0.2.11%7' },
        '01070973:3: The specified route domain (7) does not exist for address (10.244.1.0%7/24).',
      ],
      [
        { gw: undefined, tmInterface: '/Common/nowhere' },
        '01020036:3: The requested VLAN (/Common/nowhere) was not found.',
      ],
    ])('are refused with %j', async (change, message) => {
      await refused('POST', ROUTE, { ...first, ...change }, [400, message]);
    });

    test('prevent the deletion of their partition, also by AS3', async () => {
      await declare(bigip, { k8s: tenant({ a: app({ members: [member(80, '10.0.0.1')] }) }) });
      await ok('POST', ROUTE, { ...first, partition: 'k8s' });
      const left = expect.stringMatching(/^0107082a:3: All objects must be removed .* \(k8s\)/);
      const answer = await call(bigip, 'DELETE', '/mgmt/shared/appsvcs/declare/k8s');
      expect(resultOf(answer)).toMatchObject({ code: 422, response: left });
      await ok('DELETE', `${ROUTE}/~k8s~r1`);
      expect(
        resultOf(await call(bigip, 'DELETE', '/mgmt/shared/appsvcs/declare/k8s')),
      ).toMatchObject({ code: 200 });
    });
  });

  describe('route domains', () => {
    const DOMAIN = `${NET}/route-domain`;
    const five = { name: 'five', partition: 'paths', id: 5, vlans: ['/Common/internal'] };
    beforeEach(async () => {
      await partition();
      await ok('POST', DOMAIN, five);
    });

    test('are created with an id, and then addresses can be in them', async () => {
      expect((await get(DOMAIN))['items']).toMatchObject([{ id: 0 }, five]);
      await self('nodes', '192.0.2.1%5/24');
      await refused('POST', DOMAIN, { ...five, name: 'other' }, [
        400,
        '01070734:3: Configuration error: route domain id 5 is already in use by /paths/five',
      ]);
    });

    test('cannot be deleted while an address is in them', async () => {
      await self('nodes', '192.0.2.1%5/24');
      await refused('DELETE', `${DOMAIN}/~paths~five`, undefined, [
        400,
        '01070265:3: The route domain (/paths/five) cannot be deleted because it is in use by self IP (/Common/nodes).',
      ]);
      await ok('DELETE', `${NET}/self/~Common~nodes`);
      await ok('DELETE', `${DOMAIN}/~paths~five`);
    });

    test('can be the default of a partition, and cannot be deleted while they are', async () => {
      const paths = '/mgmt/tm/auth/partition/paths';
      await ok('PATCH', paths, { defaultRouteDomain: 5 });
      expect(await get(paths)).toMatchObject({ defaultRouteDomain: 5 });
      await refused('DELETE', `${DOMAIN}/~paths~five`, undefined, [
        400,
        '01070265:3: The route domain (/paths/five) cannot be deleted because it is in use by partition (paths).',
      ]);
      await refused('PATCH', paths, { defaultRouteDomain: 6 }, [
        400,
        '01020036:3: The requested route domain (6) was not found.',
      ]);
      await ok('PATCH', paths, { defaultRouteDomain: 0 });
      await ok('DELETE', `${DOMAIN}/~paths~five`);
      await ok('DELETE', paths);
    });

    test('take other VLANs, but keep their id', async () => {
      await ok('PATCH', `${DOMAIN}/~paths~five`, { vlans: ['/Common/external'] });
      expect(await get(`${DOMAIN}/~paths~five`)).toMatchObject({ vlans: ['/Common/external'] });
      await refused('PATCH', `${DOMAIN}/~paths~five`, { id: 6 }, [
        400,
        '"id" may not be specified in the context of the "modify" command. "id" may be specified using the following commands: create, list, show',
      ]);
    });
  });

  describe('forwarding records', () => {
    beforeEach(() => tunnel());
    const record = (mac: string, endpoint: string): object => ({ name: mac, endpoint });
    const all = async (): Promise<readonly string[]> =>
      ((await get(`${TUNNEL}/records`))['items'] ?? []).map(
        (one: { name: string; endpoint: string }) => `${one.name} ${one.endpoint}`,
      );

    test('exist for each tunnel, and are read apart from it', async () => {
      const { items } = await get(`${NET}/fdb/tunnel`);
      expect(items).toMatchObject([
        { fullPath: '/Common/flannel', recordsReference: { isSubcollection: true } },
      ]);
      await ok('POST', `${TUNNEL}/records`, record(MAC, '192.0.2.11'));
      expect((await get(TUNNEL))['recordsReference'].items).toBeUndefined();
      expect(
        (await get(`${TUNNEL}?expandSubcollections=true`))['recordsReference'].items,
      ).toMatchObject([{ name: MAC, endpoint: '192.0.2.11' }]);
    });

    test('are added, changed and deleted one by one', async () => {
      const body = await ok('POST', `${TUNNEL}/records`, record(MAC.toUpperCase(), '192.0.2.11%0'));
      // The endpoint is shown as it was sent.
      expect(body).toMatchObject({
        kind: 'tm:net:fdb:tunnel:records:recordsstate',
        name: MAC,
        endpoint: '192.0.2.11%0',
      });
      await ok('POST', `${TUNNEL}/records`, record('0a:0a:c0:00:02:0c', '192.0.2.12'));
      await ok('PATCH', `${TUNNEL}/records/${MAC}`, { endpoint: '192.0.2.13' });
      expect(await all()).toEqual([`${MAC} 192.0.2.13`, '0a:0a:c0:00:02:0c 192.0.2.12']);
      await ok('DELETE', `${TUNNEL}/records/${MAC}`);
      expect(await all()).toEqual(['0a:0a:c0:00:02:0c 192.0.2.12']);
      expect((await send('DELETE', `${TUNNEL}/records/${MAC}`)).status).toBe(404);
    });

    test.each(['PUT', 'PATCH'])('of other clients are lost after a %s of the list', async (by) => {
      await ok('POST', `${TUNNEL}/records`, record(MAC, '192.0.2.11'));
      await ok(by, TUNNEL, { records: [record('0a:0a:c0:00:02:0c', '192.0.2.12')] });
      expect(await all()).toEqual(['0a:0a:c0:00:02:0c 192.0.2.12']);
      await ok(by, TUNNEL, { records: {} });
      expect(await all()).toEqual([]);
    });

    test.each([
      [
        { name: MAC },
        `01070734:3: Configuration error: The tunnel FDB record (/Common/flannel ${MAC}) has an empty entry.`,
      ],
      [{ name: '0a:0a:c0', endpoint: '192.0.2.11' }, 'invalid property value "name":"0a:0a:c0"'],
      [{ name: MAC, endpoint: 'node-1' }, 'invalid property value "endpoint":"node-1"'],
      [
        { name: MAC, endpoint: '192.0.2.11%2' },
        '01070734:3: Configuration error: The IP address (192.0.2.11%2) of the tunnel FDB ' +
          `record (/Common/flannel ${MAC}) and the tunnel local address (192.0.2.1) cannot ` +
          'be in different route domain.',
      ],
    ])('are refused: %j', async (body, message) => {
      await ok('POST', `${TUNNEL}/records`, record('0a:0a:c0:00:02:0c', '192.0.2.12'));
      await refused('POST', `${TUNNEL}/records`, body, [400, message]);
      // One invalid record makes the whole list fail.
      await refused('PUT', TUNNEL, { records: [record(MAC, '192.0.2.11'), body] }, [400, message]);
      expect(await all()).toEqual(['0a:0a:c0:00:02:0c 192.0.2.12']);
    });

    test('need a tunnel, and are unique by MAC address', async () => {
      const missing = '01020036:3: The requested tunnel FDB (/Common/other) was not found.';
      const other = `${NET}/fdb/tunnel/~Common~other`;
      for (const [method, path] of [
        ['GET', other],
        ['PUT', other],
        ['GET', `${other}/records`],
        ['POST', `${other}/records`],
      ] as const)
        await refused(method, path, method === 'GET' ? undefined : record(MAC, '192.0.2.11'), [
          404,
          missing,
        ]);
      await ok('POST', `${TUNNEL}/records`, record(MAC, '192.0.2.11'));
      await refused('POST', `${TUNNEL}/records`, record(MAC, '192.0.2.12'), [
        409,
        `01020066:3: The requested tunnel FDB record (/Common/flannel ${MAC}) already exists in partition Common.`,
      ]);
      expect((await send('POST', `${NET}/fdb/tunnel`, { name: 'x' })).status).toBe(404);
    });
  });

  describe('ARP and NDP entries', () => {
    beforeEach(() => partition());
    const arp = { name: 'p1', partition: 'paths', ipAddress: '10.244.1.5', macAddress: MAC };

    test('take another MAC address, and never another IP address', async () => {
      expect(await ok('POST', `${NET}/arp`, arp)).toMatchObject({
        kind: 'tm:net:arp:arpstate',
        fullPath: '/paths/p1',
        ipAddress: '10.244.1.5',
        macAddress: MAC,
      });
      await ok('PATCH', `${NET}/arp/~paths~p1`, { macAddress: '0A:0A:C0:0:2:C' });
      expect((await get(`${NET}/arp/~paths~p1`))['macAddress']).toBe('0a:0a:c0:00:02:0c');
      await refused('PUT', `${NET}/arp/~paths~p1`, { ipAddress: '10.244.1.5', macAddress: MAC }, [
        400,
        '"ipAddress" may not be specified in the context of the "modify" command. ' +
          '"ipAddress" may be specified using the following commands: create, list, show',
      ]);
    });

    test.each([
      ['arp', { ...arp, macAddress: '0a:0a:c0:00:02' }, 'macAddress', '0a:0a:c0:00:02'],
      ['arp', { ...arp, macAddress: 'zz:0a:c0:00:02:0b' }, 'macAddress', 'zz:0a:c0:00:02:0b'],
      ['arp', { ...arp, ipAddress: 'fd00::1' }, 'ipAddress', 'fd00::1'],
      ['ndp', arp, 'ipAddress', '10.244.1.5'],
    ])('%s refuses %j', async (kind, body, property, value) => {
      await refused('POST', `${NET}/${kind}`, body, [
        400,
        `invalid property value "${property}":"${value}"`,
      ]);
    });

    test('of IPv6 are NDP', async () => {
      const body = { ...arp, ipAddress: 'FD00:0::5' };
      expect(await ok('POST', `${NET}/ndp`, body)).toMatchObject({
        kind: 'tm:net:ndp:ndpstate',
        ipAddress: 'fd00::5',
      });
      expect((await get(`${NET}/arp`))['items']).toBeUndefined();
    });

    test('are lost in partitions before TMOS 14', async () => {
      await bigip.close();
      await start({ version: '13.1.1.2' });
      await partition();
      await ok('POST', `${NET}/arp`, { ...arp, partition: 'Common' });
      await ok('DELETE', `${NET}/arp/~Common~p1`);
      await send('POST', `${NET}/arp`, arp);
      expect((await send('GET', `${NET}/arp/~paths~p1`)).status).toBe(500);
      await ok('DELETE', `${NET}/arp/~paths~p1`);
      expect((await get(`${NET}/arp`))['items']).toHaveLength(1);
    });
  });

  describe('tunnels and self IPs', () => {
    test('are shown as BIG-IP shows them', async () => {
      await tunnel();
      await self('overlay', '10.244.255.1/16', 'flannel');
      expect(await get(`${NET}/tunnels/vxlan/~Common~fl-vxlan`)).toMatchObject({
        kind: 'tm:net:tunnels:vxlan:vxlanstate',
        port: 8472,
        floodingType: 'none',
      });
      expect(await get(`${NET}/tunnels/tunnel/~Common~flannel`)).toMatchObject({
        kind: 'tm:net:tunnels:tunnel:tunnelstate',
        key: 1,
        localAddress: '192.0.2.1',
        secondaryAddress: 'any',
        profile: '/Common/fl-vxlan',
      });
      expect(await get(`${NET}/self/~Common~overlay`)).toMatchObject({
        kind: 'tm:net:self:selfstate',
        address: '10.244.255.1/16',
        vlan: '/Common/flannel',
        floating: 'disabled',
        trafficGroup: '/Common/traffic-group-local-only',
      });
    });

    test('cannot be deleted while one uses the other', async () => {
      await tunnel();
      await self('overlay', '10.244.255.1/16', 'flannel');
      await refused('DELETE', `${NET}/tunnels/tunnel/~Common~flannel`, undefined, [
        400,
        '01070265:3: The tunnel (/Common/flannel) cannot be deleted because it is in use ' +
          'by a self IP (/Common/overlay).',
      ]);
      await refused('DELETE', `${NET}/tunnels/vxlan/~Common~fl-vxlan`, undefined, [
        400,
        '01070265:3: The tunnel profile (/Common/fl-vxlan) cannot be deleted because it is ' +
          'in use by a tunnel (/Common/flannel).',
      ]);
      await ok('DELETE', `${NET}/self/~Common~overlay`);
      await ok('DELETE', `${NET}/tunnels/tunnel/~Common~flannel`);
    });

    test.each([
      ['self', { address: '10.0.0.1' }, 400, 'invalid property value "address":"10.0.0.1"'],
      [
        'self',
        { vlan: 'nowhere' },
        400,
        '01020036:3: The requested VLAN (/Common/nowhere) was not found.',
      ],
      [
        'tunnels/tunnel',
        { profile: '/Common/none' },
        400,
        '01020036:3: The requested tunnel profile (/Common/none) was not found.',
      ],
      [
        'tunnels/vxlan',
        { floodingType: 'loud' },
        400,
        'invalid property value "floodingType":"loud"',
      ],
    ])('%s refuses %j', async (kind, change, status, message) => {
      const usual = { address: '10.0.0.1/24', vlan: 'internal', profile: '/Common/vxlan' };
      await refused('POST', `${NET}/${kind}`, { name: 'x', ...usual, ...change }, [
        status,
        message,
      ]);
    });

    test.each([
      ['self', 'overlay', { address: '10.244.255.2/16' }],
      ['tunnels/tunnel', 'flannel', { profile: '/Common/vxlan' }],
      ['tunnels/tunnel', 'flannel', { trafficGroup: '/Common/traffic-group-1' }],
    ])('%s %s is not changed to %j', async (kind, name, change) => {
      await tunnel();
      await self('overlay', '10.244.255.1/16', 'flannel');
      const answer = await send('PATCH', `${NET}/${kind}/~Common~${name}`, change);
      expect(answer).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('in the context of the "modify" command') },
      });
    });
  });

  describe('data groups', () => {
    const GROUP = `${DATA}/~paths~state`;
    beforeEach(async () => {
      await partition();
      await ok('POST', DATA, {
        name: 'state',
        partition: 'paths',
        type: 'string',
        records: [{ name: 'b', data: '{"x":1}' }, { name: 'a' }],
      });
    });

    test('have records, which a write of the list replaces', async () => {
      expect(await get(GROUP)).toMatchObject({
        kind: 'tm:ltm:data-group:internal:internalstate',
        type: 'string',
        records: [
          { name: 'a', data: '' },
          { name: 'b', data: '{"x":1}' },
        ],
      });
      await ok('PATCH', GROUP, { records: [{ name: 'c', data: '3' }] });
      expect((await get(GROUP))['records']).toEqual([{ name: 'c', data: '3' }]);
      await ok('PATCH', GROUP, { records: [] });
      expect((await get(GROUP))['records']).toBeUndefined();
    });

    test('need their type in a PUT, and keep it', async () => {
      await refused('PUT', GROUP, { records: [] }, [400, 'invalid property value "type":""']);
      await ok('PUT', GROUP, { type: 'string', records: [] });
      await refused('PUT', GROUP, { type: 'ip', records: [] }, [
        400,
        'invalid property value "type":"ip"',
      ]);
    });

    test('are value lists in messages', async () => {
      await refused('GET', `${DATA}/~paths~none`, undefined, [
        404,
        '01020036:3: The requested value list (/paths/none) was not found.',
      ]);
      await refused('POST', DATA, { name: 'state', partition: 'paths', type: 'string' }, [
        409,
        '01020066:3: The requested value list (/paths/state) already exists in partition paths.',
      ]);
    });
  });

  test('survive a power cycle', async () => {
    await partition();
    await tunnel();
    await self('nodes', '192.0.2.1/24');
    await ok('POST', `${TUNNEL}/records`, { name: MAC, endpoint: '192.0.2.11' });
    await ok('POST', `${NET}/route`, {
      name: 'r1',
      partition: 'paths',
      network: '10.244.1.0/24',
      gw: '192.0.2.11',
    });
    const state = bigip.snapshotState();
    await bigip.close();
    await start({ state });
    expect((await get(`${NET}/route`))['items']).toHaveLength(1);
    expect((await get(`${TUNNEL}/records`))['items']).toHaveLength(1);
  });
});
