/** Queues that only the leading replica can use. */
import type { Queue, Queues } from '../../../shared/queue/port.ts';

/** Receives the figures of the queues. */
export interface QueueMeter {
  sent(queue: string, bytes: number): void;
  failed(queue: string, operation: 'send' | 'receive' | 'delete'): void;
}

/** `assure` rejects if the replica does not lead: then nothing is sent, received or deleted. */
export function fenceQueues(
  queues: Queues,
  assure: () => Promise<void>,
  meter: QueueMeter,
): Queues {
  return {
    queue: (name) => fenceQueue(queues.queue(name), assure, meter),
    close: () => queues.close(),
  };
}

/** A queue that refuses every operation once leadership is lost. */
function fenceQueue(queue: Queue, assure: () => Promise<void>, meter: QueueMeter): Queue {
  const counted = async <T>(
    operation: 'send' | 'receive' | 'delete',
    action: () => Promise<T>,
  ): Promise<T> => {
    await assure();
    return action().catch((error: unknown) => {
      meter.failed(queue.name, operation);
      throw error;
    });
  };
  return {
    name: queue.name,
    send: async (message) => {
      await counted('send', () => queue.send(message));
      meter.sent(queue.name, Buffer.byteLength(message.body));
    },
    receive: (options) => counted('receive', () => queue.receive(options)),
    delete: (receipt) => counted('delete', () => queue.delete(receipt)),
    // Returning messages is always allowed.
    changeVisibility: (receipt, visibility) => queue.changeVisibility(receipt, visibility),
    depth: () => queue.depth(),
  };
}
