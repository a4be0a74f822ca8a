/** Bounds what anybody can write into the audit log by doing the same again and again. */
import type { Clock } from '../../shared/runtime/clock.ts';

/** Milliseconds between two entries. */
const PAUSE_MS = 60_000;
/** Bounds memory: names of refused logins come from strangers. */
const MAX_NAMES = 1_000;

/** 0: no entry now; otherwise how often it happened since the last entry. */
export type Rarely = (name: string) => number;

/** One process writes at most one entry in a minute for each name. */
export function createRarely({ monotonic }: Pick<Clock, 'monotonic'>): Rarely {
  const known = new Map<string, { readonly due: number; count: number }>();
  return (name) => {
    const now = monotonic();
    if (known.size >= MAX_NAMES)
      for (const [other, { due }] of known) if (due <= now) known.delete(other);
    const before = known.get(name);
    if (before === undefined && known.size >= MAX_NAMES) return 0;
    if (before !== undefined && now < before.due) {
      before.count += 1;
      return 0;
    }
    known.set(name, { due: now + PAUSE_MS, count: 0 });
    return (before?.count ?? 0) + 1;
  };
}

/** The result of an entry that stands for several: `failed`, or `failed 4 times since …`. */
export function timesInWords(result: string, count: number): string {
  return count === 1 ? result : `${result} ${count} times since the last entry`;
}
