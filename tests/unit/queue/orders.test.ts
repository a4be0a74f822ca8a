/**
 * Orders and resync requests: the queue and group they are sent to, and the cluster they are sent
 * for.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { RESYNC_EVENTS, STEERING_EVENTS } from '../../../shared/queue/events.ts';
import type { QueueMessage, QueueName, Queues } from '../../../shared/queue/port.ts';
import type { PublishContext } from '../../../shared/queue/publish.ts';
import { askForResync, type ResyncContext } from '../../../shared/queue/resync.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { sendOrder, sendOrders } from '../../../shared/queue/steering.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

let queues: Queues;
let sender: PublishContext;
beforeEach(() => {
  const clock = createManualClock();
  queues = createSqliteQueues({ path: ':memory:', clock, id: randomUUID });
  sender = { queues, clock, id: randomUUID };
});
afterEach(() => queues.close());

const take = (name: QueueName): Promise<readonly QueueMessage[]> =>
  queues.queue(name).receive({ max: 10, waitMs: 0, visibilityMs: 1_000 });

describe('orders', () => {
  const approve: Steering = { action: 'approve', device: 'bigip', owner: 'east/istio/gw' };
  const drain: Steering = {
    action: 'drain',
    device: 'other',
    cluster: 'west',
    mode: 'out',
    because: 'maintenance',
  };

  test('are sent to the group of their device, each in the name of its cluster', async () => {
    await sendOrders(sender, [approve, drain]);
    const messages = await take('slices');
    expect(messages.map(({ group }) => group)).toEqual(['bigip', 'other']);
    expect(messages.map(({ body }) => parseEvent(body, STEERING_EVENTS))).toMatchObject([
      { ok: { cluster: 'east', subject: 'east/istio/gw', data: approve } },
      { ok: { cluster: 'west', subject: 'west', data: drain } },
    ]);
  });

  test('that are sent twice with one id arrive once', async () => {
    for (let i = 0; i < 2; i += 1) await sendOrder(sender, drain, 'order-1');
    expect(await take('slices')).toHaveLength(1);
  });
});

describe('a request for a resync', () => {
  const quiet = (): undefined => undefined;
  const log: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
  const ingress = (
    cluster: string,
    service: string,
    devices: readonly string[],
  ): ResyncContext['config']['ingresses'][number] =>
    ({ cluster, service, devices }) as ResyncContext['config']['ingresses'][number];

  test('is sent once to each cluster of the device, and to no other', async () => {
    const ingresses = [
      ingress('east', 'istio/one', ['bigip']),
      ingress('east', 'istio/two', ['other', 'bigip']),
      ingress('west', 'istio/one', ['other']),
      ingress('north', 'istio/one', ['bigip']),
    ];
    const lost = { device: 'bigip', partition: 'shared', code: 'BIP450', reason: 'lost' };
    await askForResync({ ...sender, log, config: { ingresses } }, lost);
    const events: unknown[] = [];
    for (const cluster of ['east', 'north', 'west'])
      for (const { group, body } of await take(`settled-${cluster}`))
        events.push({ group, ...parseEvent(body, RESYNC_EVENTS) });
    expect(events).toMatchObject(
      ['east', 'north'].map((cluster) => ({
        group: 'resync/bigip',
        ok: { cluster, subject: 'bigip/shared', data: { ...lost, cluster } },
      })),
    );
    expect(events).toHaveLength(2);
  });
});
