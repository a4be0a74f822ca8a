/**
 * Extends the visibility of messages during a call in short steps, so that the messages of a killed
 * process return soon, and knows which messages this process still holds.
 */
import { type Clock, type Moment, momentOf } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { FunctionContext, Returned } from './handler.ts';
import type { Queue, QueueMessage } from './port.ts';

/** Visibility that is renewed while a call runs. */
export interface Leased {
  readonly queue: Queue;
  /**
   * Milliseconds of visibility, renewed while the call runs. For hosts that may be killed
   * themselves. On Lambda the visibility timeout exceeds the function timeout instead.
   */
  readonly lease?: number;
  /** Milliseconds for which a received message is hidden without a lease. */
  readonly visibilityMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** This process no longer holds its messages, so another one may handle them already. */
export class LeaseLost extends Error {
  constructor() {
    super('the lease of the messages ended during a stall; they are handled when they come again');
    this.name = 'LeaseLost';
  }
}

/** Throws `LeaseLost` unless this process still holds the messages. Call before each write. */
export async function proveLease(
  { holds }: Pick<FunctionContext, 'holds'>,
  messages: readonly Pick<QueueMessage, 'id'>[],
): Promise<void> {
  if (holds !== undefined && !(await holds(messages.map(({ id }) => id)))) throw new LeaseLost();
}

/**
 * Returns a message to its queue, to be received again after `ms`. If it rejects, the message comes
 * again later.
 */
export async function giveBack(
  queue: Pick<Queue, 'changeVisibility'>,
  context: Pick<FunctionContext, 'giveBack'>,
  message: Returned,
  ms: number,
): Promise<void> {
  await (context.giveBack === undefined
    ? queue.changeVisibility(message.receipt, ms)
    : context.giveBack(message, ms));
}

/** A message that this process received and has not finished. */
interface Hold {
  /** Another receive makes the last receipt invalid. */
  receipt: string;
  receiveCount: number;
  /** No other process can receive it until a lease after this. */
  since: Moment;
  /** Changes if another process may have had the message in between. */
  tenure: symbol;
  /** The last request that renewed it. */
  renewal?: Promise<void>;
}

/** The messages of one call. */
export interface CallLease {
  /**
   * Whether this process has had the messages since the call began, and keeps them for at least a
   * third of the lease. Renews them if less is left, for instance after a stall.
   */
  holds(ids: readonly string[]): Promise<boolean>;
  /**
   * Returns a message to the queue, to be received again after `ms`; it is no longer held. Nothing
   * is done if it was received again already.
   */
  giveBack(message: Returned, ms: number): Promise<void>;
  /** Ends renewing; nothing is held any more. Resolves when no renewal is under way. */
  end(): Promise<void>;
}

/** All messages that an event source has in progress. */
export class Leases {
  readonly #options: Leased;
  readonly #held = new Map<string, Hold>();

  constructor(options: Leased) {
    this.#options = options;
  }

  /** Starts to renew the messages. `asked`: before the receive that returned them. */
  begin(batch: readonly QueueMessage[], asked: Moment): CallLease {
    const mine = new Map(batch.map((message) => [message.id, this.#take(message, asked)]));
    const over = new AbortController();
    const renewing = this.#renewUntil(batch, over.signal);
    return {
      holds: async (ids) => {
        const held = await Promise.all(ids.map((id) => this.#isHeld(id, mine.get(id))));
        return !over.signal.aborted && held.every(Boolean);
      },
      giveBack: (message, ms) => this.#giveBack(message, ms),
      end: async () => {
        over.abort();
        await renewing;
      },
    };
  }

  /** The receipt with which a message can be renewed and deleted now. */
  receiptOf({ id, receipt }: QueueMessage): string {
    return this.#held.get(id)?.receipt ?? receipt;
  }

  /** Forgets messages of a call that has ended, unless they were received again since. */
  forget(batch: readonly QueueMessage[]): void {
    for (const { id, receipt } of batch)
      if (this.#held.get(id)?.receipt === receipt) this.#held.delete(id);
  }

  /** Returns a message for `ms` milliseconds, unless another process has it by now. */
  async #giveBack({ id, receipt }: Returned, ms: number): Promise<void> {
    const hold = this.#held.get(id);
    if (hold?.receipt !== receipt) return;
    this.#held.delete(id);
    // A renewal under way would hide it again.
    await hold.renewal?.catch(() => undefined);
    await this.#options.queue.changeVisibility(receipt, ms);
  }

  /**
   * Notes a received message. The symbol stays the same as long as no other process had the message
   * in between.
   */
  #take({ id, receipt, receiveCount }: QueueMessage, since: Moment): symbol {
    const known = this.#held.get(id);
    // Every receive counts, so a gap means that another process had it.
    const isNext = known !== undefined && receiveCount === known.receiveCount + 1;
    const tenure = isNext ? known.tenure : Symbol(id);
    this.#held.set(id, { receipt, receiveCount, since, tenure });
    return tenure;
  }

  get #term(): number {
    return this.#options.lease ?? this.#options.visibilityMs;
  }

  /**
   * Whether this process still holds the message: certain by its own times, or after a renewal that
   * succeeded.
   */
  async #isHeld(id: string, tenure: symbol | undefined): Promise<boolean> {
    const hold = this.#held.get(id);
    if (hold === undefined || hold.tenure !== tenure) return false;
    if (this.#isCertain(hold)) return true;
    await this.#renew(hold).catch(() => undefined);
    return this.#held.get(id)?.tenure === tenure && this.#isCertain(hold);
  }

  /** Whether enough of the lease is left for a write, which cannot be taken back. */
  #isCertain({ since }: Hold): boolean {
    const { lease = 0, clock } = this.#options;
    const { now, monotonic } = momentOf(clock);
    const spent = Math.max(now - since.now, monotonic - since.monotonic);
    return this.#term - spent > lease / 3;
  }

  /** Rejects if the receipt is no longer valid, or the queue does not answer. */
  async #renew(hold: Hold): Promise<void> {
    const { queue, clock } = this.#options;
    // The queue counts from a moment between the request and its answer.
    const since = momentOf(clock);
    hold.renewal = queue.changeVisibility(hold.receipt, this.#term);
    await hold.renewal;
    hold.since = since;
  }

  /** Renews at a third of the lease; a failed renewal is retried at the next step. */
  async #renewUntil(batch: readonly QueueMessage[], over: AbortSignal): Promise<void> {
    const { queue, lease, clock, log } = this.#options;
    if (lease === undefined) return;
    for (;;) {
      await clock.sleep(lease / 3, over);
      if (over.aborted) return;
      const renewals = await Promise.allSettled(
        batch.flatMap(({ id }) => this.#held.get(id) ?? []).map((hold) => this.#renew(hold)),
      );
      const lost = renewals.filter((r) => r.status === 'rejected').length;
      if (lost > 0)
        log.warn(
          { queue: queue.name, lost },
          'the visibility of a message in progress could not be extended; another receiver may get it too',
        );
    }
  }
}
