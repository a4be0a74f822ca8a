/** System clock, ids and random numbers of a real process. */
import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Resolves after `ms` milliseconds or at the signal; never rejects. */
function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted) return Promise.resolve();
  const wake = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', wake);
    resolve();
  };
  const timer = setTimeout(wake, ms);
  signal?.addEventListener('abort', wake, { once: true });
  return promise;
}

/** `monotonic` is rounded to whole milliseconds. */
export const processClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.round(performance.now()),
  sleep,
};

/** A random UUID. */
export function processId(): string {
  return randomUUID();
}

/** At least 0 and less than 1. */
export function processRandom(): number {
  return Math.random();
}
