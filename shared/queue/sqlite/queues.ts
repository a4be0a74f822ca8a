/** A durable queue for one host: an SQLite file that several processes can open. */
import type { Clock } from '../../runtime/clock.ts';
import { checkSize, LONGEST_HIDDEN_MS, MAX_RECEIVE_COUNT, queueToken } from '../limits.ts';
import {
  QueueError,
  type Queue,
  type QueueMessage,
  type QueueName,
  type Queues,
  type ReceiveOptions,
} from '../port.ts';
import { createChangeDetector, openDatabase } from './database.ts';
import { createInHand, type InHand } from './in-hand.ts';
import { MessageStore } from './message-store.ts';
import { createWakeUp, type WakeUp } from './wake-up.ts';
import { listenToWrites } from './writes.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { createSteadiness } from '../../runtime/clock.ts';

/** The file, and how often it is polled. */
export interface SqliteQueuesOptions {
  /** Path of the file, or `:memory:`. */
  readonly path: string;
  /** `monotonic` for waiting, `now` for times in the file. */
  readonly clock: Clock;
  /** A new unique id. */
  readonly id: () => string;
  /** Receives after which a message goes to the dead letters, as SQS counts them. */
  readonly maxReceiveCount?: number;
  /**
   * Milliseconds between checks whether another process changed the file; default 50, and longer at
   * rest. Messages of this process are noticed at once.
   */
  readonly poll?: number;
}

interface Shared extends SqliteQueuesOptions {
  /** Wakes receivers when something may have become visible. */
  readonly bell: WakeUp;
  /** Messages that receivers of this process have. */
  readonly inHand: InHand;
  /** True while the process stops; every operation then rejects with Q601. */
  readonly closed: () => boolean;
}

/** Runs one database operation. Errors such as a full disk or a damaged file become Q601. */
function step<T>(name: QueueName, { path, closed }: Shared, work: () => T): T {
  if (closed()) throw new QueueError('Q601', `Queue ${name} is closed: the process is stopping.`);
  try {
    return work();
  } catch (error) {
    throw new QueueError(
      'Q601',
      `Queue ${name} in ${path} returned an error (${errorMessage(error)}). ` +
        'Check the free space and the permissions of the file; Sluice retries.',
      { cause: error },
    );
  }
}

/** The same code as of SQS, so that callers need not know which queue it is. */
function lost(name: QueueName): QueueError {
  return new QueueError(
    'Q605',
    `The receipt does not belong to a message in flight in queue ${name}: ` +
      'its visibility timeout ended, or it was deleted. ' +
      'Process the message when it is received again.',
  );
}

/** Waits until a message is visible, `waitMs` is over, or the signal fires. */
async function receive(
  store: MessageStore,
  name: QueueName,
  shared: Shared,
  options: ReceiveOptions,
): Promise<readonly QueueMessage[]> {
  const { clock, bell, inHand, maxReceiveCount = MAX_RECEIVE_COUNT } = shared;
  const until = clock.monotonic() + options.waitMs;
  while (!options.signal?.aborted) {
    const now = clock.now();
    const messages = step(name, shared, () =>
      store.take({ max: options.max, visibilityMs: options.visibilityMs, now, maxReceiveCount }),
    );
    const left = until - clock.monotonic();
    if (messages.length > 0 || left <= 0) return messages;
    const visible = step(name, shared, () => store.nextVisible(now)) - now;
    await bell.wait(name, Math.max(1, Math.min(left, visible, inHand.untilNext())), options.signal);
  }
  return [];
}

function createQueue(store: MessageStore, name: QueueName, shared: Shared): Queue {
  const { clock, bell } = shared;
  return {
    name,
    send: async (message) => {
      checkSize(name, message);
      const tokens = {
        group: queueToken(message.group),
        deduplicationId: queueToken(message.deduplicationId),
      };
      step(name, shared, () =>
        store.put({ ...tokens, body: message.body, id: shared.id() }, clock.now()),
      );
      bell.ring(name);
    },
    receive: (options) => receive(store, name, shared, options),
    delete: async (receipt) => {
      if (!step(name, shared, () => store.remove(receipt, clock.now()))) throw lost(name);
      // The other messages of the group may have waited for this one.
      bell.ring(name);
    },
    changeVisibility: async (receipt, visibility) => {
      const now = clock.now();
      if (
        !step(name, shared, () => store.hide(receipt, Math.min(visibility, LONGEST_HIDDEN_MS), now))
      )
        throw lost(name);
      bell.ring(name);
    },
    depth: async (group) => step(name, shared, () => store.depth(clock.now(), group)),
  };
}

/** Opens or creates the queue file. */
export function createSqliteQueues(options: SqliteQueuesOptions): Queues {
  const database = openDatabase(options.path);
  const { clock, poll = 50 } = options;
  const inHand = createInHand(clock, LONGEST_HIDDEN_MS);
  const bell = createWakeUp({ clock, poll, changed: createChangeDetector(database, clock) });
  const stopListening = listenToWrites(options.path, bell);
  const shared: Shared = {
    ...options,
    bell,
    inHand,
    closed: () => !database.isOpen,
  };
  const stores = { receiptId: options.id, inHand, steady: createSteadiness(clock) };
  const queues = new Map<QueueName, Queue>();
  return {
    queue: (name) => {
      const queue =
        queues.get(name) ?? createQueue(new MessageStore(database, name, stores), name, shared);
      queues.set(name, queue);
      return queue;
    },
    close: async () => {
      stopListening();
      if (database.isOpen) database.close();
      for (const name of queues.keys()) shared.bell.ring(name);
    },
  };
}
