/** Earlier attempts of messages in flight, as far as this process made them, for dead letters. */
import type { Attempt } from '../../shared/queue/dead-letter.ts';

/** Remembers failed attempts by message id. */
export interface Attempts {
  /** In order of time; called once for each failed try. */
  add(messageId: string, ...attempts: readonly Attempt[]): void;
  /** Empty if this process made none. */
  of(messageId: string): readonly Attempt[];
  /** Call when the message is done, so that memory does not grow. */
  forget(messageId: string): void;
}

/** Maximum number of messages; the oldest is dropped first. */
const MAX_MESSAGES = 1_000;
/** Maximum number of attempts per message; the newest are kept. */
const MAX_ATTEMPTS_PER_MESSAGE = 20;

/** Keeps attempts in memory only; another process does not know them. */
export function createAttempts(): Attempts {
  const known = new Map<string, readonly Attempt[]>();
  return {
    add: (messageId, ...attempts) => {
      known.set(
        messageId,
        [...(known.get(messageId) ?? []), ...attempts].slice(-MAX_ATTEMPTS_PER_MESSAGE),
      );
      const [oldest] = known.keys();
      if (known.size > MAX_MESSAGES && oldest !== undefined) known.delete(oldest);
    },
    of: (messageId) => known.get(messageId) ?? [],
    forget: (messageId) => void known.delete(messageId),
  };
}
