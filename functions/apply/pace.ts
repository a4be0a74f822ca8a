/**
 * Limits the size of one declare: smaller after the device was too slow, and larger again with
 * time. Pure.
 */
import { MAX_SCRIPT_LINES } from '../../shared/domain/plan/steps.ts';

/** The size limit of one declare, learnt from slow ones. */
export interface Pace {
  /** Maximum number of lines of AS3's script. */
  readonly most: number;
  /** Monotonic time of the last change. */
  readonly since: number;
}

/** Keeps the pace of one device for the lifetime of the process. */
export interface PaceKeeper {
  pace: Pace;
}

/** The minimum is about one exposure. */
const MIN_LINES = 5;
/**
 * A size that is still too large costs the device more than 30 s, so it is tried
 * rarely.
 */
const GROW_AFTER_MS = 60 * 60_000;

/** No limit was learnt yet. */
export const FULL_PACE: Pace = { most: MAX_SCRIPT_LINES, since: 0 };

/** A pace for one device; apply keeps it as long as the process lives. */
export function createPace(): PaceKeeper {
  return { pace: FULL_PACE };
}

/** An hour after the last change it is twice as much, up to the first figure. */
export function paceAt(pace: Pace, monotonic: number): Pace {
  return pace.most < MAX_SCRIPT_LINES && monotonic - pace.since >= GROW_AFTER_MS
    ? { most: Math.min(MAX_SCRIPT_LINES, pace.most * 2), since: monotonic }
    : pace;
}

/** A quarter of the size, from now on. */
export function slower({ most }: Pace, monotonic: number): Pace {
  return { most: Math.max(MIN_LINES, Math.floor(most / 4)), since: monotonic };
}
