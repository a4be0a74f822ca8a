/** Removes what is no longer needed: old deduplication ids, empty groups, expired messages. */
import type { Database } from '../../postgres/database.ts';
import { createSteadiness } from '../../runtime/clock.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { QueueName } from '../port.ts';

/** Milliseconds between two times of one queue. */
const EVERY_MS = 60_000;

/** Of all queues that this process receives from. */
export interface Tidying {
  /** Does nothing if the queue's turn has not come. */
  tidy(name: QueueName): Promise<void>;
}

/**
 * Messages expire only if the database's clock was steady for an hour, as far as this process
 * observed: a standby that takes over may have another time.
 */
export function createTidying(database: Database, clock: Pick<Clock, 'monotonic'>): Tidying {
  const last = new Map<QueueName, number>();
  let databaseTime = 0;
  let steady: (() => boolean) | undefined;
  const isSteady = (): boolean => {
    steady ??= createSteadiness({ now: () => databaseTime, monotonic: clock.monotonic });
    return steady();
  };
  const readTime = async (): Promise<void> => {
    const [row] = await database.call<{ at: number }>(
      'SELECT $schema.ms($schema.present()) AS at',
      [],
    );
    databaseTime = row?.at ?? 0;
  };
  return {
    tidy: async (name) => {
      const now = clock.monotonic();
      if (now - (last.get(name) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
      last.set(name, now);
      await readTime();
      await database.call('SELECT $schema.tidy($1, $2)', [name, isSteady()]);
    },
  };
}
