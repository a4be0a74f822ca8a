/**
 * Reads the results on their way back to the cluster without consuming them, for the times in the
 * demo's timeline.
 */
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SETTLED_EVENTS } from '../../../shared/queue/events.ts';
import type { Hop } from '../../../shared/queue/hops.ts';
import type { OutgoingMessage, Queue, Queues } from '../../../shared/queue/port.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

/** One result. */
export interface SettledTrace {
  /** When the result reached the queue, in milliseconds since 1970. */
  readonly at: number;
  /** Ports whose exposure was applied. */
  readonly applied: readonly number[];
  readonly hops: readonly Hop[];
}

/** What was read so far. */
export interface Trace {
  /** Oldest first. */
  readonly settled: readonly SettledTrace[];
}

function read(message: OutgoingMessage, at: number): SettledTrace | undefined {
  const opened = parseEvent(message.body, SETTLED_EVENTS);
  if ('refused' in opened) return undefined;
  const { data, hops } = opened.ok;
  return {
    at,
    hops,
    applied: data.exposures.filter((e) => e.outcome === 'applied').map((e) => e.port),
  };
}

/** The same queues; results are noted when they are sent. */
export function traceQueues(
  queues: Queues,
  clock: Clock,
): { readonly queues: Queues; readonly trace: Trace } {
  const settled: SettledTrace[] = [];
  function traced(queue: Queue): Queue {
    return {
      name: queue.name,
      send: async (message) => {
        await queue.send(message);
        const result = queue.name.startsWith('settled-') ? read(message, clock.now()) : undefined;
        if (result) settled.push(result);
      },
      receive: (options) => queue.receive(options),
      delete: (receipt) => queue.delete(receipt),
      changeVisibility: (receipt, visibility) => queue.changeVisibility(receipt, visibility),
      depth: () => queue.depth(),
    };
  }
  return {
    trace: { settled },
    queues: { queue: (name) => traced(queues.queue(name)), close: () => queues.close() },
  };
}
