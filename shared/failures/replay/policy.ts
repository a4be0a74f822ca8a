/** Which failures a policy may send again, and when it takes its next turn. Pure. */
import type { ReplayPolicy } from '../../config/schema.ts';
import { CODES } from '../../domain/codes/index.ts';
import { isImported } from '../evidence.ts';
import type { FailureFilter } from '../filter.ts';
import { matchesFilter } from '../filter.ts';
import type { FailureHead } from '../port.ts';

const MINUTE = 60_000;
const LONGEST = 24 * 60 * MINUTE;

/** For people: a policy's job says what it selected by, as a person's does. */
export function policyFilter(
  { codes, classes, olderThanMinutes }: ReplayPolicy,
  now: number,
): FailureFilter {
  return {
    ...(codes === undefined ? {} : { code: codes }),
    ...(classes === undefined ? {} : { class: classes }),
    until: now - olderThanMinutes * MINUTE,
  };
}

/** Open (so neither archived nor quarantined), of a kind that may pass by itself, not tried too often already, and parked here: a bundle is for people. */
export function isEligible(policy: ReplayPolicy, head: FailureHead, now: number): boolean {
  const passes = CODES[head.code]?.retryable ?? false;
  return (
    passes &&
    !isImported(head) &&
    matchesFilter(policyFilter(policy, now), head) &&
    (head.replays?.length ?? 0) < policy.atMost
  );
}

/** Milliseconds to the next turn: twice as long after each one in a row that did not end well. */
export function pauseAfter({ everyMinutes }: ReplayPolicy, misses: number): number {
  const every = everyMinutes * MINUTE;
  return Math.max(every, Math.min(LONGEST, every * 2 ** Math.min(misses, 20)));
}
