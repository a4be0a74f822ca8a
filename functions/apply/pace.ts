/**
 * Limits the size of one declare: smaller after the device was too slow, and larger again with
 * time.
 */
import { MAX_SCRIPT_LINES } from '../../shared/domain/plan/steps.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

/** The size limit of one declare, learnt from slow ones. */
export interface Pace {
  /** Maximum number of lines of AS3's script. */
  most(): number;
  slower(): void;
}

/** The minimum is about one exposure. */
const LEAST = 5;
/**
 * Milliseconds. A size that is still too large costs the device more than 30 s, so it is tried
 * rarely.
 */
const LESSON = 60 * 60_000;

/** For one device, for the lifetime of the process. */
export function createPace(clock: Pick<Clock, 'monotonic'>): Pace {
  let most: number = MAX_SCRIPT_LINES;
  let since = 0;
  return {
    most: () => {
      if (most < MAX_SCRIPT_LINES && clock.monotonic() - since >= LESSON) {
        most = Math.min(MAX_SCRIPT_LINES, most * 2);
        since = clock.monotonic();
      }
      return most;
    },
    slower: () => {
      most = Math.max(LEAST, Math.floor(most / 4));
      since = clock.monotonic();
    },
  };
}
