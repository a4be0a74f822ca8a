/**
 * Messages received by this process and their deadlines, by its monotonic clock. The file has only
 * wall-clock times, and a step of the wall clock would redeliver messages in progress, or hide them
 * for the length of the step.
 */
import type { Clock } from '../../runtime/clock.ts';

/** Receipts of messages that this process received and has not finished. */
export interface InHand {
  hold(receipt: string, ms: number): void;
  forget(receipt: string): void;
  /** Undefined if this process does not know the receipt. */
  has(receipt: string): boolean | undefined;
  /** Milliseconds until the next deadline; infinite if nothing is held. */
  untilNext(): number;
  /** Receipts that are held and receipts that have expired, as JSON lists for the database. */
  lists(): { readonly held: string; readonly over: string };
}

/** `remembered`: milliseconds for which an expired receipt is still known. */
export function createInHand({ monotonic }: Pick<Clock, 'monotonic'>, remembered: number): InHand {
  const until = new Map<string, number>();
  return {
    hold: (receipt, ms) => void until.set(receipt, monotonic() + ms),
    forget: (receipt) => void until.delete(receipt),
    has: (receipt) => {
      const end = until.get(receipt);
      return end === undefined ? undefined : end > monotonic();
    },
    untilNext: () => {
      const now = monotonic();
      return Math.min(
        Number.POSITIVE_INFINITY,
        ...[...until.values()].filter((end) => end > now).map((end) => end - now),
      );
    },
    lists: () => {
      const now = monotonic();
      for (const [receipt, end] of until) if (end + remembered <= now) until.delete(receipt);
      const of = (held: boolean): string =>
        JSON.stringify(
          [...until].filter(([, end]) => end > now === held).map(([receipt]) => receipt),
        );
      return { held: of(true), over: of(false) };
    },
  };
}
