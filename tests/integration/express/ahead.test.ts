/** What map sends: the express event first, then the slices, even if the express event fails. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { create } from '../../../functions/map/handler.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { EXPRESS_EVENTS, INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { QueueError } from '../../../shared/queue/port.ts';
import type { Queue, QueueMessage, Queues } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { snapshotOf } from '../../bench/world.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { memoryStore } from '../../fixtures/views.ts';

const config = SluiceConfig.parse({
  generation: 1,
  devices: ['bigip', 'other'].map((name) => ({
    name,
    url: 'https://192.0.2.1',
    username: 'u',
    password: 'env:P',
    partitions: ['k8s'],
  })),
  clusters: [{ id: 'east' }],
  ingresses: [
    {
      cluster: 'east',
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip', 'other'],
      virtualAddress: '172.16.100.195',
    },
  ],
});

let now: number;
let queues: Queues;
const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  queues = createSqliteQueues({ path: ':memory:', clock, id: randomUUID });
});
afterEach(() => queues.close());

const said: string[] = [];
function runtime(using: Queues = queues): Runtime {
  said.length = 0;
  const write = (_fields: object, message: string): void => void said.push(message);
  const log = { debug: write, info: write, warn: write, error: write, child: () => log };
  return runtimeWith({
    config,
    secrets: { resolve: () => Promise.resolve('') },
    queues: using,
    clock,
    log,
  });
}

/** One of two pods terminates. */
function ending(): Snapshot {
  const snapshot = snapshotOf(3, 7);
  return {
    ...snapshot,
    objects: {
      ...snapshot.objects,
      pods: snapshot.objects.pods.map((pod, i) => ({ ...pod, terminating: i === 0 })),
    },
  };
}

/** The snapshot arrives in the queue now; map handles it `wait` ms later. */
async function handle(data: Snapshot, using: Runtime, wait = 0): Promise<void> {
  const body = serialiseEvent(INGRESS_OBSERVED, data, {
    id: 'snapshot-1',
    cluster: 'east',
    subject: 'east/istio-system/istio-ingressgateway',
    time: '2020-01-01T00:00:00Z',
    traceparent: '00-a-b-01',
  });
  const message: QueueMessage = {
    id: '1',
    receipt: '',
    group: 'g',
    deduplicationId: 'd',
    body,
    receiveCount: 1,
    sentAt: now,
  };
  now += wait;
  await create(
    using,
    undefined,
    memoryStore(),
  )(
    { Records: [toRecord(message, 'arn:aws:sqs:local:0:snapshots.fifo')] },
    {
      awsRequestId: 'r',
      functionName: 'map',
      functionVersion: '1',
      getRemainingTimeInMillis: () => 30_000,
    },
  );
}

const waiting = async (name: 'express' | 'slices'): Promise<readonly QueueMessage[]> =>
  queues.queue(name).receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });

/** Queues that record the order of messages, and reject those that the test selects. */
function noting(sent: string[], refuse: (name: string) => boolean = () => false): Queues {
  return {
    queue: (name): Queue => ({
      ...queues.queue(name),
      send: async (message) => {
        if (refuse(name)) throw new QueueError('Q603', `no queue ${name}`);
        sent.push(`${name} ${message.group}`);
        await queues.queue(name).send(message);
      },
    }),
    close: () => queues.close(),
  };
}

describe('map', () => {
  test('sends leaving members ahead of the slices, to the group of each device', async () => {
    const sent: string[] = [];
    await handle(ending(), runtime(noting(sent)));
    expect(sent).toEqual(['express bigip', 'express other', 'slices bigip', 'slices other']);
  });

  test('uses the arrival time of the snapshot, so a wrong clock in the cluster has no effect', async () => {
    await handle(ending(), runtime(), 30_000);
    const opened = (await waiting('express')).map((message) =>
      parseEvent(message.body, EXPRESS_EVENTS),
    );
    expect(opened).toMatchObject([
      {
        ok: {
          time: '2026-01-01T00:00:00.000Z',
          traceparent: '00-a-b-01',
          data: {
            device: 'bigip',
            version: { epoch: 1, counter: 7, generation: 1 },
            wishes: [{ address: '10.244.1.1', availability: 'draining' }],
          },
        },
      },
      { ok: { data: { device: 'other' } } },
    ]);
  });

  test('sends once for a snapshot that is delivered twice', async () => {
    const data = ending();
    await handle(data, runtime());
    await handle(data, runtime());
    expect([(await waiting('express')).length, (await waiting('slices')).length]).toEqual([2, 2]);
  });

  test('sends nothing ahead for a snapshot that waited for more than a minute', async () => {
    await handle(ending(), runtime(), 60_001);
    expect([(await waiting('express')).length, (await waiting('slices')).length]).toEqual([0, 2]);
  });

  test('sends nothing ahead if no member leaves or returns', async () => {
    await handle(snapshotOf(3, 7), runtime());
    expect([(await waiting('express')).length, (await waiting('slices')).length]).toEqual([0, 2]);
  });

  test('sends the slices if the express queue is missing, and logs it', async () => {
    const sent: string[] = [];
    await handle(ending(), runtime(noting(sent, (name) => name === 'express')));
    expect(sent).toEqual(['slices bigip', 'slices other']);
    expect(said).toContain('express event not sent; the slice follows');
  });
});
