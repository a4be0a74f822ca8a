/**
 * Retries of steps without which the watcher cannot start, such as reading the UID of the cluster.
 */
import { fullJitter } from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';

/** Milliseconds between attempts. */
export const RETRY_BACKOFF_MS = { base: 500, max: 30_000 };

/** Clock, random numbers and log; injected by tests. */
export interface RetryContext {
  readonly clock: Clock;
  /** From 0 to 1, for the pauses. */
  readonly random: () => number;
  readonly log: Logger;
  /** Ends the pauses and the tries. */
  readonly signal: AbortSignal;
}

/** Retries until success; undefined if the signal fired first. */
export async function retryUntilDone<T>(
  what: string,
  action: () => Promise<T>,
  patience: RetryContext,
): Promise<T | undefined> {
  for (let attempt = 1; !patience.signal.aborted; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const pause = fullJitter(attempt, RETRY_BACKOFF_MS, patience.random);
      patience.log.warn({ error: String(error), attempt, pause }, `${what} failed; retrying`);
      await patience.clock.sleep(pause, patience.signal);
    }
  }
  return undefined;
}
