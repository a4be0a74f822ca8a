/** How much the device is asked to do in one declare: less after it said that it was too much, and more again with time. */
import { MAX_SCRIPT_LINES } from '../../shared/domain/plan/steps.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

export interface Pace {
  /** Lines of AS3's script. */
  most(): number;
  slower(): void;
}

/** The least is about one exposure. */
const LEAST = 5;
/** Milliseconds. To try more costs the device more than 30 s when it still is too much, so that is done seldom. */
const LESSON = 60 * 60_000;

/** For one device, as long as the process lives. */
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
