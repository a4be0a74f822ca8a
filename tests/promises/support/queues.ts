/**
 * The queues in memory, under a clock that only the test moves: FIFO groups, visibility, receive
 * counts, deduplication.
 */
import type {
  OutgoingMessage,
  Queue,
  QueueMessage,
  QueueName,
  Queues,
} from '../../../shared/queue/port.ts';
import { deadQueueOf, MAX_RECEIVE_COUNT } from '../../../shared/queue/limits.ts';
import { QueueError } from '../../../shared/queue/port.ts';
import type { VirtualClock } from './clock.ts';

interface Kept extends OutgoingMessage {
  readonly id: string;
  readonly sentAt: number;
  receiveCount: number;
  visibleAt: number;
  receipt: string;
}

export interface MemoryQueues extends Queues {
  /** Everything that waits or is in flight, oldest first. */
  messages(name: QueueName): readonly OutgoingMessage[];
  /** When the next message of a queue can be received; undefined when it is empty. */
  nextAt(name: QueueName): number | undefined;
  /** Everything that was ever sent. */
  sent(name: QueueName): readonly OutgoingMessage[];
}

const DEDUPLICATION = 5 * 60_000;

export function memoryQueues(
  clock: VirtualClock,
  onSend: (name: QueueName, body: string) => void = () => undefined,
): MemoryQueues {
  const kept = new Map<string, Kept[]>();
  const history = new Map<string, (OutgoingMessage & { readonly at: number })[]>();
  let ids = 0;
  const list = (name: string): Kept[] => kept.get(name) ?? kept.set(name, []).get(name)!;
  const past = (name: string): (OutgoingMessage & { readonly at: number })[] =>
    history.get(name) ?? history.set(name, []).get(name)!;
  const byReceipt = (name: string, receipt: string): Kept => {
    const found = list(name).find((m) => m.receipt === receipt && m.visibleAt > clock.now());
    if (!found) throw new QueueError('Q605', `${receipt} is no longer held`);
    return found;
  };
  const queue = (name: QueueName): Queue => ({
    name,
    send: async (message) => {
      const seen = past(name).some(
        (m) => m.deduplicationId === message.deduplicationId && m.at > clock.now() - DEDUPLICATION,
      );
      if (seen) return;
      onSend(name, message.body);
      past(name).push({ ...message, at: clock.now() });
      list(name).push({
        ...message,
        id: `m${++ids}`,
        sentAt: clock.now(),
        receiveCount: 0,
        visibleAt: clock.now(),
        receipt: '',
      });
    },
    receive: async ({ max, visibilityMs: visibility }) => {
      const worn =
        deadQueueOf(name) === undefined
          ? []
          : list(name).filter(
              (m) => m.visibleAt <= clock.now() && m.receiveCount >= MAX_RECEIVE_COUNT,
            );
      for (const m of worn) {
        list(name).splice(list(name).indexOf(m), 1);
        past(deadQueueOf(name)!).push({ ...m, at: clock.now() });
        list(deadQueueOf(name)!).push({ ...m, receiveCount: 0, receipt: '' });
      }
      const blocked = new Set(
        list(name)
          .filter((m) => m.visibleAt > clock.now())
          .map((m) => m.group),
      );
      const taken = list(name)
        .filter((m) => !blocked.has(m.group))
        .slice(0, max);
      return taken.map((m): QueueMessage => {
        m.receiveCount += 1;
        m.visibleAt = clock.now() + visibility;
        m.receipt = `r${++ids}`;
        const { id, receipt, group, deduplicationId, body, receiveCount, sentAt } = m;
        return { id, receipt, group, deduplicationId, body, receiveCount, sentAt };
      });
    },
    delete: async (receipt) =>
      void list(name).splice(list(name).indexOf(byReceipt(name, receipt)), 1),
    changeVisibility: async (receipt, visibility) => {
      byReceipt(name, receipt).visibleAt = clock.now() + visibility;
    },
    depth: async (group) => {
      const all = list(name).filter((m) => group === undefined || m.group === group);
      const waiting = all.filter((m) => m.visibleAt <= clock.now()).length;
      return { waiting, inFlight: all.length - waiting };
    },
  });
  return {
    queue,
    close: () => Promise.resolve(),
    messages: (name) => list(name),
    sent: (name) => past(name),
    nextAt: (name) => {
      const groups = [...Map.groupBy(list(name), (m) => m.group).values()];
      const times = groups.map((messages) =>
        Math.max(...messages.map((m) => (m.receiveCount > 0 ? m.visibleAt : 0))),
      );
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
}
