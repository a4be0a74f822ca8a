/** Puts orders on the queue of their device, in order with its slices. */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { Steering } from '../../domain/steering/steering.ts';
import { publishEvent } from '../../queue/publish.ts';
import { STEERING } from '../../queue/events.ts';
import type { Runtime } from '../../host/runtime.ts';

export async function sendOrders(
  runtime: Pick<Runtime, 'queues' | 'clock' | 'id'>,
  orders: readonly Steering[],
): Promise<void> {
  for (const order of orders) {
    const about =
      order.action === 'approve'
        ? { cluster: parseOwner(order.owner).cluster, subject: order.owner }
        : { cluster: order.cluster, subject: order.cluster };
    await publishEvent(runtime, {
      queue: 'slices',
      group: order.device,
      type: STEERING,
      data: order,
      ...about,
    });
  }
}
