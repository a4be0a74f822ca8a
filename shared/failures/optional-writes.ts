/**
 * Writes to the failure store that may be lost: a store that fails or does not answer neither stops
 * nor delays the work beside which they are made.
 */
import type { Runtime } from '../host/runtime.ts';
import { within } from '../runtime/shared-call.ts';
import { errorCode, errorMessage } from '../telemetry/errors.ts';

/** Resolves with whether it was written; never rejects. `about`: fields of the log line. */
export type WriteIfPossible = (
  about: Readonly<Record<string, string>>,
  work: () => Promise<void>,
) => Promise<boolean>;

/** Milliseconds without access after the store failed to answer. */
const REST_MS = 60_000;
/** Milliseconds; a function on AWS may have as few as 30 seconds. */
const PATIENCE_MS = 5_000;

/** `lost`: what it means for people. A dry run writes nothing. */
export function createOptionalWrites(
  { clock, log, dryRun }: Pick<Runtime, 'clock' | 'log' | 'dryRun'>,
  lost: string,
  patience = PATIENCE_MS,
): WriteIfPossible {
  let rest = Number.NEGATIVE_INFINITY;
  return async (about, work) => {
    if (dryRun === true || clock.monotonic() < rest) return false;
    try {
      await within(work(), patience, () => new Error(`no answer within ${patience} ms`));
      return true;
    } catch (error) {
      rest = clock.monotonic() + REST_MS;
      log.warn({ ...about, code: errorCode(error), error: errorMessage(error) }, lost);
      return false;
    }
  };
}
