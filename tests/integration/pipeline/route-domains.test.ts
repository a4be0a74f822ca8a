/**
 * Two clusters whose pods have the same addresses, behind the same devices: separated by route
 * domains, from the snapshot to the node.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import {
  cluster,
  gateway,
  gatewayPod,
  INGRESS,
  server,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';
import { startBench, type Bench, type CLUSTERS } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

type ClusterId = (typeof CLUSTERS)[number];

const SAME = ['10.244.1.5', '10.244.1.6'];

function snapshot(from: ClusterId, counter: number, leaving: readonly string[] = []): Snapshot {
  const pods = SAME.map((ip, i) => ({
    ...gatewayPod({ ips: [ip], terminating: leaving.includes(ip) }),
    meta: { ...gatewayPod({}).meta, name: `gateway-${i}` },
  }));
  const objects = cluster(
    { gateways: [gateway('gw', [server(8443)])], virtualServices: [tcpRoute('vs', ['gw'])], pods },
    [servicePort(8443)],
  );
  return {
    cluster: from,
    clusterUid: `uid-${from}`,
    ingress: INGRESS,
    revision: { epoch: 1, counter },
    changes: [],
    removed: false,
    objects,
  };
}

async function both(): Promise<void> {
  expect((await bench.map()).again).toEqual([]);
  expect((await bench.apply()).again).toEqual([]);
}

const pools = (): readonly string[] =>
  bench.devices['bigip-1']
    .view()
    .partitions.flatMap((p) =>
      p.pools.map((pool) =>
        pool.members
          .map((m) => `${m.address}${m.enabled ? '' : ' off'}`)
          .sort()
          .join(' '),
      ),
    )
    .sort();

const parted = {
  east: { podNetworks: ['10.244.0.0/16'], routeDomain: 1 },
  west: { podNetworks: ['10.244.0.0/16'], routeDomain: 2 },
};
const known = { common: { routeDomains: ['1', '2'] } };

describe('the same pod address in two clusters with route domains of their own', () => {
  test('is two nodes: draining, restoring or removing one cluster never affects the other', async () => {
    bench = await startBench(known, parted);
    for (const from of ['east', 'west'] as const) await bench.sendSnapshot(snapshot(from, 1));
    await both();
    expect(pools()).toEqual(['10.244.1.5%1 10.244.1.6%1', '10.244.1.5%2 10.244.1.6%2']);
    await bench.sendSnapshot(snapshot('east', 2, ['10.244.1.5']));
    await both();
    expect(pools()).toEqual(['10.244.1.5%1 off 10.244.1.6%1', '10.244.1.5%2 10.244.1.6%2']);
    await bench.sendSnapshot(snapshot('west', 2, ['10.244.1.6']));
    await bench.sendSnapshot(snapshot('east', 3));
    await both();
    expect(pools()).toEqual(['10.244.1.5%1 10.244.1.6%1', '10.244.1.5%2 10.244.1.6%2 off']);
    await bench.sendSnapshot({ ...snapshot('east', 4), removed: true });
    await both();
    expect(pools()).toEqual(['10.244.1.5%2 10.244.1.6%2 off']);
    expect(await bench.deadLetters('slices')).toEqual([]);
  });

  test('repeating the slices writes nothing', async () => {
    bench = await startBench(known, parted);
    for (const from of ['east', 'west'] as const)
      await bench.sendSnapshot(snapshot(from, 1, ['10.244.1.6']));
    await both();
    const writes = bench.devices['bigip-1'].writes.length;
    for (const from of ['east', 'west'] as const)
      await bench.sendSnapshot(snapshot(from, 1, ['10.244.1.6']));
    await both();
    expect(bench.devices['bigip-1'].writes).toHaveLength(writes);
  });
});

test("a missing route domain is reported with the device's message, and does not delay others", async () => {
  bench = await startBench({ common: { routeDomains: ['1'] } }, parted);
  for (const from of ['east', 'west'] as const) await bench.sendSnapshot(snapshot(from, 1));
  await both();
  expect(pools()).toEqual(['10.244.1.5%1 10.244.1.6%1']);
  const letters = await bench.deadLetters('slices');
  expect(letters).toContainEqual(
    expect.objectContaining({
      owner: expect.stringMatching(/^west\//),
      device: 'bigip-1',
      response: expect.stringContaining(
        'The specified route domain (2) does not exist for address (10.244.1.5%2)',
      ),
    }),
  );
  expect(letters.map(({ owner }) => owner?.split('/')[0])).not.toContain('east');
});
