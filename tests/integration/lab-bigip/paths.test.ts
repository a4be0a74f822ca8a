/** Which members the lab's BIG-IP reaches if it simulates networks. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { BigipOptions, Hop, LabBigip } from '../../../infra/lab/bigip/index.ts';
import { app, call, declare, member, talk, tenant, until } from './client.ts';
import { startPod } from './pods.ts';

const NET = '/mgmt/tm/net';
const MAC = '0a:0a:c0:00:02:0b';
const POD = '10.29.1.5';

describe('members that need a path', () => {
  let bigip: LabBigip;
  let cleanup: (() => unknown)[];
  const start = async (options: BigipOptions = { networks: {} }): Promise<void> => {
    bigip = await startBigip({
      timings: { declare: 0, memberWrite: 0, monitorInterval: 20 },
      common: { routeDomains: ['2'] },
      dataPath: false,
      ...options,
    });
    cleanup.push(() => bigip.close());
    await post('/mgmt/tm/auth/partition', { name: 'paths' });
    await post(`${NET}/self`, { name: 'nodes', address: '192.0.2.1/24', vlan: 'internal' });
  };
  beforeEach(() => {
    cleanup = [];
  });
  afterEach(async () => {
    for (const end of cleanup.toReversed()) await end();
  });

  const send = async (method: string, path: string, body?: unknown): Promise<void> => {
    expect(await call(bigip, method, path, { body })).toMatchObject({ status: 200 });
  };
  const post = (path: string, body: object): Promise<void> => send('POST', path, body);
  const route = (body: object): Promise<void> =>
    post(`${NET}/route`, { name: 'pods', partition: 'paths', network: '10.29.1.0/24', ...body });
  const tunnel = async (floodingType: string): Promise<void> => {
    await post(`${NET}/tunnels/vxlan`, { name: 'fl', floodingType, port: 8472 });
    await post(`${NET}/tunnels/tunnel`, {
      name: 'flannel',
      profile: '/Common/fl',
      key: 1,
      localAddress: '192.0.2.1',
    });
    await post(`${NET}/self`, { name: 'pods', address: '10.29.255.1/16', vlan: 'flannel' });
  };
  const record = (endpoint = '192.0.2.11'): Promise<void> =>
    post(`${NET}/fdb/tunnel/~Common~flannel/records`, { name: MAC, endpoint });
  const arp = (ipAddress = POD): Promise<void> =>
    post(`${NET}/arp`, { name: `a-${ipAddress}`, partition: 'paths', ipAddress, macAddress: MAC });
  /** Declares the addresses, and returns those that the monitors find up. */
  const seen = async (...addresses: readonly string[]): Promise<readonly string[]> => {
    const pool = { members: [member(80, ...addresses)], monitors: ['tcp'] };
    await declare(bigip, { k8s: tenant({ a: app({ pool }) }) });
    const { members } = bigip.view().partitions.find((one) => one.name === 'k8s')!.pools[0]!;
    return members.map(({ state }) => state);
  };

  test('are down until a route leads there', async () => {
    await start();
    expect(await seen(POD, '192.0.2.11')).toEqual(['down', 'up']);
    await route({ gw: '192.0.2.11' });
    expect(await seen(POD, '10.29.2.5')).toEqual(['up', 'down']);
    await send('DELETE', `${NET}/route/~paths~pods`);
    expect(await seen(POD)).toEqual(['down']);
  });

  test('are all reached without the option', async () => {
    await start({});
    expect(await seen(POD)).toEqual(['up']);
  });

  test('are reached by the longest network', async () => {
    await start();
    await route({ name: 'all', network: 'default', gw: '192.0.2.254' });
    await route({ blackhole: true });
    await route({ name: 'one', network: `${POD}/32`, gw: '192.0.2.11' });
    expect(await seen(POD, '10.29.1.6', '10.29.2.5')).toEqual(['up', 'down', 'up']);
  });

  test('need a path in their own route domain', async () => {
    await start();
    await route({ gw: '192.0.2.11' });
    expect(await seen(POD, `${POD}%2`)).toEqual(['up', 'down']);
    await post(`${NET}/self`, { name: 'two', address: '192.0.2.1%2/24', vlan: 'external' });
    await route({ name: 'two', network: '10.29.1.0%2/24', gw: '192.0.2.11%2' });
    expect(await seen(POD, `${POD}%2`)).toEqual(['up', 'up']);
  });

  test('need ARP and a forwarding record in a tunnel that floods nothing', async () => {
    await start();
    await tunnel('none');
    expect(await seen(POD)).toEqual(['down']);
    await arp();
    expect(await seen(POD)).toEqual(['down']);
    await record();
    expect(await seen(POD, '10.29.1.6')).toEqual(['up', 'down']);
    await send('PATCH', `${NET}/arp/~paths~a-${POD}`, { macAddress: '0a:0a:c0:00:02:0c' });
    expect(await seen(POD)).toEqual(['down']);
  });

  test('need a route to the endpoint outside of the tunnel', async () => {
    await start();
    await tunnel('none');
    await arp();
    await record('10.29.0.11');
    expect(await seen(POD)).toEqual(['down']);
    await send('PATCH', `${NET}/fdb/tunnel/~Common~flannel/records/${MAC}`, {
      endpoint: '198.51.100.11',
    });
    expect(await seen(POD)).toEqual(['down']);
    await route({ name: 'nodes', network: '198.51.100.0/24', gw: '192.0.2.254' });
    expect(await seen(POD)).toEqual(['up']);
  });

  test('need only one forwarding record in a tunnel that floods to all endpoints', async () => {
    await start();
    await tunnel('multipoint');
    expect(await seen(POD)).toEqual(['down']);
    await record();
    expect(await seen(POD)).toEqual(['up']);
  });

  test('are reached through a route into a tunnel, outside of its network', async () => {
    await start();
    await tunnel('multipoint');
    await record();
    await route({ network: '10.30.0.0/16', tmInterface: '/Common/flannel' });
    expect(await seen('10.30.1.5', '10.31.1.5')).toEqual(['up', 'down']);
  });

  test('are down if the other end accepts no packets for them', async () => {
    const hops: Hop[] = [];
    const delivers = (hop: Hop, address: string): boolean => {
      hops.push(hop);
      return address === POD;
    };
    await start({ networks: { delivers } });
    await tunnel('none');
    await arp();
    await record('192.0.2.11%0');
    await route({ network: '10.31.0.0/16', gw: '192.0.2.12' });
    expect(await seen(POD, '10.31.1.5', '192.0.2.13')).toEqual(['up', 'down', 'down']);
    expect(hops).toEqual(
      expect.arrayContaining([
        { kind: 'tunnel', tunnel: '/Common/flannel', key: 1, mac: MAC, endpoints: ['192.0.2.11'] },
        { kind: 'gateway', gateway: '192.0.2.12', vlan: '/Common/internal' },
        { kind: 'direct', vlan: '/Common/internal' },
      ]),
    );
  });

  describe('with connections', () => {
    const HOST = '127.29.100.1';
    let port: number;
    let isTaken: boolean;
    beforeEach(async () => {
      isTaken = true;
      await start({ dataPath: true, networks: { delivers: () => isTaken } });
      const pod = await startPod(POD, 'one');
      cleanup.push(() => pod.close());
      port = pod.port;
    });
    /** Without monitors, so that only the connection itself fails for want of a path. */
    const offer = async (reselectTries = 0, ...addresses: readonly string[]): Promise<void> => {
      const pool = { members: [member(port, POD, ...addresses)], reselectTries };
      await declare(bigip, { k8s: tenant({ a: app({ address: '172.29.100.1', port, pool }) }) });
    };

    test('are refused without a path, and cut when it goes', async () => {
      await offer();
      expect(await talk(HOST, port, 'x')).toBe('reset');
      await route({ gw: '192.0.2.11' });
      expect(await talk(HOST, port, 'x')).toBe('one x');
      const client = connect({ host: HOST, port });
      client.write('y');
      const [answer] = (await once(client, 'data')) as [Buffer];
      expect(answer.toString()).toBe('one y');
      const end = once(client, 'close');
      client.on('error', () => undefined);
      await send('DELETE', `${NET}/route/~paths~pods`);
      await end;
      expect(await talk(HOST, port, 'x')).toBe('reset');
    });

    test('go to another member that has a path', async () => {
      const hidden = await startPod('10.29.9.9', 'two', port);
      cleanup.push(() => hidden.close());
      await route({ gw: '192.0.2.11' });
      await offer(1, '10.29.9.9');
      const answers = await Promise.all([1, 2, 3].map(() => talk(HOST, port, 'x')));
      expect(answers).toEqual(['one x', 'one x', 'one x']);
    });

    test('end when the other end accepts no more packets', async () => {
      await route({ gw: '192.0.2.11' });
      await offer();
      const client = connect({ host: HOST, port });
      client.on('error', () => undefined);
      client.write('y');
      await once(client, 'data');
      const end = once(client, 'close');
      isTaken = false;
      bigip.refresh();
      await end;
    });

    test('are not sent to members whose monitors find no path', async () => {
      const pool = { members: [member(port, POD)], monitors: ['tcp'] };
      await declare(bigip, { k8s: tenant({ a: app({ address: '172.29.100.1', port, pool }) }) });
      const first = () =>
        bigip.view().partitions.find((one) => one.name === 'k8s')?.pools[0]?.members[0];
      await until(() => first()?.state === 'down');
      expect(first()?.monitors).toMatchObject([{ reason: `no route to ${POD}` }]);
      await route({ gw: '192.0.2.11' });
      await until(() => first()?.state === 'up');
    });
  });
});
