/** The queue port on PostgreSQL. Nothing is locked or held open while a handler works. */
import type { Database } from '../../postgres/database.ts';
import { POSTGRES_REMEDIES, postgresFault, postgresMessage } from '../../postgres/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import {
  checkSize,
  deadQueueOf,
  LONGEST_HIDDEN_MS,
  MAX_RECEIVE_COUNT,
  queueToken,
} from '../limits.ts';
import { QueueError } from '../port.ts';
import type {
  Queue,
  QueueDepth,
  QueueMessage,
  QueueName,
  Queues,
  ReceiveOptions,
} from '../port.ts';
import { createHints } from './hints.ts';
import type { Hints } from './hints.ts';
import { createTidying } from './tidying.ts';
import type { Tidying } from './tidying.ts';

/** The opened database, and how often it is asked. */
export interface PostgresQueuesOptions {
  readonly database: Database;
  /** Location of the database, for messages. */
  readonly where: string;
  /** Schema of the tables. */
  readonly schema: string;
  /** For waiting; times in the database are its own. */
  readonly clock: Clock;
  /** Receives after which a message goes to the dead letters, as SQS counts them. */
  readonly maxReceiveCount?: number;
}

interface Shared extends PostgresQueuesOptions {
  readonly hints: Hints;
  readonly tidying: Tidying;
  readonly over: AbortSignal;
}

/** Milliseconds between two looks without a hint. */
const POLL_MS = 500;

const CODES = {
  away: 'Q601',
  denied: 'Q602',
  missing: 'Q603',
  certificate: 'Q601',
  told: 'Q601',
} as const;

interface Row {
  readonly id: string;
  readonly receipt: string;
  readonly grp: string;
  readonly dedup: string;
  readonly body: string;
  readonly sender: string;
  readonly receive_count: number;
  /** Milliseconds since 1970. */
  readonly sent_at: number;
}

function toMessage(row: Row): QueueMessage {
  return {
    id: row.id,
    receipt: row.receipt,
    group: row.grp,
    deduplicationId: row.dedup,
    body: row.body,
    receiveCount: row.receive_count,
    sentAt: row.sent_at,
    sender: row.sender,
    // The queue replaces the sender's deduplication id only in messages that it moved here.
    ...(row.dedup === row.id ? { redriven: true as const } : {}),
  };
}

function closed(name: QueueName): QueueError {
  return new QueueError('Q601', `Queue ${name} is closed: the process is stopping.`);
}

/** Errors of the server and of the connection get codes. */
async function step<T>(name: QueueName, shared: Shared, work: () => Promise<T>): Promise<T> {
  if (shared.over.aborted) throw closed(name);
  try {
    return await work();
  } catch (error) {
    const fault = postgresFault(error);
    throw new QueueError(
      CODES[fault],
      `Queue ${name} in ${shared.where} cannot be used (${postgresMessage(error)}). ` +
        POSTGRES_REMEDIES[fault],
      { cause: error },
    );
  }
}

/** Calls a function that returns false if the receipt is not of a message in flight. */
async function settle(
  name: QueueName,
  shared: Shared,
  call: { readonly text: string; readonly values: readonly unknown[] },
): Promise<void> {
  const [row] = await step(name, shared, () =>
    shared.database.call<{ held: boolean }>(`SELECT ${call.text} AS held`, call.values),
  );
  if (row?.held !== true)
    throw new QueueError(
      'Q605',
      `The receipt does not belong to a message in flight in queue ${name}: ` +
        'its visibility timeout ended, or it was deleted. ' +
        'Process the message when it is received again.',
    );
  // The other messages of the group may have waited for this one.
  shared.hints.ring(name);
}

async function take(
  name: QueueName,
  shared: Shared,
  { max, visibilityMs }: ReceiveOptions,
): Promise<readonly QueueMessage[]> {
  const { database, tidying, maxReceiveCount = MAX_RECEIVE_COUNT } = shared;
  const dead = deadQueueOf(name) ?? null;
  const rows = await step(name, shared, async () => {
    await tidying.tidy(name);
    return database.call<Row & { readonly seq: string }>(
      'SELECT * FROM $schema.receive($1, $2, $3, $4, $5)',
      [name, max, visibilityMs, maxReceiveCount, dead],
    );
  });
  return rows.map(toMessage);
}

/** Waits until a message is free, `waitMs` is over, or the signal fires. */
async function receive(
  name: QueueName,
  shared: Shared,
  options: ReceiveOptions,
): Promise<readonly QueueMessage[]> {
  const { clock, hints } = shared;
  const until = clock.monotonic() + options.waitMs;
  while (!options.signal?.aborted) {
    const seen = hints.count(name);
    const messages = await take(name, shared, options);
    const left = until - clock.monotonic();
    if (messages.length > 0 || left <= 0) return messages;
    await hints.wait(name, seen, {
      ms: Math.min(left, POLL_MS),
      signal: options.signal,
    });
  }
  return [];
}

function createQueue(name: QueueName, shared: Shared): Queue {
  const { database, hints } = shared;
  return {
    name,
    send: async (message) => {
      checkSize(name, message);
      const tokens = [queueToken(message.group), queueToken(message.deduplicationId)];
      await step(name, shared, () =>
        database.call('SELECT $schema.send($1, $2, $3, $4)', [name, ...tokens, message.body]),
      );
      hints.ring(name);
    },
    receive: (options) => receive(name, shared, options),
    delete: (receipt) =>
      settle(name, shared, { text: '$schema.remove($1, $2)', values: [name, receipt] }),
    changeVisibility: (receipt, visibility) =>
      settle(name, shared, {
        text: '$schema.hide($1, $2, $3)',
        values: [name, receipt, Math.min(visibility, LONGEST_HIDDEN_MS)],
      }),
    depth: (group) => step(name, shared, () => readDepth(database, name, group)),
  };
}

async function readDepth(
  database: Database,
  name: QueueName,
  group: string | undefined,
): Promise<QueueDepth> {
  const [row] = await database.call<{ total: number; flying: number; oldest: number | null }>(
    'SELECT * FROM $schema.depth($1, $2)',
    [name, group === undefined ? null : queueToken(group)],
  );
  const { total = 0, flying = 0, oldest = null } = row ?? {};
  return { waiting: total - flying, inFlight: flying, ...(oldest === null ? {} : { oldest }) };
}

/** Connects with the first call. `close` closes the database, too. */
export function createPostgresQueues(options: PostgresQueuesOptions): Queues {
  const { database, clock, schema } = options;
  const over = new AbortController();
  const hints = createHints(clock);
  const shared: Shared = {
    ...options,
    hints,
    tidying: createTidying(database, clock),
    over: over.signal,
  };
  const queues = new Map<QueueName, Queue>();
  let listening = false;
  const listen = (): void => {
    if (!listening) database.listen(`${schema}_queue`, (name) => hints.ring(name));
    listening = true;
  };
  return {
    queue: (name) => {
      const queue = queues.get(name) ?? createQueue(name, shared);
      queues.set(name, queue);
      return {
        ...queue,
        receive: (wanted) => {
          if (wanted.waitMs > 0) listen();
          return queue.receive(wanted);
        },
      };
    },
    close: async () => {
      if (over.signal.aborted) return;
      over.abort();
      for (const name of queues.keys()) hints.ring(name);
      await database.close();
    },
  };
}
