/**
 * What this process has received, and until when, by its monotonic clock. The file has only the wall clock to go by, which may be set:
 * ahead, and a message in hand would be given to a twin; back, and it would stay hidden for as long as the step was.
 */
import type { Clock } from '../../runtime/clock.ts';

export interface InHand {
  hold(receipt: string, ms: number): void;
  forget(receipt: string): void;
  /** Undefined where this process does not know. */
  has(receipt: string): boolean | undefined;
  /** Receipts that are held, and those whose time is over; JSON lists, for the database. */
  lists(): { readonly held: string; readonly over: string };
}

export function createInHand({ monotonic }: Pick<Clock, 'monotonic'>, remembered: number): InHand {
  const until = new Map<string, number>();
  return {
    hold: (receipt, ms) => void until.set(receipt, monotonic() + ms),
    forget: (receipt) => void until.delete(receipt),
    has: (receipt) => {
      const end = until.get(receipt);
      return end === undefined ? undefined : end > monotonic();
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
