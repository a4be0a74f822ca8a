import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { consumeSettled } from '../../../functions/watch/report/settled-loop.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { RESYNC } from '../../../shared/queue/events.ts';
import type { Queue } from '../../../shared/queue/port.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import {
  type Bench,
  gatewayPod,
  ingressService,
  OWNER,
  quiet,
  startBench,
  toldAll,
} from '../watch/support.ts';

let at: Bench;
beforeEach(async () => {
  at = await startBench();
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
});
afterEach(() => at.close());

function ask(cluster = 'east', subject = 'bigip-1/k8s'): void {
  const data = {
    cluster,
    device: 'bigip-1',
    partition: 'k8s',
    code: 'BIP442',
    reason: 'the fences are behind those of the last look',
  };
  at.queues.deliver(
    'settled-east',
    serialiseEvent(RESYNC, data, {
      id: `resync-${at.clock.now()}-${cluster}-${subject}`,
      cluster,
      subject,
      time: new Date(at.clock.now()).toISOString(),
    }),
  );
}

/** Everything was sent once, and settled. */
async function said(): Promise<void> {
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length === 1 && at.inventories().length === 1);
  at.settle({});
  await toldAll(at);
}

describe('a watcher that gets a request for a full resync', () => {
  test('sends the inventory and every ingress with newer revisions, and deletes the request', async () => {
    await said();
    ask();
    await at.passUntil(() => at.snapshots().length === 2 && at.inventories().length === 2);
    const [first, again] = at.snapshots();
    expect(again?.objects).toEqual(first?.objects);
    expect(again?.revision.counter).toBeGreaterThan(
      first?.revision.counter ?? Number.POSITIVE_INFINITY,
    );
    await toldAll(at);
    expect(at.logs).toContainEqual({
      level: 'info',
      message: 'full resync requested',
      fields: {
        device: 'bigip-1',
        partition: 'k8s',
        code: 'BIP442',
        reason: 'the fences are behind those of the last look',
      },
    });
    expect(at.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('ignores a request for another cluster, and continues', async () => {
    await said();
    ask('west');
    await toldAll(at);
    await quiet();
    expect([at.snapshots().length, at.inventories().length]).toEqual([1, 1]);
    ask();
    await at.passUntil(() => at.snapshots().length === 2);
    expect(
      at
        .snapshots()
        .map(({ cluster, ingress }) => `${cluster}/${ingress.namespace}/${ingress.service}`),
    ).toEqual([OWNER, OWNER]);
  });
});

test('a watcher that gets a request for one ingress sends only that one again, and no inventory', async () => {
  await said();
  ask('east', OWNER);
  await at.passUntil(() => at.snapshots().length === 2);
  await toldAll(at);
  expect(at.inventories()).toHaveLength(1);
  expect(at.logs).toContainEqual(
    expect.objectContaining({ message: 'resync of one ingress requested' }),
  );
});

/**
 * Red without the check of the streams: objects that are only unknown would count as deleted, and
 * be removed from the devices.
 */
test('no inventory is made from a stale list of Services, only from the next successful one', async () => {
  await said();
  const allow = at.lab.faults.add(
    { verbs: ['list', 'watch'], resource: 'services' },
    { kind: 'cut' },
  );
  at.lab.faults.cutWatches({ resource: 'services' });
  const stale = (): boolean =>
    at.logs.some(({ level, message }) => level === 'warn' && message.includes('stream'));
  await at.passUntil(stale);
  ask();
  for (let passed = 0; passed < 10_000; passed += 100) {
    at.clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await quiet();
  expect(at.inventories()).toHaveLength(1);
  allow();
  await at.passUntil(() => at.inventories().length > 1);
  expect(at.inventories().at(-1)?.ingresses).toEqual([
    { namespace: 'istio-system', service: 'istio-ingressgateway' },
  ]);
});

test('a request that cannot be fulfilled yet stays in the queue', async () => {
  const abort = new AbortController();
  const done: string[] = [];
  const body = serialiseEvent(
    RESYNC,
    { cluster: 'east', device: 'bigip-1', partition: 'k8s', code: 'BIP442', reason: 'behind' },
    { id: 'r', cluster: 'east', subject: 'bigip-1/k8s', time: new Date(0).toISOString() },
  );
  const message = {
    id: 'r',
    receipt: 'r',
    group: 'resync',
    deduplicationId: 'r',
    body,
    receiveCount: 1,
    sentAt: 0,
  };
  const queue: Queue = {
    ...at.queues.queue('settled-east'),
    receive: () => Promise.resolve([message]),
    delete: async () => {
      done.push('deleted');
      abort.abort();
    },
    changeVisibility: async (_receipt, visibility) => void done.push(`again in ${visibility} ms`),
  };
  const answers = [false, true];
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => log,
  };
  const listener = {
    settled: () => Promise.resolve(true),
    resync: () => Promise.resolve(answers.shift() ?? true),
  };
  await consumeSettled(queue, listener, {
    clock: at.clock,
    random: () => 0.5,
    log,
    signal: abort.signal,
  });
  expect(done).toEqual(['again in 5000 ms', 'deleted']);
});
