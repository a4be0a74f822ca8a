import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Bench,
  gateway,
  gatewayPod,
  ingressService,
  OWNER,
  quiet,
  route,
  startBench,
  toldAll,
  until,
} from './support.ts';

let at: Bench;
beforeEach(async () => {
  at = await startBench();
});
afterEach(() => at.close());

/** Started, and everything that follows from the start is sent and answered. */
async function settledStart(): Promise<void> {
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  await at.watcher().start();
  await until(() => at.snapshots().length === 1 && at.inventories().length === 1);
  at.settle({});
  await toldAll(at);
}

const last = () => at.snapshots().at(-1);

describe('a Gateway that is applied', () => {
  test('leads to one snapshot with everything the ingress implies, and with what changed', async () => {
    await settledStart();
    at.lab.store.apply(gateway('echo', 32400));
    at.lab.store.apply(route('echo', 'echo', 32400));
    at.lab.store.apply(gateway('elsewhere', 31000));
    at.lab.store.apply({
      ...gateway('other', 31001),
      spec: { selector: { istio: 'egressgateway' }, servers: [] },
    });
    await at.passUntil(() => at.snapshots().length > 1);
    await at.passUntil(
      () => last()?.objects.gateways.length === 2 && last()?.objects.virtualServices.length === 1,
    );
    const snapshot = last();
    expect(snapshot?.objects.gateways.map((one) => one.meta.name)).toEqual(['echo', 'elsewhere']);
    expect(snapshot?.objects.virtualServices.map((one) => one.meta.name)).toEqual(['echo']);
    expect(snapshot?.objects.pods.map((one) => one.meta.name)).toEqual(['gateway-1']);
    expect(snapshot?.objects.services.map((one) => one.meta.name)).toEqual([
      'istio-ingressgateway',
    ]);
    expect(snapshot?.changes).toContainEqual(
      expect.objectContaining({
        what: 'added',
        kind: 'Gateway',
        namespace: 'default',
        name: 'echo',
      }),
    );
    expect(snapshot?.removed).toBe(false);
  });

  test('belongs to the group of its ingress, with a new id each time', async () => {
    await settledStart();
    at.lab.store.apply(gateway('echo', 32400));
    await at.passUntil(() => at.snapshots().length === 2);
    const snapshots = at.queues.sent.filter(({ message }) => message.group === OWNER);
    expect(snapshots).toHaveLength(2);
    expect(new Set(snapshots.map(({ message }) => message.deduplicationId)).size).toBe(2);
  });
});

describe('the debounce', () => {
  test('waits for 100 ms without a change, so that changes applied together are sent together', async () => {
    await settledStart();
    at.lab.store.apply(gateway('one', 31001));
    await quiet();
    at.clock.advance(99);
    at.lab.store.apply(gateway('two', 31002));
    await quiet();
    at.clock.advance(99);
    await quiet();
    expect(at.snapshots()).toHaveLength(1);
    at.clock.advance(1);
    await until(() => at.snapshots().length === 2);
    expect(last()?.objects.gateways).toHaveLength(2);
  });

  test('never waits longer than a second, however busy the cluster is', async () => {
    await settledStart();
    for (let n = 0; n < 12 && at.snapshots().length === 1; n += 1) {
      at.lab.store.apply(gateway(`g${n}`, 31000 + n));
      await quiet();
      at.clock.advance(90);
      await quiet();
    }
    expect(at.snapshots()).toHaveLength(2);
    expect(last()?.objects.gateways).toHaveLength(12);
  });

  test('does not delay the message that a pod terminates', async () => {
    await settledStart();
    at.lab.store.apply(
      gatewayPod('gateway-1', {
        deletionTimestamp: '2026-01-01T00:00:00Z',
        finalizers: ['test/hold'],
      }),
    );
    await until(() => at.leaving().length === 1);
    expect(at.snapshots()).toHaveLength(1);
    at.clock.advance(100);
    await until(() => at.snapshots().length === 2);
    expect(last()?.objects.pods[0]?.terminating).toBe(true);
  });
});

