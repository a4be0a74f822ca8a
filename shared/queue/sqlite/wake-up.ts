import type { Clock } from '../../runtime/clock.ts';
import type { QueueName } from '../port.ts';

/** Wakes the receivers of this process when there may be something to receive. */
export interface WakeUp {
  /** Wakes every `wait` for this queue. */
  ring(name: QueueName): void;
  /** Resolves after `ms`, or when the queue is rung, another process changed the file, or `signal` fires. */
  wait(name: QueueName, ms: number, signal?: AbortSignal): Promise<void>;
}

/** `changed` is called every `poll` milliseconds while anything waits; true wakes everything. */
export interface WakeUpOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly poll: number;
  readonly changed: () => boolean;
}

interface Waiter {
  readonly name: QueueName;
  /** By the monotonic clock. */
  readonly until: number;
  readonly wake: () => void;
}

/** One timer and one look at the file serve all receivers of the process. */
export function createWakeUp({ clock, poll, changed }: WakeUpOptions): WakeUp {
  const waiting = new Set<Waiter>();
  let running = false;
  let nextLook = 0;
  let nextAlarm = 0;
  let alarm = new AbortController();

  const wakeAll = (which: (waiter: Waiter) => boolean): void => {
    for (const waiter of [...waiting].filter(which)) waiter.wake();
  };
  const run = async (): Promise<void> => {
    running = true;
    nextLook = clock.monotonic() + poll;
    while (waiting.size > 0) {
      nextAlarm = Math.min(nextLook, ...Array.from(waiting, ({ until }) => until));
      await clock.sleep(Math.max(1, nextAlarm - clock.monotonic()), alarm.signal);
      if (alarm.signal.aborted) alarm = new AbortController();
      const now = clock.monotonic();
      if (now >= nextLook) {
        nextLook = now + poll;
        if (changed()) wakeAll(() => true);
      }
      wakeAll(({ until }) => until <= now);
    }
    running = false;
  };

  return {
    ring: (name) => wakeAll((waiter) => waiter.name === name),
    wait: (name, ms, signal) => {
      if (signal?.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter: Waiter = {
        name,
        until: clock.monotonic() + ms,
        wake: () => {
          waiting.delete(waiter);
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      // A process that stops has no timer left to wait for.
      const stop = (): void => {
        waiter.wake();
        if (waiting.size === 0) alarm.abort();
      };
      signal?.addEventListener('abort', stop, { once: true });
      waiting.add(waiter);
      if (!running) void run();
      else if (waiter.until < nextAlarm) alarm.abort();
      return promise;
    },
  };
}
