import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;
/** Much longer than any step takes: it only ends a test that would otherwise hang. */
const LIMIT_MS = 90_000;

/**
 * Repeats the check until its result is neither undefined nor false; the error at the time limit
 * names what was waited for.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  why: () => string = () => '',
): Promise<Exclude<T, undefined | false>> {
  const end = Date.now() + LIMIT_MS;
  while (Date.now() < end) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>;
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`waited in vain for: ${what}\n${why()}`);
}
