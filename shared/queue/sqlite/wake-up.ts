import type { Clock } from '../../runtime/clock.ts';
import type { QueueName } from '../port.ts';

/** Wakes the receivers of this process before their next poll. */
export interface WakeUp {
  ring(name: QueueName): void;
  wait(name: QueueName, ms: number, signal?: AbortSignal): Promise<void>;
}

/** `ring` wakes every `wait` for the same queue. */
export function createWakeUp(clock: Clock): WakeUp {
  const waiting = new Map<QueueName, Set<AbortController>>();
  return {
    ring: (name) => {
      for (const sleeper of waiting.get(name) ?? []) sleeper.abort();
    },
    wait: async (name, ms, signal) => {
      const sleeper = new AbortController();
      const wake = (): void => sleeper.abort();
      const all = waiting.get(name) ?? new Set<AbortController>();
      waiting.set(name, all.add(sleeper));
      // A separate listener, because AbortSignal.any would add one per poll to a signal that lives
      // as long as the process.
      signal?.addEventListener('abort', wake, { once: true });
      try {
        if (!signal?.aborted) await clock.sleep(ms, sleeper.signal);
      } finally {
        all.delete(sleeper);
        signal?.removeEventListener('abort', wake);
      }
    },
  };
}
