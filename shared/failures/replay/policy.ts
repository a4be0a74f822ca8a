/** Selects the failures that a policy may replay, and schedules its next run. Pure. */
import type { ReplayPolicy } from '../../config/schema.ts';
import { CODES } from '../../domain/codes/index.ts';
import { isImported } from '../evidence.ts';
import type { FailureFilter } from '../filter.ts';
import { matchesFilter } from '../filter.ts';
import type { FailureHead } from '../port.ts';

const MINUTE_MS = 60_000;
/** The pause doubles with each failed run, up to a day. */
const LONGEST_PAUSE_MS = 24 * 60 * MINUTE_MS;

/** The filter of the policy as text, as in jobs of a person. */
export function policyFilter(
  { codes, classes, olderThanMinutes }: ReplayPolicy,
  now: number,
): FailureFilter {
  return {
    ...(codes === undefined ? {} : { code: codes }),
    ...(classes === undefined ? {} : { class: classes }),
    until: now - olderThanMinutes * MINUTE_MS,
  };
}

/**
 * Open (not archived or quarantined), retryable, below the maximum number of attempts, and received
 * by this installation rather than imported.
 */
export function isEligible(policy: ReplayPolicy, head: FailureHead, now: number): boolean {
  const passes = CODES[head.code]?.retryable ?? false;
  return (
    passes &&
    !isImported(head) &&
    matchesFilter(policyFilter(policy, now), head) &&
    (head.replays?.length ?? 0) < policy.atMost
  );
}

/** Milliseconds until the next run; doubled for each consecutive failed run. */
export function pauseAfter({ everyMinutes }: ReplayPolicy, misses: number): number {
  const every = everyMinutes * MINUTE_MS;
  return Math.max(every, Math.min(LONGEST_PAUSE_MS, every * 2 ** Math.min(misses, 20)));
}
