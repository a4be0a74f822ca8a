/** What the lab's BIG-IP says about folders, its account and its interfaces. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createDeviceGroup, startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { call } from './client.ts';
import type { Answer } from './client.ts';

const TUNNEL = '/mgmt/tm/net/tunnels/tunnel';

let bigip: LabBigip;
const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
  call(bigip, method, path, { body });
const get = async (path: string): Promise<Answer['body']> => (await send('GET', path)).body;

beforeEach(async () => {
  bigip = await startBigip({
    dataPath: false,
    hostname: 'a.lab',
    group: createDeviceGroup('pair'),
    timings: { memberWrite: 0 },
  });
  await send('POST', '/mgmt/tm/auth/partition', { name: 'paths' });
});
afterEach(() => bigip.close());

test('the folder of a partition is in the device group until it is taken out', async () => {
  const path = '/mgmt/tm/sys/folder/~paths';
  expect(await get(path)).toMatchObject({ deviceGroup: '/Common/pair' });
  await send('PATCH', path, { deviceGroup: 'none' });
  expect(await get(path)).toMatchObject({ deviceGroup: 'none', inheritedDevicegroup: 'false' });
  expect((await send('GET', '/mgmt/tm/sys/folder/~other')).status).toBe(404);
});

test('the account has a role on all partitions', async () => {
  const path = `/mgmt/tm/auth/user/${bigip.username}`;
  const access = [{ name: 'all-partitions', role: 'admin' }];
  expect(await get(path)).toMatchObject({ partitionAccess: access });
  await send('PATCH', path, { partitionAccess: [{ name: 'all-partitions', role: 'manager' }] });
  expect((await get(path))['partitionAccess'][0].role).toBe('manager');
  expect((await send('GET', '/mgmt/tm/auth/user/nobody')).status).toBe(404);
});

test('VLANs have an MTU, and tunnels a MAC of the unit', async () => {
  expect((await get('/mgmt/tm/net/vlan'))['items']).toMatchObject([
    { fullPath: '/Common/internal', mtu: 1500 },
    { fullPath: '/Common/external', mtu: 1500 },
  ]);
  await send('POST', TUNNEL, { name: 'fl', partition: 'Common', profile: 'vxlan', key: 1 });
  const [stats] = Object.values<Answer['body']>(
    (await get(`${TUNNEL}/~Common~fl/stats?options=all-properties`))['entries'],
  );
  expect(stats?.nestedStats.entries.macAddr.description).toMatch(/^00:50:56(:[0-9a-f]{2}){3}$/);
  expect((await send('GET', `${TUNNEL}/~Common~none/stats`)).status).toBe(404);
});
