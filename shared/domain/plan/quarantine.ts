/**
 * Quarantine: changes that the device refused are left out without asking again until their next
 * try, so that they cost the others nothing. There is no timer: the watcher's resync (every 5
 * minutes) brings the slice, and due changes are then tried.
 */
import { isDeviceFault } from '../codes/index.ts';
import type { PlanEntry } from './plan-entry.ts';
import { changeId } from './plan-entry.ts';
import type { PlanDraft } from './draft.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { Quarantined } from '../declared/owner-record.ts';

/**
 * Milliseconds until the next try, doubled each time. A device fault may end at any moment and is
 * not the owner's.
 */
const WAIT_MS = { first: 60_000, longest: 3_600_000, longestOfDevice: 300_000 } as const;

/** A refusal by the device. */
export interface DeviceRefusal {
  readonly code: string;
  readonly reason: string;
}

/** The next quarantine entry after a refusal, given the previous one. */
export function nextQuarantine(
  refused: Pick<PlanEntry, 'structure' | 'membersOnly'>,
  { code, reason }: DeviceRefusal,
  { before, now }: { readonly before: Quarantined | undefined; readonly now: number },
): Quarantined {
  const hash = refused.structure ?? '';
  const known = before?.hash === hash ? before : undefined;
  const tries = (known?.tries ?? 0) + 1;
  const longest = isDeviceFault(code) ? WAIT_MS.longestOfDevice : WAIT_MS.longest;
  const wait = Math.min(longest, WAIT_MS.first * 2 ** (tries - 1));
  const kept = refused.membersOnly === true || known?.members === 'kept';
  return {
    hash,
    code,
    reason,
    next: new Date(now + wait).toISOString(),
    tries,
    members: kept ? 'kept' : 'follow',
  };
}

/** The quarantine of an exposure of this owner; undefined if it is not in quarantine. */
export function quarantineEntry(
  state: DeclaredState,
  { owner, key }: Pick<PlanEntry, 'owner' | 'key'>,
): Quarantined | undefined {
  return state.owners[owner]?.quarantine?.[key];
}

/** `now` in milliseconds since 1970. */
export function isRetryDue(entry: Quarantined, now: number): boolean {
  const left = Date.parse(entry.next) - now;
  // No entry waits longer; a longer time was written by a clock that was ahead.
  return left <= 0 || left > WAIT_MS.longest;
}

/** The entry that keeps this configuration out; another configuration is tried at once. */
export function quarantineFor(
  draft: PlanDraft,
  change: Pick<PlanEntry, 'owner' | 'key'>,
  structure: string,
): Quarantined | undefined {
  const { refused, retry } = draft.rules;
  const id = changeId(change);
  const known =
    refused?.get(id) ??
    (retry?.has(id) ? undefined : draft.owners.get(change.owner)?.quarantine.get(change.key));
  return known?.hash === structure ? known : undefined;
}

/** The device's message with the number of tries and the time of the next one. */
export function quarantineReason({ reason, tries, next }: Quarantined): string {
  return (
    `${reason} (tried ${tries === 1 ? 'once' : `${tries} times`}; ` +
    `the next try is after ${next}, or when the exposure changes)`
  );
}
