/**
 * Finds messages that may have crashed a process. The queue only reports the number of receives; an
 * earlier receive that neither finished nor returned the message makes it suspect. Receives that
 * this process returned itself do not count. See decision 36.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { errorMessage } from '../telemetry/errors.ts';
import type { QueueMessage } from './port.ts';

/** Counts of handling attempts that were started alone and not finished. Survives the process. */
export interface Marks {
  /** 0 if there is no mark. */
  get(message: QueueMessage): Promise<number>;
  set(message: QueueMessage, tries: number): Promise<void>;
  clear(message: QueueMessage): Promise<void>;
  close(): Promise<void>;
}

/** What this process remembers about messages, and what is stored about earlier processes. */
export interface Suspects {
  readonly clock: Pick<Clock, 'sleep'>;
  /** It was received before, and nobody returned it. */
  isSuspect(message: QueueMessage): boolean;
  /** Records messages that a function returned for a retry. */
  gaveBack(messages: readonly QueueMessage[]): void;
  /** Number of processes that ended while they handled only this message. */
  tries(message: QueueMessage): Promise<number>;
  /** Call before the message is parsed. */
  begin(message: QueueMessage, tries: number): Promise<void>;
  /** Call when the message was handled, whatever the result. */
  end(message: QueueMessage): Promise<void>;
  close(): Promise<void>;
}

/** Maximum number of crashes of a message handled alone; after that it is not parsed again. */
export const MAX_TRIES = 3;
/** Bounds memory; the counts themselves are in the failure store. */
const MAX_REMEMBERED = 5_000;

/** The clock of retries and the log of a process. */
export interface SuspectsOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** While the counts are unavailable, suspects are still handled alone, but none is given up. */
export function createSuspects(marks: Marks, { clock, log }: SuspectsOptions): Suspects {
  const known = new Map<string, number>();
  const safely = async <T>(work: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      log.warn(
        { error: errorMessage(error) },
        'the crash counters cannot be read or written; crashes of processes are not counted',
      );
      return otherwise;
    }
  };
  return {
    clock,
    isSuspect: ({ id, receiveCount }) => receiveCount > 1 && known.get(id) !== receiveCount - 1,
    gaveBack: (messages) => {
      for (const { id, receiveCount } of messages) {
        known.delete(id);
        known.set(id, receiveCount);
        const [oldest] = known.keys();
        if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
      }
    },
    tries: (message) => safely(marks.get(message), 0),
    begin: (message, tries) => safely(marks.set(message, tries), undefined),
    end: (message) => safely(marks.clear(message), undefined),
    close: () => safely(marks.close(), undefined),
  };
}

const nothing = (): Promise<void> => Promise.resolve();

/** For messages that are not worth a retry: a suspect is given up at once. */
export const NOT_RETRIED: Marks = {
  get: () => Promise.resolve(MAX_TRIES),
  set: nothing,
  clear: nothing,
  close: nothing,
};

/** For processes that may not write counts: suspects are handled alone, and none is given up. */
export const NO_MARKS: Marks = { ...NOT_RETRIED, get: () => Promise.resolve(0) };
