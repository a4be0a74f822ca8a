/**
 * From Nodes and Pods to traffic: a lab BIG-IP that drops what has no path, and a cluster whose
 * paths Sluice keeps. Without the write before the declare, or with a removal before its time,
 * requests fail.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { normaliseNode } from '../../../shared/kubernetes/objects/index.ts';
import { CNI_NODES, rawNode } from '../../fixtures/cni-nodes.ts';
import {
  cluster,
  gateway,
  gatewayPod,
  INGRESS,
  server,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';
import { call, talk, until } from '../lab-bigip/client.ts';
import { type Pod, startPod, startProbe } from '../lab-bigip/pods.ts';
import { startBench, type Bench } from './bench.ts';

const HOST = '127.16.100.195';
const [POD, NEXT] = ['10.244.3.5', '10.244.4.5'];
const MINUTE = 60_000;

let bench: Bench;
let port: number;
const pods: Pod[] = [];
const arrived: string[] = [];

afterEach(async () => {
  for (const pod of pods.splice(0)) await pod.close();
  arrived.length = 0;
  await bench.close();
});

const lab = (): Bench['devices']['bigip-1'] => bench.devices['bigip-1'];
const send = async (method: string, path: string, body?: object): Promise<void> => {
  expect(await call(lab(), method, `/mgmt/tm/${path}`, { body })).toMatchObject({ status: 200 });
};
const keysOf = async (path: string, key: string): Promise<readonly unknown[]> => {
  const { body } = await call(lab(), 'GET', `/mgmt/tm/${path}`);
  return ((body['items'] ?? []) as Record<string, unknown>[]).map((one) => one[key]);
};

/** What the nodes take packets for: their own pods. */
function delivers(hop: { readonly kind: string }, address: string): boolean {
  arrived.push(`${address} ${JSON.stringify(hop)}`);
  const to = JSON.stringify(hop);
  return address === POD ? to.includes('192.0.2.13') : to.includes('192.0.2.14');
}

async function start(network: object): Promise<void> {
  bench = await startBench(
    {
      dataPath: true,
      networks: { delivers },
      timings: { declare: 1, memberWrite: 1, monitorInterval: 20 },
    },
    { east: { network } },
    { dataPath: false },
  );
  const self = { name: 'nodes', address: '192.0.2.1/24', vlan: 'internal' };
  for (const device of Object.values(bench.devices))
    expect(await call(device, 'POST', '/mgmt/tm/net/self', { body: self })).toMatchObject({
      status: 200,
    });
  const first = await startPod(POD, 'one');
  ({ port } = first);
  pods.push(first, await startPod(NEXT, 'two', port));
  for (const address of [POD, NEXT])
    pods.push(await startProbe(address, () => 'HTTP/1.1 200 OK\r\n\r\n', 15_021));
}

interface Given {
  readonly node?: unknown;
  readonly ips?: readonly string[];
  readonly leaving?: readonly string[];
}

const second = rawNode({ name: 'n4', address: '192.0.2.14', podCIDRs: ['10.244.4.0/24'] });

function snapshot(
  counter: number,
  { node = CNI_NODES.podCIDR, ips = [POD], leaving = [] }: Given,
): Snapshot {
  const running = ips.map((ip, i) => ({
    ...gatewayPod({
      ips: [ip],
      nodeName: ip === POD ? 'n3' : 'n4',
      terminating: leaving.includes(ip),
    }),
    meta: { ...gatewayPod({}).meta, name: `gateway-${i}` },
  }));
  return {
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
        pods: running,
        nodes: [node, second].map((one) => normaliseNode(one)),
      },
      [servicePort(port)],
    ),
  };
}

async function observe(counter: number, given: Given = {}): Promise<void> {
  await bench.sendSnapshot(snapshot(counter, given));
  expect((await bench.map()).again).toEqual([]);
  expect((await bench.apply()).again).toEqual([]);
}

const answers = (word: string): Promise<string> => talk(HOST, port, word);

