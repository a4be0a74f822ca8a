import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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
import { LATEST_EPOCH } from '../../../shared/domain/revision.ts';
import { ownedBy, startBench, type Bench } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

/** The ingress with one Gateway for each port. */
function snapshot(
  counter: number,
  ports: readonly number[],
  over: Partial<Snapshot> = {},
): Snapshot {
  const objects = cluster(
    {
      gateways: ports.map((port) => gateway(`gw-${port}`, [server(port)])),
      virtualServices: ports.map((port) => tcpRoute(`vs-${port}`, [`gw-${port}`])),
      pods: [gatewayPod({ ips: ['10.244.1.5'] })],
    },
    ports.map((port) => servicePort(port)),
  );
  return {
    cluster: 'east',
    clusterUid: 'uid-east',
    ingress: INGRESS,
    revision: { epoch: 1, counter },
    changes: [],
    removed: false,
    objects,
    ...over,
  };
}

const both = async (): Promise<void> => {
  await bench.map();
  await bench.apply();
};

describe('a snapshot', () => {
  test('becomes one slice for each device, and one virtual server for each port on each', async () => {
    await bench.sendSnapshot(snapshot(1, [8443, 32_400]));
    expect((await bench.map()).again).toEqual([]);
    expect((await bench.apply()).again).toEqual([]);
    for (const device of ['bigip-1', 'bigip-2'] as const)
      expect(bench.virtualServers(device)).toEqual(['172.16.100.195:32400', '172.16.100.195:8443']);
    const settled = await bench.settled();
    expect(settled.map((s) => s.device ?? '').toSorted()).toEqual(['bigip-1', 'bigip-2']);
    for (const result of settled)
      expect(result.exposures.map((e) => e.outcome)).toEqual(['applied', 'applied']);
  });

  test('that is delivered twice creates its slices once', async () => {
    await bench.sendSnapshot(snapshot(1, [1]));
    const queue = bench.queues.queue('snapshots');
    const [first] = await queue.receive({ max: 1, waitMs: 0, visibilityMs: 0 });
    await bench.map();
    await queue.send({
      group: first?.group ?? '',
      deduplicationId: 'again',
      body: first?.body ?? '',
    });
    await bench.map();
    expect((await bench.slices()).map((slice) => slice.device).toSorted()).toEqual([
      'bigip-1',
      'bigip-2',
    ]);
  });

  test('that is invalid is dead-lettered, the others of the batch continue', async () => {
    const queue = bench.queues.queue('snapshots');
    await queue.send({ group: 'x', deduplicationId: 'x', body: 'not json' });
    await bench.sendSnapshot(snapshot(1, [1], { cluster: 'north' }));
    await bench.sendSnapshot(
      snapshot(1, [1], { ingress: { namespace: 'istio-system', service: 'other' } }),
    );
    await bench.sendSnapshot(
      snapshot(1, [1], { revision: { epoch: LATEST_EPOCH + 1, counter: 1 } }),
    );
    await bench.sendSnapshot(snapshot(2, [2]));
    expect((await bench.map()).again).toEqual([]);
    expect((await bench.deadLetters('snapshots')).map((letter) => letter.code).toSorted()).toEqual([
      'GW103',
      'GW104',
      'Q610',
      'Q613',
    ]);
    expect((await bench.slices()).map((slice) => slice.version.counter)).toEqual([2, 2]);
  });

  test('whose slices cannot be sent is redelivered with the rest of its group; other groups are done', async () => {
    bench.refuseSlices = (body) => body.includes(ownedBy('east').owner);
    await bench.sendSnapshot(snapshot(1, [1]));
    await bench.sendSnapshot(snapshot(2, [2]));
    await bench.sendSnapshot(snapshot(1, [1], { cluster: 'west', clusterUid: 'uid-west' }));
    const first = await bench.map();
    expect([first.again.length, first.done.length]).toEqual([2, 1]);
    bench.refuseSlices = () => false;
    bench.clock.pass(150_000);
    expect((await bench.map()).done).toHaveLength(2);
    const east = (await bench.slices()).filter(
      (slice) => slice.owner === ownedBy('east').owner && slice.device === 'bigip-1',
    );
    expect(east.map((slice) => slice.version.counter)).toEqual([1, 2]);
    expect(await bench.deadLetters('snapshots')).toEqual([]);
  });
});

describe('replay of an old message', () => {
  test('brings nothing back that a newer snapshot took away, and writes nothing', async () => {
    await bench.sendSnapshot(snapshot(1, [1, 2]));
    const [old] = await bench.queues
      .queue('snapshots')
      .receive({ max: 1, waitMs: 0, visibilityMs: 0 });
    await both();
    const deleted = {
      what: 'deleted',
      kind: 'Gateway',
      namespace: 'default',
      name: 'gw-2',
      resourceVersion: '9',
    } as const;
    await bench.sendSnapshot(snapshot(2, [1], { changes: [deleted] }));
    await both();
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
    await bench.settled();
    const writes = bench.devices['bigip-1'].writes.length;
    // Long after the queue has forgotten its deduplication id.
    bench.clock.pass(24 * 60 * 60_000);
    await bench.queues
      .queue('snapshots')
      .send({ group: old?.group ?? '', deduplicationId: 'replay', body: old?.body ?? '' });
    await both();
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
    expect(bench.devices['bigip-1'].writes).toHaveLength(writes);
    for (const settled of await bench.settled())
      expect(settled.supersededBy).toEqual({ epoch: 1, counter: 2, generation: 1 });
  });

  test('of an ingress whose Service was deleted brings nothing back either', async () => {
    await bench.sendSnapshot(snapshot(1, [1]));
    const [old] = await bench.queues
      .queue('snapshots')
      .receive({ max: 1, waitMs: 0, visibilityMs: 0 });
    await both();
    await bench.sendSnapshot(snapshot(2, [], { removed: true }));
    await both();
    expect(bench.virtualServers()).toEqual([]);
    bench.clock.pass(24 * 60 * 60_000);
    await bench.queues
      .queue('snapshots')
      .send({ group: old?.group ?? '', deduplicationId: 'replay', body: old?.body ?? '' });
    await both();
    expect(bench.virtualServers()).toEqual([]);
  });
});
