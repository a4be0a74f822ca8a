/**
 * Tries of express at a device that does not answer, counted over all processes that share the
 * failure store (decision 37). Lost without harm: each process has a breaker of its own.
 */
import * as z from 'zod';
import type { Runtime } from '../host/runtime.ts';
import { stillHolds } from '../runtime/clock.ts';
import type { Blobs } from './blobs.ts';
import { digest } from './identity.ts';
import { createOptionalWrites } from './optional-writes.ts';
import { readJson } from './read.ts';
import { isAbandoned } from './waiting/away.ts';
import type { WaitingPlace } from './waiting/place.ts';

const TriesBlob = z.object({
  format: z.literal(1),
  device: z.string(),
  /** Milliseconds since 1970 of the last one. */
  at: z.int().nonnegative(),
  /** One after the other, without an answer. */
  count: z.int().positive(),
});
type Tries = Readonly<z.infer<typeof TriesBlob>>;

/** All reject with a ReplayError RPL700 if the storage is unavailable. */
export interface TryStore {
  /** Undefined: none, or a blob that cannot be read. */
  of(device: string): Promise<Tries | undefined>;
  /** One more try in vain. */
  note(device: string): Promise<void>;
  /** The device answers. */
  clear(device: string): Promise<void>;
}

/** Milliseconds after which tries no longer belong together. */
const TOGETHER_MS = 60_000;

/** Keeps the tries in blobs below `tries/`. `now`: milliseconds since 1970. */
export function createTryStore(blobs: Blobs, now: () => number): TryStore {
  const keyOf = (device: string): string => `tries/${digest(device).slice(0, 16)}.json`;
  const of = async (device: string): Promise<Tries | undefined> => {
    const blob = await blobs.get(keyOf(device));
    return TriesBlob.safeParse(readJson(blob?.text ?? '')).data;
  };
  return {
    of,
    // Two at once count as one: they were made at the same time.
    note: async (device) => {
      const before = await of(device);
      const at = now();
      const isNext = before !== undefined && Math.abs(at - before.at) < TOGETHER_MS;
      const count = isNext ? Math.min(before.count + 1, 1_000) : 1;
      const next: Tries = { format: 1, device, at, count };
      await blobs.put(keyOf(device), JSON.stringify(next));
    },
    clear: (device) => blobs.delete(keyOf(device)),
  };
}

/** What the processes tell each other before and after they try a device. */
export interface SharedTries {
  /** Milliseconds for which no process tries it; 0: it may be tried. Never rejects. */
  pause(device: string): Promise<number>;
  /** The device did not answer. Never rejects. */
  failed(device: string): Promise<void>;
  /** The device answered. Never rejects. */
  reached(device: string): Promise<void>;
}

/** Milliseconds between two tries: doubled after each, up to six a minute. */
const PAUSE_MS = { first: 1_000, longest: 10_000 } as const;
/** Milliseconds for which a device counts as reachable after it was reached. */
const NEAR_MS = 60_000;
/** Milliseconds; what is tried is worth nothing after a minute. */
const PATIENCE_MS = 1_000;

/** `open` is called on first use. Without an answer of the store, a device is tried. */
export function createSharedTries(
  runtime: Pick<Runtime, 'clock' | 'log' | 'dryRun'>,
  open: () => Promise<{
    readonly tries: TryStore;
    readonly waiting: Pick<WaitingPlace, 'mark'>;
  }>,
): SharedTries {
  const { clock } = runtime;
  /** By device: when this process last reached it, monotonic. */
  const near = new Map<string, number>();
  /** Devices with tries in the store, as far as this process knows. */
  const noted = new Set<string>();
  const ifPossible = createOptionalWrites(
    runtime,
    'the failure store does not count tries of all processes; express counts its own',
    PATIENCE_MS,
  );
  return {
    pause: async (device) => {
      if (clock.monotonic() - (near.get(device) ?? -Infinity) < NEAR_MS) return 0;
      let pause = 0;
      await ifPossible({ device }, async () => {
        const { tries, waiting } = await open();
        const [mark, tried] = await Promise.all([waiting.mark(device), tries.of(device)]);
        if (tried !== undefined) noted.add(device);
        const now = clock.now();
        const isAway = mark?.state === 'away' && !isAbandoned(mark, now);
        pause = isAway ? PAUSE_MS.longest : pauseAfter(tried, now);
      });
      return pause;
    },
    failed: async (device) => {
      near.delete(device);
      noted.add(device);
      await ifPossible({ device }, async () => (await open()).tries.note(device));
    },
    reached: async (device) => {
      near.set(device, clock.monotonic());
      if (!noted.delete(device)) return;
      await ifPossible({ device }, async () => (await open()).tries.clear(device));
    },
  };
}

/** Milliseconds until the next try is due. */
function pauseAfter(tried: Tries | undefined, now: number): number {
  if (tried === undefined) return 0;
  const pause = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.min(tried.count - 1, 10));
  const due = tried.at + pause;
  return stillHolds(due, now, pause) ? due - now : 0;
}
