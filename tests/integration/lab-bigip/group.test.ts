/** What config sync copies to the other unit of a pair, and what stays on each unit. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createDeviceGroup, startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { app, call, declare, member, tenant } from './client.ts';
import type { Answer } from './client.ts';

const NET = '/mgmt/tm/net';
const RECORDS = `${NET}/fdb/tunnel/~Common~flannel/records`;
const MAC = '0a:0a:c0:00:02:0b';
const KINDS = ['route', 'arp', 'ndp', 'self', 'tunnels/tunnel'];

let a: LabBigip;
let b: LabBigip;
const send = (bigip: LabBigip, method: string, path: string, body?: unknown): Promise<Answer> =>
  call(bigip, method, path, { body });
const ok = async (bigip: LabBigip, path: string, body: object): Promise<void> => {
  expect(await send(bigip, 'POST', path, body)).toMatchObject({ status: 200 });
};
const sync = (from: LabBigip, group = 'pair'): Promise<Answer> =>
  send(from, 'POST', '/mgmt/tm/cm', {
    command: 'run',
    utilCmdArgs: `config-sync to-group ${group}`,
  });
const status = async (bigip: LabBigip): Promise<Answer['body']> => {
  const { body } = await send(bigip, 'GET', '/mgmt/tm/cm/sync-status');
  return body['entries']['https://localhost/mgmt/tm/cm/sync-status/0'].nestedStats.entries;
};
const names = async (bigip: LabBigip, path: string): Promise<readonly string[]> =>
  ((await send(bigip, 'GET', path)).body['items'] ?? []).map((one: { name: string }) => one.name);
const self = (bigip: LabBigip, name: string, address: string, more: object = {}): Promise<void> =>
  ok(bigip, `${NET}/self`, { name, address, vlan: 'internal', ...more });
const tunnel = (bigip: LabBigip): Promise<void> =>
  ok(bigip, `${NET}/tunnels/tunnel`, { name: 'flannel', profile: '/Common/vxlan', key: 1 });
const route = (bigip: LabBigip, more: object = {}): Promise<void> =>
  ok(bigip, `${NET}/route`, { name: 'r', network: '10.244.1.0/24', gw: '192.0.2.11', ...more });

beforeEach(async () => {
  const group = createDeviceGroup('pair');
  const options = { dataPath: false, timings: { declare: 0, memberWrite: 0 }, group };
  a = await startBigip({ ...options, hostname: 'a.lab' });
  b = await startBigip({ ...options, hostname: 'b.lab' });
  b.faults.standby();
});
afterEach(() => Promise.all([a.close(), b.close()]));

test('copies routes, tunnels and floating self IPs, but no ARP, NDP or forwarding records', async () => {
  await self(b, 'own-b', '192.0.2.2/24');
  await self(a, 'own-a', '192.0.2.1/24');
  await self(a, 'floating', '192.0.2.3/24', { trafficGroup: '/Common/traffic-group-1' });
  await tunnel(a);
  await ok(a, RECORDS, { name: MAC, endpoint: '192.0.2.11' });
  await ok(a, `${NET}/arp`, { name: 'arp', ipAddress: '10.244.1.5', macAddress: MAC });
  await ok(a, `${NET}/ndp`, { name: 'ndp', ipAddress: 'fd00::5', macAddress: MAC });
  await route(a);
  await route(a, { name: 'local', partition: 'LOCAL_ONLY', network: '10.9.0.0/16' });
  expect((await status(a))['status'].description).toBe('Changes Pending');
  expect((await sync(a)).status).toBe(200);
  expect((await status(b))['status'].description).toBe('In Sync');
  const found = await Promise.all(KINDS.map((kind) => names(b, `${NET}/${kind}`)));
  expect(found).toEqual([['r'], [], [], ['own-b', 'floating'], ['flannel']]);
  expect(await names(b, RECORDS)).toEqual([]);
});

test('keeps what each unit has for itself', async () => {
  await self(a, 'own-a', '192.0.2.1/24');
  await tunnel(a);
  await sync(a);
  await ok(b, RECORDS, { name: MAC, endpoint: '192.0.2.11' });
  await ok(b, `${NET}/arp`, { name: 'arp', ipAddress: '10.244.1.5', macAddress: MAC });
  await sync(a);
  expect(await names(b, RECORDS)).toEqual([MAC]);
  expect(await names(b, `${NET}/arp`)).toEqual(['arp']);
  expect(await names(b, `${NET}/self`)).toEqual([]);
});

test('copies nothing to a unit that does not reach the gateway of a route', async () => {
  await self(a, 'own-a', '192.0.2.1/24');
  await route(a);
  await declare(a, { k8s: tenant({ a: app({ members: [member(80, '10.0.0.1')] }) }) });
  await sync(a);
  const seen = await status(a);
  expect(seen['status'].description).toBe('Sync Failed');
  expect(seen['summary'].description).toBe(
    'Sync error on b.lab: Load failed from /Common/a.lab 01070330:3: Static route ' +
      'gateway 192.0.2.11 is not directly connected via an interface.',
  );
  expect(await names(b, '/mgmt/tm/ltm/pool')).toEqual([]);
  await self(b, 'own-b', '192.0.2.2/24');
  await sync(a);
  expect((await status(a))['status'].description).toBe('In Sync');
  expect(await names(b, '/mgmt/tm/ltm/pool')).toEqual(['pool']);
  const DECLARE = '/mgmt/shared/appsvcs/declare/k8s';
  expect((await send(b, 'GET', DECLARE)).body).toEqual((await send(a, 'GET', DECLARE)).body);
});

test('is refused for another device group than that of the units', async () => {
  expect(await sync(a, 'other')).toMatchObject({
    status: 400,
    body: {
      message:
        '01070734:3: Configuration error: Device group (other) not found in device group sync',
    },
  });
});
