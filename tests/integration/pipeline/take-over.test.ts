/** From F5 CIS to Sluice: a lab BIG-IP that drops what has no path, with the routes of CIS. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { normaliseNode } from '../../../shared/kubernetes/objects/index.ts';
import {
  type Adoption,
  planAdoption,
  requestAdoption,
} from '../../../shared/operations/network/adopt.ts';
import { rawNode } from '../../fixtures/cni-nodes.ts';
import {
  cluster,
  gateway,
  gatewayPod,
  INGRESS,
  server,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';
import { call, talk } from '../lab-bigip/client.ts';
import { type Pod, startPod, startProbe } from '../lab-bigip/pods.ts';
import { startBench, type Bench } from './bench.ts';

const POD = '10.244.3.5';
const NET = '10.244.3.0/24';
const TIMINGS = { declare: 1, memberWrite: 1, monitorInterval: 20 };

let bench: Bench;
let port: number;
let during: () => Promise<void>;
const pods: Pod[] = [];

const lab = (): Bench['devices']['bigip-1'] => bench.devices['bigip-1'];
const send = async (method: string, path: string, body?: object): Promise<void> => {
  expect(await call(lab(), method, `/mgmt/tm/${path}`, { body })).toMatchObject({ status: 200 });
};
const routes = async (): Promise<readonly string[]> => {
  const { body } = await call(lab(), 'GET', '/mgmt/tm/net/route');
  return ((body['items'] ?? []) as Record<string, string>[]).map(
    ({ fullPath, network, gw }) => `${fullPath} ${network} ${gw}`,
  );
};

beforeEach(async () => {
  during = () => Promise.resolve();
  bench = await startBench(
    { dataPath: true, networks: {}, timings: TIMINGS },
    { east: { network: { mode: 'routes' } } },
    { dataPath: false },
  );
  const self = { name: 'nodes', address: '192.0.2.1/24', vlan: 'internal' };
  for (const device of Object.values(bench.devices))
    await call(device, 'POST', '/mgmt/tm/net/self', { body: self });
  await send('POST', 'auth/partition', { name: 'cis' });
  const cis = { partition: 'cis', description: '192.0.2.1_east' };
  await send('POST', 'net/route', {
    ...cis,
    name: 'k8s-n3-192.0.2.13',
    network: NET,
    gw: '192.0.2.13',
  });
  await send('POST', 'net/route', {
    ...cis,
    name: 'k8s-n9',
    network: '10.244.9.0/24',
    gw: '192.0.2.19',
  });
  const first = await startPod(POD, 'one');
  ({ port } = first);
  pods.push(first, await startProbe(POD, () => 'HTTP/1.1 200 OK\r\n\r\n', 15_021));
});
afterEach(async () => {
  for (const pod of pods.splice(0)) await pod.close();
  await bench.close();
});

/** The node as Sluice sees it. */
async function observe(counter = 1, address = '192.0.2.13'): Promise<void> {
  const node = rawNode({ name: 'n3', address, podCIDRs: [NET] });
  const snapshot: Snapshot = {
    cluster: 'east',
    clusterUid: 'uid-east',
    ingress: INGRESS,
    revision: { epoch: 1, counter },
    changes: [],
    removed: false,
    objects: cluster(
      {
        gateways: [gateway('gw', [server(port)])],
        virtualServices: [tcpRoute('vs', ['gw'])],
        pods: [gatewayPod({ ips: [POD], nodeName: 'n3' })],
        nodes: [normaliseNode(node)],
      },
      [servicePort(port)],
    ),
  };
  await bench.sendSnapshot(snapshot);
  expect((await bench.map()).again).toEqual([]);
  expect((await bench.apply()).again).toEqual([]);
}

const plan = (device = 'bigip-1'): Promise<Adoption> =>
  planAdoption(
    {
      ...bench.runtime,
      clock: {
        ...bench.clock,
        sleep: async (ms) => {
          bench.clock.pass(ms);
          await during();
        },
      },
    },
    device,
  );
const audit: object[] = [];
async function order({ devices }: Adoption): Promise<void> {
  const context = {
    runtime: bench.runtime,
    audit: {
      record: async (one: object, act: () => Promise<object>) => {
        audit.push(one);
        await act();
      },
    },
  } as unknown as Parameters<typeof requestAdoption>[0];
  await requestAdoption(context, devices, { who: 'test', why: 'CIS goes' });
  expect((await bench.apply()).again).toEqual([]);
}

