/** One virtual clock for a whole world: time passes only when nothing else is left to do. */
import type { Clock } from '../../../shared/runtime/clock.ts';

/** Work that is due at a time. */
interface Due {
  readonly at: number;
  readonly run: () => void;
  isOff: boolean;
}

/** A clock that also calls. */
export interface TimedClock extends Clock {
  /** Calls `run` after `ms`, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

/** A clock with many sleepers. */
export interface RigClock extends TimedClock {
  /** Lets time pass: wakes whoever is due, in the order of their times, and runs what they start. */
  pass(ms: number): Promise<void>;
  /** Sets the wall clock; no time passes. */
  step(ms: number): void;
}

/** More wake-ups at one moment are a loop. */
const MOST_TURNS = 2_000;

/** Runs everything that does not wait for time: promises are done before the next turn. */
export function idle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** `start`: milliseconds since 1970. */
export function rigClock(start = Date.UTC(2026, 0, 1)): RigClock {
  let now = start;
  let set = 0;
  const heap = new TimeHeap();
  const after = (ms: number, run: () => void): (() => void) => {
    const due: Due = { at: now + Math.max(0, ms), run, isOff: false };
    heap.push(due);
    return () => {
      due.isOff = true;
    };
  };
  return {
    now: () => now + set,
    monotonic: () => now,
    after,
    sleep: (ms, signal) => sleep(after, ms, signal),
    pass: async (ms) => {
      const end = now + ms;
      await idle();
      let turns = 0;
      for (let at = heap.first(); at !== undefined && at <= end; at = heap.first()) {
        turns = at > now ? 0 : turns + 1;
        if (turns > MOST_TURNS)
          throw new Error('something runs again and again, and no time passes');
        now = Math.max(now, at);
        while (heap.first() === at) heap.pop()?.run();
        await idle();
      }
      now = end;
    },
    step: (ms) => {
      set += ms;
    },
  };
}

function sleep(after: RigClock['after'], ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = after(ms, wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

/** A binary heap by time; of those with one time, the first that came is the first that goes. */
class TimeHeap {
  readonly #items: { readonly due: Due; readonly turn: number }[] = [];
  #turns = 0;

  first(): number | undefined {
    for (;;) {
      const top = this.#items[0]?.due;
      if (top?.isOff !== true) return top?.at;
      this.#take();
    }
  }

  push(due: Due): void {
    const items = this.#items;
    items.push({ due, turn: ++this.#turns });
    for (let at = items.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (this.#isBefore(above, at)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): Due | undefined {
    return this.first() === undefined ? undefined : this.#take();
  }

  #take(): Due | undefined {
    const items = this.#items;
    const top = items[0]?.due;
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    items[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < items.length && this.#isBefore(left, least)) least = left;
      if (right < items.length && this.#isBefore(right, least)) least = right;
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#items[a]!, this.#items[b]!];
    return one.due.at < other.due.at || (one.due.at === other.due.at && one.turn < other.turn);
  }

  #swap(a: number, b: number): void {
    const items = this.#items;
    [items[a], items[b]] = [items[b]!, items[a]!];
  }
}