/** One request after the other; `end` resolves with the answers that no pod gave. */
function startLoad(): { end(): Promise<readonly string[]> } {
  const failed: string[] = [];
  const state = { isOver: false };
  const work = (async () => {
    while (!state.isOver) {
      const answer = await answers('x');
      if (!/^(one|two) x$/.test(answer)) failed.push(answer);
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

describe('mode routes', () => {
  beforeEach(() => start({ mode: 'routes' }));

  test('makes a Gateway reachable whose pods have no path, from nothing', async () => {
    await observe(1);
    expect(await answers('x')).toBe('one x');
    expect(await keysOf('net/route', 'fullPath')).toEqual(['/sluice-net/sluice-0-10.244.3.0-24']);
    expect(await keysOf('net/route', 'description')).toEqual([
      'sluice east/istio-system/istio-ingressgateway n3 1.1.1',
    ]);
    expect(await bench.deadLetters('slices')).toEqual([]);
  });

  test('creates the path to a second pod before it becomes a member: no request fails', async () => {
    await observe(1);
    const load = startLoad();
    await observe(2, { ips: [POD, NEXT] });
    await until(() => arrived.some((one) => one.startsWith(NEXT)));
    expect(await load.end()).toEqual([]);
    expect(await keysOf('net/route', 'gw')).toEqual(['192.0.2.13', '192.0.2.14']);
  });

  test('keeps the path of a pod that left while its connection is open, and removes it later', async () => {
    await observe(1, { ips: [POD, NEXT] });
    const client = connect({ host: HOST, port });
    client.on('error', () => undefined);
    const say = async (word: string): Promise<string> => {
      client.write(word);
      const [answer] = (await once(client, 'data')) as [Buffer];
      return answer.toString();
    };
    const name = (await say('a')).split(' ')[0]!;
    const mine = name === 'one' ? POD : NEXT;
    const other = name === 'one' ? NEXT : POD;
    await observe(2, { ips: [POD, NEXT], leaving: [mine] });
    expect(await say('b')).toBe(`${name} b`);
    await observe(3, { ips: [other] });
    expect(await keysOf('net/route', 'gw')).toHaveLength(2);
    bench.clock.pass(30 * MINUTE);
    await observe(4, { ips: [other] });
    // Its connection was open when it left.
    expect(await keysOf('net/route', 'gw')).toHaveLength(2);
    bench.clock.pass(60 * MINUTE);
    await observe(5, { ips: [other] });
    expect(await keysOf('net/route', 'gw')).toEqual([other === POD ? '192.0.2.13' : '192.0.2.14']);
    client.destroy();
  });

  test('holds back only the pod whose node is in no network of BIG-IP', async () => {
    const far = rawNode({ name: 'n3', address: '198.51.100.3', podCIDRs: ['10.244.3.0/24'] });
    await observe(1, { node: far, ips: [POD, NEXT] });
    expect(await answers('x')).toBe('two x');
    const letters = await bench.deadLetters('slices');
    const letter = letters.find(({ device }) => device === 'bigip-1');
    expect(letter).toMatchObject({
      code: 'BIP472',
      owner: 'east/istio-system/istio-ingressgateway',
      reason: expect.stringContaining('01070330'),
    });
    const settled = (await bench.settled()).find(({ device }) => device === 'bigip-1');
    expect(settled?.notes).toContainEqual(
      expect.objectContaining({
        code: 'BIP472',
        object: 'Service istio-system/istio-ingressgateway',
      }),
    );
    // A self IP there, and the original again.
    await send('POST', 'net/self', { name: 'far', address: '198.51.100.1/24', vlan: 'internal' });
    await bench.queues.queue('slices').send({
      group: letter?.group ?? '',
      deduplicationId: 'replay',
      body: letter?.original.body ?? '',
    });
    expect((await bench.apply()).again).toEqual([]);
    expect(await keysOf('net/route', 'gw')).toHaveLength(2);
    expect(
      lab()
        .view()
        .partitions.flatMap((one) => one.pools.flatMap(({ members }) => members.length)),
    ).toEqual([2]);
  });
});

describe('mode vxlan', () => {
  beforeEach(async () => {
    await start({ mode: 'vxlan', from: 'flannel' });
    await send('POST', 'net/tunnels/vxlan', { name: 'fl', floodingType: 'none', port: 8472 });
    await send('POST', 'net/tunnels/tunnel', {
      name: 'east',
      profile: '/Common/fl',
      key: 1,
      localAddress: '192.0.2.1',
    });
    await send('POST', 'net/self', { name: 'pods', address: '10.244.255.1/16', vlan: 'east' });
  });

  test('makes a Gateway reachable through a record and an ARP entry', async () => {
    await observe(1, { node: CNI_NODES.flannel });
    expect(await answers('x')).toBe('one x');
    expect(await keysOf('net/arp', 'macAddress')).toEqual(['c2:e5:af:15:7c:f6']);
    expect(await keysOf('net/fdb/tunnel/~Common~east/records', 'endpoint')).toEqual(['192.0.2.13']);
    expect(await keysOf('net/route', 'name')).toEqual([]);
  });

  test('follows a node with a new MAC: no request fails, and the old record is removed later', async () => {
    await observe(1, { node: CNI_NODES.flannel });
    const load = startLoad();
    const renewed = JSON.parse(
      JSON.stringify(CNI_NODES.flannel).replace('C2:e5:af:15:7c:f6', 'C2:e5:af:15:7c:f7'),
    ) as unknown;
    await observe(2, { node: renewed });
    expect(await load.end()).toEqual([]);
    expect(await keysOf('net/arp', 'macAddress')).toEqual(['c2:e5:af:15:7c:f7']);
    bench.clock.pass(10 * MINUTE);
    await observe(3, { node: renewed });
    expect(await keysOf('net/fdb/tunnel/~Common~east/records', 'name')).toEqual([
      'c2:e5:af:15:7c:f7',
    ]);
    expect(await answers('x')).toBe('one x');
  });
});