/** One request after the other; `end` resolves with the answers that no pod gave. */
function startLoad(): { end(): Promise<readonly string[]> } {
  const failed: string[] = [];
  const state = { isOver: false };
  const work = (async () => {
    while (!state.isOver) {
      const answer = await talk('127.16.100.195', port, 'x');
      if (answer !== 'one x') failed.push(answer);
    }
  })();
  return {
    end: async () => {
      state.isOver = true;
      await work;
      return failed;
    },
  };
}

describe('sluice network adopt', () => {
  test('takes over the route that members need, and no request fails', async () => {
    await observe();
    const load = startLoad();
    const found = await plan();
    expect(found).toEqual({
      unanswered: [],
      devices: [
        {
          device: 'bigip-1',
          alive: [],
          take: [
            {
              key: `route ${NET}`,
              name: '/cis/k8s-n3-192.0.2.13',
              to: '192.0.2.13',
              change: `~ route ${NET} via 192.0.2.13 (now /cis/k8s-n3-192.0.2.13)`,
            },
          ],
          left: [{ name: '/cis/k8s-n9', entry: 'route 10.244.9.0/24 via 192.0.2.19' }],
        },
      ],
    });
    await order(found);
    expect(await load.end()).toEqual([]);
    expect(lab().writes.at(-1)?.path).toBe('/mgmt/tm/sys/config');
    expect(await routes()).toEqual([
      '/cis/k8s-n9 10.244.9.0/24 192.0.2.19',
      `/sluice-net/sluice-0-10.244.3.0-24 ${NET} 192.0.2.13`,
    ]);
    expect(audit).toMatchObject([{ action: 'network adopt', selection: '1 on bigip-1' }]);
    expect((await plan()).devices[0]).toMatchObject({ take: [], left: [{ name: '/cis/k8s-n9' }] });
  });

  test('lets Sluice follow a node that moved, which it could not before', async () => {
    await observe();
    await observe(2, '192.0.2.23');
    expect((await routes())[0]).toBe(`/cis/k8s-n3-192.0.2.13 ${NET} 192.0.2.13`);
    const found = await plan();
    expect(found.devices[0]?.take[0]?.change).toBe(
      `~ route ${NET} via 192.0.2.23 (now /cis/k8s-n3-192.0.2.13, which leads to 192.0.2.13)`,
    );
    await order(found);
    expect(await routes()).toContain(`/sluice-net/sluice-0-10.244.3.0-24 ${NET} 192.0.2.23`);
  });

  test('sees F5 CIS write between its two readings', async () => {
    await observe();
    const network = '10.244.8.0/24';
    during = () =>
      send('POST', 'net/route', { name: 'k8s-n8', partition: 'cis', network, gw: '192.0.2.18' });
    const before = bench.clock.now();
    expect((await plan()).devices[0]?.alive).toEqual(['/cis/k8s-n8 was written']);
    expect(bench.clock.now() - before).toBeGreaterThan(30_000);
  });

  test('reports a device that does not answer, and one whose journal was changed', async () => {
    await observe();
    const { body } = await call(lab(), 'GET', '/mgmt/tm/ltm/data-group/internal');
    const journal = body['items'][0].fullPath.replaceAll('/', '~');
    await send('PATCH', `ltm/data-group/internal/${journal}`, {
      records: [{ name: 'x', data: 'y' }],
    });
    expect((await plan()).unanswered).toMatchObject([{ device: 'bigip-1', code: 'BIP474' }]);
    await bench.devices['bigip-2'].close();
    expect((await plan('bigip-2')).unanswered).toMatchObject([{ code: 'BIP501' }]);
  });

  test('reads only once if there is nothing of F5 CIS', async () => {
    during = () => Promise.reject(new Error('nothing to wait for'));
    expect((await plan('bigip-2')).devices).toEqual([
      { device: 'bigip-2', take: [], left: [], alive: [] },
    ]);
  });

  test('requires a device on which Sluice keeps routes', async () => {
    await expect(plan('other')).rejects.toThrow('device other: use one of');
    const { runtime } = bench;
    const config = {
      ...runtime.config,
      clusters: runtime.config.clusters.filter(({ id }) => id === 'west'),
    };
    await expect(planAdoption({ ...runtime, config })).rejects.toThrow('clusters[].network');
  });
});
