/** Puts orders on the queue of their device, in order with its slices. */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { Steering } from '../../domain/steering/steering.ts';
import { serialiseEvent } from '../../queue/envelope.ts';
import { STEERING } from '../../queue/events.ts';
import type { Runtime } from '../../host/runtime.ts';

export async function sendOrders(
  { queues, clock, id }: Pick<Runtime, 'queues' | 'clock' | 'id'>,
  orders: readonly Steering[],
): Promise<void> {
  for (const order of orders) {
    const event = id();
    const about =
      order.action === 'approve'
        ? { cluster: parseOwner(order.owner).cluster, subject: order.owner }
        : { cluster: order.cluster, subject: order.cluster };
    const body = serialiseEvent(STEERING, order, {
      id: event,
      ...about,
      time: new Date(clock.now()).toISOString(),
    });
    await queues.queue('slices').send({ group: order.device, deduplicationId: event, body });
  }
}
