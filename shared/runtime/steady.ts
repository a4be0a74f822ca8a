import { momentOf } from './moment.ts';
import type { Clock } from './clock.ts';

/** Milliseconds. Clocks that are wrong at boot are set within minutes. */
const LONG_ENOUGH = 60 * 60_000;
const STEP = 60_000;

/** Whether nobody set the wall clock for an hour, as far as this process has seen: what deletes by age waits for that. */
export function createSteadiness(clock: Pick<Clock, 'now' | 'monotonic'>): () => boolean {
  let since = momentOf(clock);
  return () => {
    const apart = clock.now() - since.now - (clock.monotonic() - since.monotonic);
    if (Math.abs(apart) > STEP) since = momentOf(clock);
    return clock.monotonic() - since.monotonic >= LONG_ENOUGH;
  };
}
