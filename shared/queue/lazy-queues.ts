import { lazily } from '../runtime/lazy.ts';
import type { Queue, QueueDepth, Queues } from './port.ts';

/**
 * Queues whose client is imported with the first call. While `depthBefore` knows the depth, asking
 * for it opens nothing.
 */
export function lazyQueues(
  open: () => Promise<Queues>,
  depthBefore: () => QueueDepth | undefined = () => undefined,
): Queues {
  const queues = lazily(open);
  return {
    queue: (name): Queue => {
      const queue = async (): Promise<Queue> => (await queues.get()).queue(name);
      return {
        name,
        send: async (message) => (await queue()).send(message),
        receive: async (options) => (await queue()).receive(options),
        delete: async (receipt) => (await queue()).delete(receipt),
        changeVisibility: async (receipt, visibility) =>
          (await queue()).changeVisibility(receipt, visibility),
        depth: async (group) => depthBefore() ?? (await queue()).depth(group),
      };
    },
    close: () => queues.close((opened) => opened.close()),
  };
}
