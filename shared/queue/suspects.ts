/**
 * Messages that may have killed a process. The queue only says how often it gave one out; an earlier time that ended without a word is
 * suspicious. What this process gave back itself is not. Decision 0036.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { errorMessage } from '../telemetry/errors.ts';
import type { QueueMessage } from './port.ts';

/** How often a message was taken up alone and not put down again; outlives the process. */
export interface Marks {
  get(message: QueueMessage): Promise<number>;
  set(message: QueueMessage, tries: number): Promise<void>;
  clear(message: QueueMessage): Promise<void>;
  close(): Promise<void>;
}

export interface Suspects {
  readonly clock: Pick<Clock, 'sleep'>;
  isSuspect(message: QueueMessage): boolean;
  /** They come again because a function said so. */
  gaveBack(messages: readonly QueueMessage[]): void;
  /** Processes that ended while they worked on this message alone. */
  tries(message: QueueMessage): Promise<number>;
  /** To be called before it is read. */
  begin(message: QueueMessage, tries: number): Promise<void>;
  end(message: QueueMessage): Promise<void>;
  close(): Promise<void>;
}

/** So many processes may die of a message alone; the next one does not read it. */
export const MOST_TRIES = 3;
const REMEMBERED = 5_000;

export interface SuspectsOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** While the marks cannot be had, suspects are still handled alone, and nobody is given up. */
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
        if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
      }
    },
    tries: (message) => safely(marks.get(message), 0),
    begin: (message, tries) => safely(marks.set(message, tries), undefined),
    end: (message) => safely(marks.clear(message), undefined),
    close: () => safely(marks.close(), undefined),
  };
}

const nothing = (): Promise<void> => Promise.resolve();

/** For what is not worth a second try: a suspect is given up at once. */
export const UNWORTHY: Marks = {
  get: () => Promise.resolve(MOST_TRIES),
  set: nothing,
  clear: nothing,
  close: nothing,
};

/** For who may write nothing down: suspects are handled alone, and nobody is given up. */
export const NO_MARKS: Marks = { ...UNWORTHY, get: () => Promise.resolve(0) };