describe('nothing is reported twice', () => {
  test('an irrelevant change sends nothing', async () => {
    await settledStart();
    at.lab.store.apply({
      ...gateway('other', 31001),
      spec: { selector: { istio: 'egressgateway' }, servers: [] },
    });
    at.lab.store.apply({
      ...gatewayPod(),
      metadata: { ...gatewayPod().metadata, annotations: { 'example.org/note': 'new' } },
    });
    await quiet();
    at.clock.advance(2_000);
    await quiet();
    expect(at.snapshots()).toHaveLength(1);
  });

  test('but everything is sent again every five minutes', async () => {
    await settledStart();
    at.clock.advance(5 * 60_000);
    await until(() => at.snapshots().length === 2 && at.inventories().length === 2);
    expect(last()?.objects).toEqual(at.snapshots()[0]?.objects);
  });
});

describe('one unsettled snapshot at a time', () => {
  test('the next one, with the newest content, is sent after the result', async () => {
    await settledStart();
    at.lab.store.apply(gateway('one', 31001));
    await at.passUntil(() => at.snapshots().length === 2);
    at.lab.store.apply(gateway('two', 31002));
    at.lab.store.apply(gateway('three', 31003));
    await quiet();
    at.clock.advance(30_000);
    await quiet();
    expect(at.snapshots()).toHaveLength(2);
    at.settle({});
    await until(() => at.snapshots().length === 3);
    expect(last()?.objects.gateways.map((one) => one.meta.name)).toEqual(['one', 'three', 'two']);
  });

  test('or after a minute without one', async () => {
    await settledStart();
    at.lab.store.apply(gateway('one', 31001));
    await at.passUntil(() => at.snapshots().length === 2);
    at.lab.store.apply(gateway('two', 31002));
    await quiet();
    at.clock.advance(60_000);
    await until(() => at.snapshots().length === 3);
  });

  test('with two devices both have to answer', async () => {
    await settledStart();
    at.lab.store.apply(gateway('one', 31001));
    await at.passUntil(() => at.snapshots().length === 2);
    at.lab.store.apply(gateway('two', 31002));
    at.settle({ devices: ['bigip-1', 'bigip-2'] });
    await quiet();
    at.clock.advance(1_000);
    await quiet();
    expect(at.snapshots()).toHaveLength(2);
    at.settle({ devices: ['bigip-1', 'bigip-2'], device: 'bigip-2' });
    await until(() => at.snapshots().length === 3);
  });

  test('a change is included until a result has confirmed it', async () => {
    await settledStart();
    at.lab.store.apply(gateway('one', 31001));
    at.lab.store.apply(gateway('two', 31002));
    await at.passUntil(() => at.snapshots().length === 2);
    at.settle({});
    await toldAll(at);
    at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'one');
    await at.passUntil(() => at.snapshots().length === 3);
    at.lab.store.apply(gateway('three', 31003));
    await quiet();
    at.clock.advance(60_000);
    await until(() => at.snapshots().length === 4);
    const deletion = expect.objectContaining({ what: 'deleted', kind: 'Gateway', name: 'one' });
    expect(last()?.changes).toContainEqual(deletion);
    at.settle({});
    await toldAll(at);
    at.lab.store.apply(gateway('four', 31004));
    await at.passUntil(() => at.snapshots().length === 5);
    expect(last()?.changes).not.toContainEqual(deletion);
  });
});

describe('a queue that is away', () => {
  test('holds one snapshot back, with the newest content, and loses nothing', async () => {
    await settledStart();
    at.queues.away = true;
    at.lab.store.apply(gateway('one', 31001));
    await at.passUntil(() =>
      at.logs.some(({ message }) => message.startsWith('snapshot not sent')),
    );
    at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'one');
    at.lab.store.apply(gateway('two', 31002));
    await quiet();
    at.queues.away = false;
    await at.passUntil(() => at.snapshots().length === 2);
    expect(last()?.objects.gateways.map((one) => one.meta.name)).toEqual(['two']);
    expect(last()?.changes).toContainEqual(
      expect.objectContaining({ what: 'deleted', name: 'one' }),
    );
  });

  test('stop sends pending changes without waiting for the debounce', async () => {
    at.lab.store.apply(ingressService());
    const watcher = at.watcher();
    await watcher.start();
    await until(() => at.snapshots().length === 1);
    at.lab.store.apply(gateway('late', 31001));
    await quiet();
    await watcher.stop();
    expect(last()?.objects.gateways.map((one) => one.meta.name)).toEqual(['late']);
  });
});

