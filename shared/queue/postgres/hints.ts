/** Wakes receivers of this process before their next poll. */
import type { Clock } from '../../runtime/clock.ts';
import type { QueueName } from '../port.ts';

/** Number of hints so far. */
export type HintCount = number;

/** Hints that a queue may have something to receive. */
export interface Hints {
  ring(name: string): void;
  count(name: QueueName): HintCount;
  /** Resolves after `ms`, with the first hint after `seen`, or when the signal fires. */
  wait(
    name: QueueName,
    seen: HintCount,
    limits: { readonly ms: number; readonly signal: AbortSignal | undefined },
  ): Promise<void>;
}

/**
 * A hint between a look and the wait for the next one is not missed, because they are counted. Only
 * for names that a receiver asked for: every role of the database may notify, with any text.
 */
export function createHints(clock: Pick<Clock, 'sleep'>): Hints {
  const counts = new Map<string, HintCount>();
  const sleepers = new Map<AbortController, QueueName>();
  const count = (name: QueueName): HintCount => {
    const known = counts.get(name) ?? 0;
    counts.set(name, known);
    return known;
  };
  return {
    count,
    ring: (name) => {
      const known = counts.get(name);
      if (known === undefined) return;
      counts.set(name, known + 1);
      for (const [sleeper, of] of sleepers) if (of === name) sleeper.abort();
    },
    wait: async (name, seen, { ms, signal }) => {
      if (count(name) !== seen || signal?.aborted) return;
      const sleeper = new AbortController();
      const wake = (): void => sleeper.abort();
      sleepers.set(sleeper, name);
      signal?.addEventListener('abort', wake, { once: true });
      await clock.sleep(ms, sleeper.signal);
      signal?.removeEventListener('abort', wake);
      sleepers.delete(sleeper);
    },
  };
}
