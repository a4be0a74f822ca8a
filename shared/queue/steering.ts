/** Sends orders to the group of their device, in order with its slices. */
import { parseOwner } from '../domain/snapshot/snapshot.ts';
import { isOwnerOrder, orderSubject } from '../domain/steering/steering.ts';
import type { Steering } from '../domain/steering/steering.ts';
import { STEERING } from './events.ts';
import { publishEvent } from './publish.ts';
import type { PublishContext } from './publish.ts';

/** `id`: kept by a sender that may send one order twice; absent: a new one. */
export async function sendOrder(
  sender: PublishContext,
  order: Steering,
  id?: string,
): Promise<void> {
  await publishEvent(sender, {
    queue: 'slices',
    group: order.device,
    type: STEERING,
    data: order,
    cluster: isOwnerOrder(order) ? parseOwner(order.owner).cluster : order.cluster,
    subject: orderSubject(order),
    id,
  });
}

/** Sends the orders in sequence. If one cannot be sent, it rejects and does not send the rest. */
export async function sendOrders(
  sender: PublishContext,
  orders: readonly Steering[],
): Promise<void> {
  for (const order of orders) await sendOrder(sender, order);
}
