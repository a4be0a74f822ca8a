/** Queues that refuse calls for a while, as a server does that is away or out of quota. */
import { QueueError, type QueueName } from '../../../shared/queue/port.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { QueueCall } from './queues.ts';

/** Which calls are refused; the others work. */
export type Refused = 'all' | QueueCall;

export interface QueueOutages {
  /** Refuses calls of the queue for so many milliseconds from now on. */
  readonly begin: (name: QueueName, ms: number, calls?: Refused) => void;
  /** Everything answers again. */
  readonly end: () => void;
  /** Throws Q601 if the call is refused now; as `before` of the queues in memory. */
  readonly before: (call: QueueCall, name: QueueName) => void;
}

/** A later outage of the same calls replaces an earlier one. */
export function queueOutages(clock: Pick<Clock, 'monotonic'>): QueueOutages {
  /** Until when, by queue and calls. */
  const until = new Map<string, number>();
  return {
    begin: (name, ms, calls = 'all') => void until.set(`${name} ${calls}`, clock.monotonic() + ms),
    end: () => until.clear(),
    before: (call, name) => {
      const ends = [until.get(`${name} all`) ?? 0, until.get(`${name} ${call}`) ?? 0];
      if (Math.max(...ends) > clock.monotonic())
        throw new QueueError('Q601', `${name} does not answer`);
    },
  };
}
