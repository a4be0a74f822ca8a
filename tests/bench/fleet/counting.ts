/** Counts what AWS would bill: one request for each API call, or for each 64 KB of its payload. */
import type { Queue, Queues } from '../../../shared/queue/port.ts';

const UNIT = 64 * 1024;

export type Operation = 'send' | 'receive' | 'empty receive' | 'delete' | 'other';

export interface Counted {
  readonly calls: number;
  readonly units: number;
}

export interface Counts {
  add(operation: Operation, bytes?: number): void;
  /** Since the last `reset`, by operation. */
  of(operation: Operation): Counted;
  reset(): void;
}

const NONE: Counted = { calls: 0, units: 0 };

export function createCounts(): Counts {
  const counts = new Map<Operation, Counted>();
  return {
    add: (operation, bytes = 0) => {
      const { calls, units } = counts.get(operation) ?? NONE;
      counts.set(operation, {
        calls: calls + 1,
        units: units + Math.max(1, Math.ceil(bytes / UNIT)),
      });
    },
    of: (operation) => counts.get(operation) ?? NONE,
    reset: () => counts.clear(),
  };
}

/** `onSend` is called for every message that the queue has accepted. */
export function countQueues(
  queues: Queues,
  counts: Counts,
  onSend: (queue: string, body: string) => void,
): Queues {
  const counted = (queue: Queue): Queue => ({
    name: queue.name,
    send: async (message) => {
      await queue.send(message);
      counts.add('send', Buffer.byteLength(message.body));
      onSend(queue.name, message.body);
    },
    receive: async (options) => {
      const messages = await queue.receive(options);
      const bytes = messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
      counts.add(messages.length === 0 ? 'empty receive' : 'receive', bytes);
      return messages;
    },
    delete: async (receipt) => {
      await queue.delete(receipt);
      counts.add('delete');
    },
    changeVisibility: async (receipt, visibility) => {
      await queue.changeVisibility(receipt, visibility);
      counts.add('other');
    },
    depth: () => queue.depth(),
  });
  return { queue: (name) => counted(queues.queue(name)), close: () => queues.close() };
}