describe('an ingress that goes', () => {
  test('is sent as removed when the deletion of its Service was observed', async () => {
    await settledStart();
    at.lab.store.delete('v1', 'Service', 'istio-system', 'istio-ingressgateway');
    await at.passUntil(() => at.snapshots().length === 2);
    expect(last()).toMatchObject({
      removed: true,
      objects: { gateways: [], pods: [], services: [] },
    });
    at.lab.store.apply(ingressService());
    at.settle({});
    await at.passUntil(() => at.snapshots().length === 3);
    expect(last()?.removed).toBe(false);
  });

  test('without a watcher is missing from the inventory, without a proof of its deletion', async () => {
    await at.watcher().start();
    await until(() => at.inventories().length === 1);
    expect(at.inventories()[0]?.ingresses).toEqual([]);
    expect(at.snapshots()).toEqual([]);
  });
});

describe('a restart', () => {
  test('uses a higher epoch, although the clock was set back', async () => {
    await settledStart();
    const epoch = last()?.revision.epoch ?? 0;
    at.clock.advance(-3_600_000);
    await at.watcher().start();
    await until(() => at.snapshots().length === 2);
    expect(last()?.revision.epoch).toBe(epoch + 1);
  });

  test('lists everything, including concurrent changes, before its first snapshot', async () => {
    await settledStart();
    at.lab.store.apply(gateway('meanwhile', 31001));
    await at.watcher().start();
    await at.passUntil(() => at.snapshots().length >= 2);
    expect(last()?.objects.gateways.map((one) => one.meta.name)).toEqual(['meanwhile']);
  });

  test('moves above a newer epoch that the device has, and sends everything again', async () => {
    await settledStart();
    const before = last()?.revision.epoch ?? 0;
    at.settle({ supersededBy: { epoch: before + 1_000, counter: 9, generation: 1 } });
    await at.passUntil(() => (last()?.revision.epoch ?? 0) > before + 1_000);
    const lease = at.lab.store.get(
      'coordination.k8s.io/v1',
      'Lease',
      'default',
      'sluice-watch-east',
    );
    expect(lease?.metadata.annotations?.['sluice.io/epoch']).toBe(String(last()?.revision.epoch));
  });

  test('ignores a newer epoch of another cluster that had this id', async () => {
    await settledStart();
    const before = last()?.revision.epoch ?? 0;
    at.settle({
      clusterUid: 'another',
      supersededBy: { epoch: before + 1_000, counter: 9, generation: 1 },
    });
    await toldAll(at);
    at.lab.store.apply(gateway('one', 31001));
    await at.passUntil(() => at.snapshots().length === 2);
    expect(last()?.revision.epoch).toBe(before);
  });
});

test.each(['cut', 'expired'] as const)(
  'a change while the watch was %s is not missed',
  async (how) => {
    await settledStart();
    at.lab.store.apply(gateway('before', 31001));
    await at.passUntil(() => at.snapshots().length === 2);
    at.settle({});
    const allow = at.lab.faults.add({ resource: 'gateways.networking.istio.io' }, { kind: 'cut' });
    at.lab.faults.cutWatches();
    at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'before');
    at.lab.store.apply(gateway('after', 31002));
    if (how === 'expired') at.lab.faults.compact();
    allow();
    await at.passUntil(() => last()?.objects.gateways[0]?.meta.name === 'after');
    expect(last()?.changes).toContainEqual(
      expect.objectContaining({ what: 'deleted', kind: 'Gateway', name: 'before' }),
    );
  },
);

test('a cluster without Istio and without the Gateway API is watched all the same', async () => {
  at.lab.serve('networking.istio.io', false);
  at.lab.serve('gateway.networking.k8s.io', false);
  at.lab.store.apply(ingressService());
  await at.watcher().start();
  await until(() => at.snapshots().length === 1);
  at.lab.serve('networking.istio.io', true);
  at.lab.store.apply(gateway('one', 31001));
  at.settle({});
  await at.passUntil(() => last()?.objects.gateways.length === 1);
});

test('a cluster that the configuration does not know is refused before anything is touched', () => {
  expect(() => at.watcher({ clusterId: 'west' })).toThrow(
    'the configuration has no cluster "west", only east; add it to clusters, or correct the cluster id of this watcher',
  );
});
