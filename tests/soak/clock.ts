/**
 * The clock of the whole site, which can be moved: the lab reads it directly, and each process
 * through a file of its own, so that one of them can also be wrong.
 */
import { writeFileSync } from 'node:fs';
import { processClock } from '../../shared/runtime/process.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

export interface SiteClock extends Clock {
  /** Milliseconds by which it is ahead of the real time. */
  ahead(): number;
  /** Lets this time pass for the lab and all processes, on their monotonic clocks too. */
  advance(ms: number): void;
  /** Adds an error to the wall clock of the process with this file. */
  err(file: string, ms: number): void;
  /** Registers the file of a process; `wake` makes the running process read it. */
  follow(file: string, wake: () => void): void;
}

export function createSiteClock(): SiteClock {
  let ahead = 0;
  const followers = new Map<string, { error: number; readonly wake: () => void }>();
  const tell = (file: string): void => {
    const follower = followers.get(file);
    if (follower === undefined) return;
    writeFileSync(file, `${ahead + follower.error} ${ahead}`);
    follower.wake();
  };
  return {
    ...processClock,
    now: () => Date.now() + ahead,
    ahead: () => ahead,
    advance: (ms) => {
      ahead += Math.round(ms);
      for (const file of followers.keys()) tell(file);
    },
    err: (file, ms) => {
      const follower = followers.get(file);
      // As the real one, it has whole milliseconds.
      if (follower !== undefined) follower.error = Math.round(ms);
      tell(file);
    },
    follow: (file, wake) => {
      followers.set(file, { error: 0, wake });
      tell(file);
    },
  };
}
